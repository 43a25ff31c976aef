//! `compdd submit`: look through a submission, and score it again.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use compdd::submit::{self, Level, Verdict, VerifyOptions};

use super::{
    progress::Bars,
    run::DataArgs,
    signals,
    ui::{self, Outcome},
};

#[derive(Subcommand)]
pub enum SubmitCommand {
    /// Look at every file of a submission and list all that is wrong; trains nothing
    Check {
        /// Folder with records/, bundles/ and submission.toml
        folder: PathBuf,
    },
    /// Score every bundle again with fresh seeds and compare with what is claimed
    Verify(Box<VerifyArgs>),
}

#[derive(Args)]
#[command(
    after_help = "Exit code 1 when a claim fails: Welch's 95 % interval of the difference excludes zero, and the difference is above
one point. The same command continues where it was interrupted."
)]
pub struct VerifyArgs {
    /// Folder with records/, bundles/ and submission.toml
    folder: PathBuf,
    /// Students of every record [default: as many as it has]
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// Root of the fresh seeds, to repeat a verification [default: drawn, and kept with the results]
    #[arg(long)]
    seed: Option<u64>,
    /// The teachers of records that were scored with any, separated by commas: their folders
    #[arg(long, value_delimiter = ',', value_name = "FOLDERS")]
    teacher: Vec<PathBuf>,
    /// Leave damaged test images out; the records list them
    #[arg(long)]
    skip_bad: bool,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    /// Where the new records go [default: verify-HASH, here]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// auto, cpu, cuda:N, wgpu:N or wgpu:cpu
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    #[command(flatten, next_help_heading = "Images")]
    data: DataArgs,
}

impl SubmitCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Check { folder } => check(&folder),
            Self::Verify(args) => args.execute(),
        }
    }
}

fn check(folder: &std::path::Path) -> Outcome {
    let report = submit::check(folder)?;
    report.findings.iter().for_each(|finding| ui::show(&finding.to_string()));
    let who = report.who.as_ref().map_or_else(|| "nobody".to_owned(), compdd::board::Submitter::shown);
    let (errors, warnings) = (report.count(Level::Error), report.count(Level::Warning));
    let (records, bundles) = (report.records, report.bundles);
    ui::say(&format!("{who}: {records} records, {bundles} bundles; {errors} errors, {warnings} warnings"));
    Ok(if report.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl VerifyArgs {
    fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let options = VerifyOptions {
            folder: self.folder,
            students: self.seeds,
            seed: self.seed,
            data: self.data.resolve()?,
            teachers: self.teacher,
            skip_bad: self.skip_bad,
            train_per_class: self.train_per_class,
            device: super::run::device(self.device)?,
            results: self.results,
        };
        let verdicts = submit::verify(&options, &Bars::new(), &stop)?;
        ui::show_grid(&submit::grid(&verdicts));
        let failed = verdicts.iter().filter(|verdict| !Verdict::holds(verdict)).count();
        ui::say(&format!("{} of {} claims hold", verdicts.len() - failed, verdicts.len()));
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
