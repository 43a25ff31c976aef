//! `compdd prune harmless`.

use std::path::PathBuf;

use clap::Args;
use compdd::report::{ChartFile, grid::Format, harmless_grid, pruning_chart, read};

use super::super::{
    plot::RecordArgs,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd prune harmless --method dc --subset cifar10 --ipc 1 --network convnet-d3 --scored run
  compdd prune harmless --method dm --subset cifar10 --ipc 10 --format csv --out curve.csv --chart curve.svg

The records are those of `compdd run` with and without --prune, at several seeds; a suite with `prune = [...]` and `seed = [...]`
makes them all (docs/commands/prune.md has one).")]
pub struct HarmlessArgs {
    /// md, latex, csv, html or term
    #[arg(long, default_value = "term", value_name = "FORMAT")]
    format: Format,
    /// Write the table to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Draw the curves as well
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    chart: Option<PathBuf>,
    #[command(flatten)]
    records: RecordArgs,
}

impl HarmlessArgs {
    pub fn execute(self) -> Outcome {
        let chart = self.chart.as_deref().map(ChartFile::new).transpose()?;
        let (_, records) = self.records.open()?;
        let values = read::pruning(&records)?;
        if let Some(file) = chart {
            file.write(&pruning_chart(&values)?)?;
        }
        ui::deliver(&harmless_grid(&values).write(self.format), self.out.as_deref())
    }
}
