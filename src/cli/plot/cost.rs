//! `compdd plot cost`.

use clap::Args;
use compdd::report::{cost_chart, read};

use super::{super::ui::Outcome, ChartOut, choose::RecordArgs};

#[derive(Args)]
#[command(after_help = "Example:
  compdd plot cost --subset cifar10 --ipc 10 --out cost.svg")]
pub struct CostArgs {
    #[command(flatten)]
    out: ChartOut,
    /// Only what was timed on this device, such as cpu or the name of a GPU
    #[arg(long, value_name = "DEVICE")]
    timed_on: Option<String>,
    #[command(flatten)]
    records: RecordArgs,
}

impl CostArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let (store, records) = self.records.open()?;
            Ok(cost_chart(&read::cost(&records, |record| store.timing(&record.cell), self.timed_on.as_deref())?)?)
        })
    }
}
