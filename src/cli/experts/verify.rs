//! `compdd experts verify`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use compdd::{
    data::{Task, TaskOptions},
    eval::View,
    experts::{self, Buffer, Manifest},
    progress::Stop,
    run::Places,
    subset::Subset,
};
use miette::Diagnostic as _;

use super::{
    super::{
        signals,
        ui::{self, Outcome},
    },
    ShelfArgs, name, network,
};

#[derive(Args)]
pub struct VerifyArgs {
    /// Folders of the buffers [default: all]
    buffers: Vec<PathBuf>,
    /// Also measure the last snapshots on the test images
    #[arg(long)]
    deep: bool,
    /// With --deep, built-in scenes: training images a class
    #[arg(long, value_name = "N")]
    train_per_class: Option<usize>,
    #[command(flatten, next_help_heading = "Places")]
    shelf: ShelfArgs,
}

impl VerifyArgs {
    pub fn execute(self) -> Outcome {
        let (root, places) = self.shelf.resolve()?;
        let buffers = if self.buffers.is_empty() { experts::list(&root)? } else { self.buffers };
        let stop = signals::stop()?;
        let mut damaged = 0;
        let mut rows = Vec::new();
        for path in &buffers {
            let checked = Buffer::open(path).and_then(|buffer| buffer.verify(|_| ()).map(|()| buffer));
            let (word, accuracy) = match &checked {
                Ok(buffer) if self.deep => ("ok", accuracy(buffer, &places, self.train_per_class, &stop)?),
                Ok(_) => ("ok", String::new()),
                Err(error) => {
                    damaged += 1;
                    ui::say(&format!("{error}"));
                    if let Some(help) = error.help() {
                        ui::say(&format!("  help: {help}"));
                    }
                    ("DAMAGED", String::new())
                }
            };
            let experts = checked.map_or_else(|_| String::new(), |buffer| buffer.len().to_string());
            rows.push(vec![word.to_owned(), name(path), experts, accuracy]);
        }
        ui::show(&ui::table(&["", "buffer", "experts", "test accuracy of the last epoch"], &rows));
        if damaged == 0 {
            ui::say(&format!("{} buffers, all files are as they were written", buffers.len()));
            return Ok(ExitCode::SUCCESS);
        }
        ui::say(&format!("{damaged} of {} buffers are damaged", buffers.len()));
        Ok(ExitCode::FAILURE)
    }
}

/// Mean, lowest and highest accuracy of the experts.
fn accuracy(
    buffer: &Buffer,
    places: &Places,
    train_per_class: Option<usize>,
    stop: &Stop,
) -> Result<String, ui::Failure> {
    let manifest = buffer.manifest();
    let subset = Subset::find(&manifest.subset)?;
    let network = network(Some(&manifest.network), Some(manifest.input[2]), &subset)?;
    let zca = manifest.pixel_space == "zca";
    let options = TaskOptions { resolution: Some(manifest.input[2]), zca, train_per_class, ..TaskOptions::default() };
    let task = Task::load(&subset, &places.data, &options)?;
    say_differences(buffer.path(), manifest, &task);
    let device = places.device.open()?.device;
    let all = experts::last_accuracies(buffer, &network, &View::test(&task), &device, stop)?;
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    let [low, high] = [all.iter().copied().fold(1.0, f64::min), all.iter().copied().fold(0.0, f64::max)];
    Ok(format!("{:.2} % ({:.2} to {:.2})", mean * 100.0, low * 100.0, high * 100.0))
}

fn say_differences(path: &Path, manifest: &Manifest, task: &Task) {
    let space = task.space.hash();
    if manifest.pixel_space_hash.as_ref().is_some_and(|own| *own != space) {
        ui::say(&format!("note: {}: the experts were trained in another pixel space", name(path)));
    }
    let data = View::training(task).hash();
    if manifest.data.as_ref().is_some_and(|own| *own != data) {
        ui::say(&format!("note: {}: the experts were trained on other images than these", name(path)));
    }
}
