//! `compdd cell`: one cell of a plan.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    progress::Hooks,
    suite::{
        self, Folder, Plan, SuiteError,
        task::{Ended, Worker},
    },
};

use super::{
    progress::Bars,
    run::PlaceArgs,
    signals,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd cell results/suites/smoke-0f1e2d3c/plan.jsonl --index 7
  seq 0 17 | xargs -P 4 -I{} compdd cell PLAN --index {}

Exit codes: 0 the cell is done, 1 it failed, 75 another process works on it (with --no-wait), 130 it was stopped and its state is saved.")]
pub struct CellArgs {
    /// File of the plan, as `compdd suite plan` wrote it
    plan: PathBuf,
    /// Number of the cell, from 0
    #[arg(long, value_name = "N")]
    index: usize,
    /// End with code 75 where another process works on the cell or on what it needs
    #[arg(long)]
    no_wait: bool,
    #[command(flatten, next_help_heading = "Places")]
    place: PlaceArgs,
}

impl CellArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let places = self.place.resolve()?;
        let plan = Plan::read(&self.plan)?;
        let folder = Folder::new(&places.results, &plan.id());
        let bars = Bars::new();
        let hooks = Hooks { progress: &bars, stop: &stop };
        let worker = Worker { plan: &plan, folder: &folder, places: &places, patient: !self.no_wait, hooks };
        match worker.run(self.index) {
            Ok(Ended::Computed) => ui::say(&format!("cell {} is done", self.index)),
            Ok(Ended::WasThere) => ui::say(&format!("cell {} was done already", self.index)),
            Err(error @ SuiteError::NotNow { .. }) => {
                ui::say(&format!("not now: {error}"));
                return Ok(ExitCode::from(suite::NOT_NOW));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
