//! `compdd site`: the records as a static site.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{data::Library, site::Site};

use super::{
    results::{StoresArgs, warn_of},
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd site --out site
  compdd site --results results --results submissions/alice --out /srv/www/compdd

The folder needs no server: it can be opened from a file share. An older site there is replaced as a whole.")]
pub struct SiteArgs {
    /// Folder to make
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    stores: StoresArgs,
    /// Folder of images, to show some of the subsets that it has; may be repeated. The pictures become part of the site
    #[arg(long, value_name = "PATH")]
    samples: Vec<PathBuf>,
}

impl SiteArgs {
    pub fn execute(self) -> Outcome {
        let site = Site::read(&self.stores.open()?)?;
        warn_of(site.aside());
        let built = site.write(&self.out, &Library::new(self.samples))?;
        ui::say(&format!(
            "{} records, {} methods, {} subsets, {} tables and {} plots in {}",
            built.records,
            built.methods,
            built.subsets,
            built.tables,
            built.plots,
            self.out.join("index.html").display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}
