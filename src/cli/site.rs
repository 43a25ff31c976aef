//! `compdd site`: the records as a static site.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{data::Library, record::Store, site::Site};

use super::{
    config::Config,
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
    /// Results folder; may be repeated [default: results]
    #[arg(long, env = "COMPDD_RESULTS", hide_env_values = true, value_name = "DIR")]
    results: Vec<PathBuf>,
    /// Folder of images, to show some of the subsets that it has; may be repeated. The pictures become part of the site
    #[arg(long, value_name = "PATH")]
    samples: Vec<PathBuf>,
}

impl SiteArgs {
    pub fn execute(self) -> Outcome {
        let folders = if self.results.is_empty() { vec![Config::read()?.results(None)] } else { self.results };
        let site = Site::read(folders.into_iter().map(Store::new).collect())?;
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
