//! `compdd device warm`: the kernels of a run, compiled and tuned before it.

use clap::Args;
use compdd::{files::IoError, progress::Progress as _, record::Budget, run};

use super::super::{progress::Bars, run::RunArgs, signals, ui::Outcome};

#[derive(Args)]
#[command(after_help = "Example:
  compdd device warm --method dm --subset imagenette --ipc 10 --data ~/imagenet --device cuda:0")]
pub struct WarmArgs {
    /// The run: the same flags
    #[command(flatten)]
    run: RunArgs,
}

impl WarmArgs {
    /// Runs the cell at the smoke budget with one student, away from the results. What it compiles stays in the user's cache.
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let aside = tempfile::tempdir().map_err(IoError::at("create a folder in", &std::env::temp_dir()))?;
        let mut options = self.run.options()?;
        aside.path().clone_into(&mut options.places.results);
        options.scoring.budget = Budget::Smoke;
        options.scoring.students = Some(1);
        let progress = Bars::new();
        run::execute(&options.check()?, &progress, &stop)?;
        progress.note(
            "the kernels of this run are compiled; what they were not tuned for yet is tuned when it first comes",
        );
        Ok(std::process::ExitCode::SUCCESS)
    }
}
