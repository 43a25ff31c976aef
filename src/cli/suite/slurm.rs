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

What is done, failed or running is left out, so the same command submits what an earlier one did not finish; wait until that has left the queue.")]
pub struct SlurmArgs {
    #[command(flatten)]
    plan: PlanOf,
    /// Profile of the cluster (TOML): sbatch, setup, device, limit, `cells_per_task`, `tasks_per_array`, grace
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
            let scripts: Vec<String> = executor.arrays()?.into_iter().map(|array| array.script).collect();
            ui::show(scripts.join("\n").trim_end());
        } else {
            executor.submit()?.iter().for_each(|job| ui::show(job));
        }
        Ok(ExitCode::SUCCESS)
    }
}
