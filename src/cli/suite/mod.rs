//! `compdd suite`: many cells as one command.

mod board;
mod list;
mod plan;
mod rates;
mod run;
mod slurm;
mod status;
mod tidy;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{config::Config, ui, ui::Outcome};

#[derive(Subcommand)]
#[command(after_help = "Start with:  compdd suite run smoke --processes 2")]
pub enum SuiteCommand {
    /// List the suites and the plans below the results
    List(list::ListArgs),
    /// Write a suite's cells as a plan, and say what they cost before anything starts
    Plan(plan::PlanArgs),
    /// Compute the cells on this machine, one process a device; the same command continues
    Run(run::RunArgs),
    /// Submit the cells that are left to Slurm, as job arrays
    Slurm(slurm::SlurmArgs),
    /// Say how the cells stand
    Status(status::StatusArgs),
    /// Collect the results of a plan in one table, with a row for every cell that has none
    Collect(status::CollectArgs),
    /// Say how well the times of records predict those of others
    Rates(rates::RatesArgs),
    /// Open failed cells again
    Retry(tidy::RetryArgs),
    /// Remove everything that is known of a plan; records and bundles stay
    Clean(tidy::CleanArgs),
}

impl SuiteCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::List(args) => args.execute(),
            Self::Plan(args) => args.execute(),
            Self::Run(args) => args.execute(),
            Self::Slurm(args) => args.execute(),
            Self::Status(args) => args.execute(),
            Self::Collect(args) => args.execute(),
            Self::Rates(args) => args.execute(),
            Self::Retry(args) => args.execute(),
            Self::Clean(args) => args.execute(),
        }
    }
}

/// Which plan, and where its results are.
#[derive(Args)]
pub struct PlanOf {
    /// Suite (see `compdd suite list`), suite file (.toml), plan file (.jsonl), or id of a plan below the results
    #[arg(value_name = "SUITE")]
    suite: String,
    /// Where records, bundles and checkpoints are [default: results]
    #[arg(long, env = "COMPDD_RESULTS", hide_env_values = true, value_name = "DIR")]
    results: Option<PathBuf>,
}

impl PlanOf {
    /// The results folder.
    fn results(&self) -> Result<PathBuf, ui::Failure> {
        Ok(Config::read()?.results(self.results.clone()))
    }
}
