//! `compdd complexity plot`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::report::{self, ChartFile, ChartOptions};

use super::super::ui::{self, Outcome};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd complexity plot scores.parquet --out complexity.svg
  compdd complexity plot first.parquet second.parquet --threshold 0.5 --out two-teachers.png
  compdd complexity plot results/logs/edf/imagenette@1/edf_imagenette@1_ipc10_r128_paper_s0_0a1b2c3d.jsonl --by-class --out area.svg")]
pub struct PlotArgs {
    /// Files of scores (.parquet) or logs of runs (.jsonl)
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Picture to write
    #[arg(short, long, value_name = "FILE.svg|FILE.png")]
    out: PathBuf,
    /// Scores: thresholds, separated by commas [default: all of a file]
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    threshold: Vec<f32>,
    /// Logs: a curve for each of the first classes
    #[arg(long)]
    by_class: bool,
}

impl PlotArgs {
    pub fn execute(self) -> Outcome {
        let out = ChartFile::new(&self.out)?;
        let options = ChartOptions { thresholds: self.threshold, by_class: self.by_class };
        out.write(&report::chart(&self.files, &options)?)?;
        ui::say(&format!("{} written", self.out.display()));
        Ok(ExitCode::SUCCESS)
    }
}
