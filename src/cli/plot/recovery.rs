//! `compdd plot recovery`.

use clap::Args;
use compdd::report::{read, recovery_chart};

use super::{super::ui::Outcome, ChartOut, choose::RecordArgs};

#[derive(Args)]
#[command(after_help = "Example:
  compdd plot recovery --ipc 10 --out recovery.svg

Both lists of a category need a record of the method and one of `full`.")]
pub struct RecoveryArgs {
    #[command(flatten)]
    out: ChartOut,
    #[command(flatten)]
    records: RecordArgs,
}

impl RecoveryArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let (_, records) = self.records.open()?;
            Ok(recovery_chart(&read::recovery(&records)?)?)
        })
    }
}
