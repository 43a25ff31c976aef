//! `compdd incremental`: students of stored sets that learn classes in steps.

use clap::Args;
use compdd::{
    report::incremental_grid,
    run::{self, IncrementalOptions},
};

use super::{
    progress::Bars,
    signals,
    students::{ReportArgs, StudentsArgs},
    ui::Outcome,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd incremental BUNDLE --steps 5,10
  compdd incremental EDC-BUNDLE RANDOM-BUNDLE --protocol kd-edc --teacher one,two --network resnet18-bn --format md --out steps.md

Every accuracy is kept below RESULTS/incremental: what is there is not measured again, and an interrupted call goes on.")]
pub struct IncrementalArgs {
    /// In how many steps the classes come, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "5,10", value_name = "STEPS")]
    steps: Vec<usize>,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    students: StudentsArgs,
}

impl IncrementalArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let options = IncrementalOptions { students: self.students.options()?, steps: self.steps };
        self.report.deliver(&run::incremental(&options, &Bars::new(), &stop)?, incremental_grid)
    }
}
