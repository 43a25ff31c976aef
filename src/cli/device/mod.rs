//! `compdd device`: what is done with a device itself.

mod test;
mod warm;

use clap::Subcommand;

use super::ui::Outcome;

#[derive(Subcommand)]
pub enum DeviceCommand {
    /// Compare a device with the CPU: operations, steps of training, iterations of DM, DC and EDF
    Test(test::TestArgs),
    /// Compile and tune ahead what a run will ask of a GPU: the run itself at the smoke budget, its results thrown away
    Warm(Box<warm::WarmArgs>),
}

impl DeviceCommand {
    pub fn execute(self) -> Outcome {
        match self {
            Self::Test(args) => args.execute(),
            Self::Warm(args) => args.execute(),
        }
    }
}
