//! `compdd leaderboard`: the records, ranked.

use std::process::ExitCode;

use clap::Args;
use compdd::{board, report::grid::Format};

use super::{
    results::StoreArgs,
    ui::{self, Outcome},
};

#[derive(Args)]
pub struct LeaderboardArgs {
    #[command(flatten)]
    store: StoreArgs,
}

impl LeaderboardArgs {
    pub fn execute(self) -> Outcome {
        let store = self.store.open()?;
        let board = board::write(&store)?;
        ui::show(board.grid().write(Format::Term).trim_end());
        ui::say(&format!("{} rows in {}", board.entries.len(), store.leaderboard().display()));
        Ok(ExitCode::SUCCESS)
    }
}
