//! `compdd plot iterations`.

use clap::Args;
use compdd::report::{iteration_chart, read};

use super::{super::ui::Outcome, ChartOut, choose::RecordArgs};

#[derive(Args)]
#[command(after_help = "Example:
  compdd plot iterations --subset cifar10 --ipc 10 --method dm,dsa --out iterations.svg

Accuracies come from results/curves (compdd run --curve), losses from results/logs.")]
pub struct IterationsArgs {
    #[command(flatten)]
    out: ChartOut,
    #[command(flatten)]
    records: RecordArgs,
}

impl IterationsArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let (store, records) = self.records.open()?;
            Ok(iteration_chart(&read::iterations(&store, &records)?)?)
        })
    }
}
