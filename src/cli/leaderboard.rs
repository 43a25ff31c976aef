//! `compdd leaderboard`: the records, ranked.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    board::{self, Board, Division, Filter, Submitter},
    report::grid::Format,
};

use super::{
    results::{QueryArgs, StoresArgs, warn_of},
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd leaderboard
  compdd leaderboard --subset cifar10 --ipc 10 --format md
  compdd leaderboard --results results --results submissions/their-lab --division closed --format html --out board.html

Without --format, --out and conditions, leaderboard.csv in the results folder is written as well, unless it is a submission.")]
pub struct LeaderboardArgs {
    #[command(flatten)]
    stores: StoresArgs,
    #[command(flatten)]
    query: QueryArgs,
    /// closed: only the method differs; open: something else does as well
    #[arg(long)]
    division: Option<Division>,
    /// md, latex, csv (all columns), html or term
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl LeaderboardArgs {
    pub fn execute(self) -> Outcome {
        let filter = Filter { query: self.query.into(), division: self.division };
        let stores = self.stores.open()?;
        if let ([store], None, None, true) = (stores.as_slice(), self.format, &self.out, filter == Filter::default())
            && Submitter::of(store)?.is_none()
        {
            let board = board::write(store)?;
            ui::show_grid(&board.grid());
            ui::say(&format!("{} rows in {}", board.entries.len(), store.leaderboard().display()));
            return Ok(ExitCode::SUCCESS);
        }
        let board = Board::open(&stores, &filter)?;
        warn_of(&board.aside);
        if (self.format, &self.out) == (None, &None) {
            ui::show_grid(&board.grid());
            return Ok(ExitCode::SUCCESS);
        }
        let text = board.table(self.format.unwrap_or_default());
        let outcome = ui::deliver(&text, self.out.as_deref())?;
        if let Some(path) = &self.out {
            ui::say(&format!("{} rows in {}", board.entries.len(), path.display()));
        }
        Ok(outcome)
    }
}
