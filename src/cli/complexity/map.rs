//! `compdd complexity map`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::report::{self, ChartFile, MapValues, ReportError};

use super::{
    super::ui::{self, Outcome},
    look::LookArgs,
};

#[derive(Args)]
#[command(after_help = "Example:
  compdd complexity map --teacher resnet18 --subset imagenette --data /imagenet \\
    --image n01440764/n01440764_10026.JPEG --grid image --out histogram.svg")]
pub struct MapArgs {
    /// Picture to write
    #[arg(short, long, value_name = "FILE.svg|FILE.png")]
    out: PathBuf,
    /// The image, by the name that a file of scores has for it, with or without its class before it
    #[arg(long, value_name = "NAME")]
    image: String,
    #[command(flatten)]
    look: LookArgs,
}

impl MapArgs {
    pub fn execute(self) -> Outcome {
        let out = ChartFile::new(&self.out)?;
        let looking = self.look.open()?;
        let slot = looking.stream.find(&self.image).ok_or_else(|| ReportError::NoImage {
            image: self.image.clone(),
            among: format!("{} ({})", looking.stream.subset().unwrap_or("all classes"), looking.stream.split()),
        })?;
        for sample in looking.at(&[slot])? {
            let map = MapValues {
                cells: &sample.cells,
                threshold: looking.settings.thresholds[0],
                comparison: looking.settings.comparison,
                note: format!("{}, {}; {}", sample.label, sample.file, looking.note),
            };
            out.write(&report::map_histogram(&map)?)?;
            ui::say(&format!("{} written", self.out.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
