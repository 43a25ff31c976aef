//! `compdd complexity overlay`.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::report::{self, SheetFile};

use super::{
    super::ui::{self, Outcome},
    look::LookArgs,
};

#[derive(Args)]
#[command(after_help = "Example:
  compdd complexity overlay --teacher own --subset imagenette --data ~/imagenette --out sheet.png")]
pub struct OverlayArgs {
    /// Sheet to write
    #[arg(short, long, value_name = "FILE.png")]
    out: PathBuf,
    /// Images of each class: the first ones
    #[arg(long, default_value = "4", value_name = "N")]
    per_class: NonZeroUsize,
    /// Classes: the first ones
    #[arg(long, default_value = "40", value_name = "N")]
    classes: NonZeroUsize,
    #[command(flatten)]
    look: LookArgs,
}

impl OverlayArgs {
    pub fn execute(self) -> Outcome {
        let out = SheetFile::new(&self.out)?;
        let looking = self.look.open()?;
        let samples = looking.at(&looking.stream.first(self.per_class.get(), self.classes.get()))?;
        let note = format!("{}; κ at threshold {}", looking.note, looking.settings.thresholds[0]);
        out.write(&report::overlay_sheet(&samples, &note)?)?;
        ui::say(&format!("{}: {} images", self.out.display(), samples.len()));
        Ok(ExitCode::SUCCESS)
    }
}
