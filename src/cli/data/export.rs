//! `compdd data export`: the images of a subset for another tool.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use compdd::{
    data::{Task, TaskOptions},
    export::images::{self, Layout},
    subset::Subset,
};

use super::super::{
    run::{DataArgs, PixelArgs},
    subset::say_notes,
    ui::{self, Outcome},
};

#[derive(Clone, Copy, ValueEnum)]
enum LayoutArg {
    /// train/SYNSET/*.png and val/SYNSET/*.png
    Folder,
    /// train.npz and test.npz, bytes [n, 3, H, W]
    Npz,
    /// Shards of Hugging Face
    Parquet,
    /// Shards of tar
    Webdataset,
}

#[derive(Args)]
#[command(after_help = "Examples:
  compdd data export scenes-easy --format npz --output scenes
  compdd data export bird-hard --data ~/imagenet --format folder --output bird-hard

The images, their order, labels and split are those of a run with the same flags; compdd.json has their hashes.")]
pub struct ExportArgs {
    /// Subset: see `compdd subset list`
    subset: String,
    /// Layout to write
    #[arg(long, value_name = "LAYOUT")]
    format: LayoutArg,
    /// Folder to write
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Replace a folder that is there
    #[arg(long)]
    force: bool,
    /// Built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Images")]
    pixels: PixelArgs,
    #[command(flatten, next_help_heading = "Places")]
    place: DataArgs,
}

impl ExportArgs {
    pub fn execute(self) -> Outcome {
        let subset = Subset::find(&self.subset)?;
        say_notes(&subset);
        let options = TaskOptions { zca: false, train_per_class: self.train_per_class, ..self.pixels.task() };
        let task = Task::load(&subset, &self.place.resolve()?, &options)?;
        let layout = match self.format {
            LayoutArg::Folder => Layout::Folder,
            LayoutArg::Npz => Layout::Npz,
            LayoutArg::Parquet => Layout::Parquet,
            LayoutArg::Webdataset => Layout::WebDataset,
        };
        images::export(&task, &self.output, layout, self.force)?;
        ui::say(&format!("{} training and {} test images", task.train.len(), task.test.len()));
        ui::show(&self.output.display().to_string());
        Ok(ExitCode::SUCCESS)
    }
}
