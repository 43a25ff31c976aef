//! `compdd data prepare`.

use std::process::ExitCode;

use clap::Args;
use compdd::{
    data::{Cache, ImageSet, Split, Task, TaskOptions},
    subset::Subset,
};

use super::super::{
    run::{DataArgs, PixelArgs},
    subset::say_notes,
    ui::{self, Outcome},
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd data prepare imagenette --data ~/imagenet
  compdd data prepare bird-easy bird-hard --res 128 --data /archives/imagenet

A run prepares what it lacks by itself; this is for doing it ahead, on another machine or at night. Interrupted, the same command
goes on.")]
pub struct PrepareArgs {
    /// Subsets: see `compdd subset list`
    #[arg(required = true, value_name = "SUBSET")]
    subsets: Vec<String>,
    #[command(flatten, next_help_heading = "Images")]
    pixels: PixelArgs,
    #[command(flatten, next_help_heading = "Places")]
    place: DataArgs,
}

impl PrepareArgs {
    pub fn execute(self) -> Outcome {
        let subsets: Vec<Subset> = self.subsets.iter().map(|name| Subset::find(name)).collect::<Result<_, _>>()?;
        let options = TaskOptions { zca: false, ..self.pixels.task() };
        let mut library = self.place.resolve()?;
        library.cache = library.cache.map(Cache::required);
        let mut rows = Vec::new();
        for subset in &subsets {
            say_notes(subset);
            let task = Task::load(subset, &library, &options)?;
            rows.push(row(subset, Split::Train, &task.train));
            rows.push(row(subset, Split::Test, &task.test));
        }
        ui::show(&ui::table(&["subset", "split", "images", "px", "size", "content"], &rows));
        Ok(ExitCode::SUCCESS)
    }
}

fn row(subset: &Subset, split: Split, images: &ImageSet) -> Vec<String> {
    vec![
        subset.id(),
        split.to_string(),
        images.len().to_string(),
        images.shape()[2].to_string(),
        ui::size(images.pixels().len() as u64),
        images.hash()[..16].to_owned(),
    ]
}
