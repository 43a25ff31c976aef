//! `compdd data make-scenes`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use compdd::{
    data::scenes::{self, Export, World},
    subset::Subset,
};

use super::super::ui::{self, Outcome};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd data make-scenes scenes --per-class 50
  compdd data make-scenes fake-imagenette --pass-for imagenette --res 128
  compdd run --method random --subset imagenette --ipc 1 --budget smoke --data fake-imagenette")]
pub struct MakeScenesArgs {
    /// Folder to make; it must not exist
    out: PathBuf,
    /// Small objects among decoys, instead of large ones
    #[arg(long)]
    hard: bool,
    /// Side of the pictures in pixels
    #[arg(long, default_value_t = 64, value_name = "PIXELS", value_parser = clap::value_parser!(u16).range(8..=1024))]
    res: u16,
    /// Training pictures a class
    #[arg(long, default_value_t = 100, value_name = "N")]
    per_class: usize,
    /// Test pictures a class
    #[arg(long, default_value_t = 20, value_name = "N")]
    test_per_class: usize,
    /// Name the class folders after the synsets of this subset of ten classes, so that the folder passes for it
    #[arg(long, value_name = "SUBSET")]
    pass_for: Option<String>,
    /// Seed of the pictures; 0 gives those of the built-in subsets
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl MakeScenesArgs {
    pub fn execute(self) -> Outcome {
        let subset = Subset::find(self.pass_for.as_deref().unwrap_or("scenes-easy"))?;
        let export = Export {
            world: World { hard: self.hard, seed: self.seed },
            side: usize::from(self.res),
            train: self.per_class,
            test: self.test_per_class,
            names: subset.classes.into_iter().map(|class| class.synset).collect(),
        };
        scenes::export(&self.out, &export)?;
        ui::show(&self.out.display().to_string());
        ui::say(&format!("10 classes, {} training and {} test pictures each", self.per_class, self.test_per_class));
        Ok(ExitCode::SUCCESS)
    }
}
