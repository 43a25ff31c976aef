//! `compdd suite retry` and `compdd suite clean`.

use std::process::ExitCode;

use clap::Args;
use compdd::suite::{self, Filter};

use super::PlanOf;
use crate::cli::ui::{self, Outcome};

#[derive(Args)]
pub struct RetryArgs {
    #[command(flatten)]
    plan: PlanOf,
    /// Only some cells: key=value, separated by commas, several values by |
    #[arg(long, default_value = "", hide_default_value = true, value_name = "FILTER")]
    only: String,
}

impl RetryArgs {
    pub fn execute(self) -> Outcome {
        let (plan, folder) = suite::open(&self.plan.suite, &self.plan.results()?)?;
        let opened = suite::retry(&plan, &folder, &Filter::parse(&self.only)?)?;
        ui::say(&format!("{opened} failed cells are open again"));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub struct CleanArgs {
    #[command(flatten)]
    plan: PlanOf,
}

impl CleanArgs {
    pub fn execute(self) -> Outcome {
        let (plan, folder) = suite::open(&self.plan.suite, &self.plan.results()?)?;
        suite::clean(&plan, &folder)?;
        ui::say(&format!("removed: {}", folder.path().display()));
        Ok(ExitCode::SUCCESS)
    }
}
