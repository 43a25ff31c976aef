//! `compdd plot gallery`.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::report::{self, SheetFile};

use super::super::ui::{self, Outcome};

#[derive(Args)]
#[command(after_help = "Example:
  compdd plot gallery results/bundles/{dm,edf}/*/*.bundle --out gallery.png")]
pub struct GalleryArgs {
    /// Bundles: they stand beside each other
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// Sheet to write
    #[arg(short, long, value_name = "FILE.png")]
    out: PathBuf,
    /// Images of each class: the first ones
    #[arg(long, default_value = "5", value_name = "N")]
    per_class: NonZeroUsize,
    /// Classes: the first ones
    #[arg(long, default_value = "20", value_name = "N")]
    classes: NonZeroUsize,
}

impl GalleryArgs {
    pub fn execute(self) -> Outcome {
        let out = SheetFile::new(&self.out)?;
        out.write(&report::bundle_gallery(&self.bundles, self.per_class.get(), self.classes.get())?)?;
        ui::say(&format!("{} written", self.out.display()));
        Ok(ExitCode::SUCCESS)
    }
}
