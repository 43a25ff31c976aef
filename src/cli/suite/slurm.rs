//! `compdd suite slurm`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    files::IoError,
    suite::{self, Filter, Profile, SlurmExecutor},
};

use super::PlanOf;
use crate::cli::{
    run::DataArgs,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd suite slurm comp-dd --profile cluster.toml --data /scratch/imagenet --dry-run
  compdd suite slurm comp-dd --profile cluster.toml --data /scratch/imagenet

What is done, failed, running or in the queue is left out, so the same command submits what an earlier one did not finish.")]
pub struct SlurmArgs {
    #[command(flatten)]
    plan: PlanOf,
    /// Profile of the cluster (TOML): sbatch, collect, setup, device, limit, `cells_per_task`, `tasks_per_array`, grace, restarts
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Only some cells: key=value, separated by commas, several values by |
    #[arg(long, default_value = "", hide_default_value = true, value_name = "FILTER")]
    only: String,
    /// Show the scripts, and submit none
    #[arg(long)]
    dry_run: bool,
    #[command(flatten, next_help_heading = "Images")]
    data: DataArgs,
}

impl SlurmArgs {
    pub fn execute(self) -> Outcome {
        let results = self.plan.results()?;
        let wanted = Filter::parse(&self.only)?;
        let profile = self.profile.as_deref().map(Profile::read).transpose()?.unwrap_or_default();
        let (plan, folder) = suite::planned(&self.plan.suite, &results)?;
        let mut flags = vec!["--results".into(), results.into_os_string()];
        flags.extend(self.data.flags());
        let program = std::env::current_exe().map_err(IoError::at("find", &PathBuf::from("compdd")))?;
        let executor =
            SlurmExecutor { program, flags, plan: &plan, folder: &folder, wanted: &wanted, profile: &profile };
        if self.dry_run {
            let scripts = executor.arrays()?.into_iter().map(|array| array.script).chain([executor.last()]);
            ui::show(scripts.collect::<Vec<_>>().join("\n").trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        let jobs = executor.submit()?;
        for job in &jobs {
            ui::show(job);
        }
        if jobs.is_empty() {
            ui::say("nothing is left to submit: `compdd suite status` says how the cells stand");
        }
        Ok(ExitCode::SUCCESS)
    }
}
