//! `compdd leaderboard`: the records as one CSV.

use std::process::ExitCode;

use clap::Args;
use compdd::record::leaderboard;

use super::{
    results::{self, StoreArgs},
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
        let rows = leaderboard::write(&store)?;
        ui::show(&results::board(&rows));
        ui::say(&format!("{} rows in {}", rows.len(), store.leaderboard().display()));
        Ok(ExitCode::SUCCESS)
    }
}
