//! Teachers of the built-in scenes: trained, interrupted, stored, damaged, imported.

mod files;
mod import;
mod training;

use std::{path::Path, time::Duration};

use burn::tensor::Device;

use super::{Keep, Recipe, Teacher, TeacherContext, TeacherError, train};
use crate::eval::{Plan, Schedule, TrainingProgress};
use compdd_core::{progress::Stop, subset::Subset};
use compdd_data::data::{Library, Task, TaskOptions};
use compdd_nn::{
    augment::{DsaConfig, Strategy},
    nn::{Network, NetworkSpec},
};

/// Scenes of 16 px: 40 images to learn from, 10 held out, 20 to test on.
fn task(subset: &str) -> Task {
    let options = TaskOptions {
        resolution: Some(16),
        heldout: 0.2,
        train_per_class: Some(5),
        test_per_class: Some(2),
        ..TaskOptions::default()
    };
    Task::load(&Subset::find(subset).unwrap(), &Library::empty(), &options).unwrap()
}

fn network(slug: &str) -> Network {
    NetworkSpec::parse(slug).unwrap().build(3, 16, 10).unwrap()
}

/// Four epochs of three minibatches, with flips.
fn recipe() -> Recipe {
    let (epochs, published) = (4, Recipe::default().plan);
    let strategy: Strategy = "flip".parse().unwrap();
    let augmentation = DsaConfig { strategy, ..DsaConfig::default() };
    let schedule = Schedule::Cosine { base: 0.02, total: epochs, zeta: 1.0 };
    Recipe {
        plan: Plan { epochs, batch: 16, schedule, augmentation: augmentation.into(), ..published },
        keep: Keep::Last,
        seed: 3,
    }
}

/// A training that is never asked to stop.
fn make(task: &Task, network: &Network, recipe: &Recipe, root: &Path) -> Result<Teacher, TeacherError> {
    let go = Stop::never();
    train(task, network, recipe, None, root, &TeacherContext::new(Device::flex(), &go))
}

/// Asks to stop at the end of an epoch.
struct StopAfter<'a>(usize, &'a Stop);

impl TrainingProgress for StopAfter<'_> {
    fn epoch(&self, _: usize, epoch: usize, _: usize, _: f64) {
        if epoch >= self.0 {
            self.1.request();
        }
    }
}

/// A training that is stopped after `epoch` epochs, with a checkpoint after every minibatch.
fn stopped(task: &Task, network: &Network, recipe: &Recipe, root: &Path, epoch: usize) -> TeacherError {
    let stop = Stop::never();
    let progress = StopAfter(epoch, &stop);
    let every = Duration::ZERO;
    let context = TeacherContext { progress: &progress, every, ..TeacherContext::new(Device::flex(), &stop) };
    train(task, network, recipe, None, root, &context).unwrap_err()
}

/// Every file below a folder, by its path there.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(contents(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            files.push((name, std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}
