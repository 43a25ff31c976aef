//! `compdd plot ablation`.

use clap::Args;
use compdd::report::{ablation_chart, read};

use super::{super::ui::Outcome, ChartOut, choose::RecordArgs};

#[derive(Args)]
#[command(after_help = "Example:
  compdd plot ablation --method edf --subset imagenette --ipc 1 --by enhance,cam_network --out ablation.svg")]
pub struct AblationArgs {
    #[command(flatten)]
    out: ChartOut,
    /// What differs, separated by commas: keys of the recipe, or method, subset, ipc, network, ...
    #[arg(long, required = true, value_delimiter = ',', value_name = "KEYS")]
    by: Vec<String>,
    /// Keys of the recipe that may differ too, because they follow from the others
    #[arg(long, value_delimiter = ',', value_name = "KEYS")]
    besides: Vec<String>,
    #[command(flatten)]
    records: RecordArgs,
}

impl AblationArgs {
    pub fn execute(self) -> Outcome {
        self.out.write(|| {
            let (_, records) = self.records.open()?;
            Ok(ablation_chart(&read::ablation(&records, &self.by, &self.besides)?)?)
        })
    }
}
