//! `compdd suite list`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::suite::{self, Folder, Plan, State, Status};

use crate::cli::{
    config::Config,
    ui::{self, Outcome},
};

#[derive(Args)]
pub struct ListArgs {
    /// Where records, bundles and checkpoints are [default: results]
    #[arg(long, env = "COMPDD_RESULTS", hide_env_values = true, value_name = "DIR")]
    results: Option<PathBuf>,
}

impl ListArgs {
    pub fn execute(self) -> Outcome {
        let results = Config::read()?.results(self.results);
        let suites = suite::built_in()?
            .into_iter()
            .map(|suite| Ok(vec![suite.name.clone(), Plan::of(&suite)?.len().to_string(), suite.summary]));
        let suites = suites.collect::<Result<Vec<_>, suite::SuiteError>>()?;
        ui::show(&ui::table(&["suite", "cells", "what it is for"], &suites));
        ui::show(
            "A published table is a suite too, by its id: `compdd suite plan edc:1`; `compdd table list` prints all ids.",
        );
        let plans = Folder::plans(&results)?.into_iter().map(|id| {
            let (plan, folder) = suite::open(&id, &results)?;
            let status = Status::of(&plan, &plan.entries()?, &folder)?;
            let counted = |wanted: fn(State) -> bool| status.count(wanted).to_string();
            let failed = counted(|state| matches!(state, State::Failed(_)));
            Ok(vec![id, plan.len().to_string(), counted(|state| state == State::Done), failed])
        });
        let plans = plans.collect::<Result<Vec<_>, suite::SuiteError>>()?;
        if !plans.is_empty() {
            ui::show(&format!("\n{}", ui::table(&["plan", "cells", "done", "failed"], &plans)));
        }
        Ok(ExitCode::SUCCESS)
    }
}
