//! `compdd plot ipc`.

use clap::Args;
use compdd::report::{ipc_chart, read};

use super::{super::ui::Outcome, ChartOut, choose::RecordArgs};

#[derive(Args)]
#[command(after_help = "Example:
  compdd plot ipc --subset cifar10 --network convnet-d3 --published --out ipc.svg")]
pub struct IpcArgs {
    #[command(flatten)]
    out: ChartOut,
    /// What papers print as hollow markers
    #[arg(long)]
    published: bool,
    #[command(flatten)]
    records: RecordArgs,
}

impl IpcArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let (_, records) = self.records.open()?;
            Ok(ipc_chart(&read::accuracy_over_ipc(&records)?, self.published)?)
        })
    }
}
