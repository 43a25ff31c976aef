//! `compdd slim`: networks that lose channels with nothing but a stored set at hand.

use std::path::PathBuf;

use clap::Args;
use compdd::{
    pruning::Share,
    report::slimming_grid,
    run::{self, SlimOptions},
};

use super::{
    progress::Bars,
    signals,
    students::{ReportArgs, StudentsArgs},
    teacher,
    ui::Outcome,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd slim EDC-BUNDLE RANDOM-BUNDLE --network vgg11-bn --start trained --data ~/data/cifar10
  compdd slim BUNDLE --network vgg11-bn --shares 0.5,0.7 --penalty 1e-3 --format md --out slimming.md

Every accuracy is kept below RESULTS/slimming: what is there is not measured again, and an interrupted call goes on.")]
pub struct SlimArgs {
    /// The trained network that students begin as: a teacher, by its name below RESULTS/teachers or its folder [default: fresh parameters]
    #[arg(long, value_name = "NAME")]
    start: Option<PathBuf>,
    /// Shares of the channels that go, separated by commas, each from the whole network
    #[arg(long, value_delimiter = ',', default_value = "0.1,0.2,0.3,0.4,0.5", value_name = "SHARES")]
    shares: Vec<Share>,
    /// Weight of the L1 norm of the scales of batch norm while channels are weighed
    #[arg(long, default_value_t = 1e-4, value_name = "WEIGHT")]
    penalty: f32,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    students: StudentsArgs,
}

impl SlimArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let students = self.students.options()?;
        let root = students.places.results.join("teachers");
        let start = self.start.map(|name| teacher::place(&root, &name));
        let options = SlimOptions { students, start, shares: self.shares, penalty: self.penalty };
        self.report.deliver(&run::slim(&options, &Bars::new(), &stop)?, slimming_grid)
    }
}
