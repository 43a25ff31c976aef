//! `compdd plot networks`.

use clap::Args;
use compdd::report::{network_chart, read};

use super::{super::ui::Outcome, ChartOut, choose::RecordArgs};

#[derive(Args)]
#[command(after_help = "Example:
  compdd plot networks --subset imagenette --ipc 10 --out networks.svg")]
pub struct NetworksArgs {
    #[command(flatten)]
    out: ChartOut,
    #[command(flatten)]
    records: RecordArgs,
}

impl NetworksArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let (_, records) = self.records.open()?;
            Ok(network_chart(&read::across_networks(&records)?)?)
        })
    }
}
