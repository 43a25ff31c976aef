//! Students of stored sets that are asked more than their accuracy: what such commands share.

use std::{path::PathBuf, time::Duration};

use burn::tensor::Device;

use super::{
    Places, RescoreOptions, Rescoring, RunError, ScoringOptions,
    score::{Scorer, soft_labels},
    teacher,
};
use crate::teachers::TeacherLogits;
use compdd_core::{
    progress::{Hooks, Progress, Stop},
    protocol::Scoring,
    record::{Cell, Store},
};
use compdd_data::data::Task;
use compdd_nn::nn::Network;

/// Whose students are trained, and how.
#[derive(Clone, Debug)]
pub struct StudentsOptions {
    /// Folders of the sets.
    pub bundles: Vec<PathBuf>,
    /// Their networks; the usual one of a set's resolution when empty.
    pub networks: Vec<String>,
    /// How they are trained.
    pub scoring: ScoringOptions,
    /// Leave damaged images out instead of stopping.
    pub skip_bad: bool,
    /// Built-in scenes only: training images a class.
    pub train_per_class: Option<usize>,
    /// Where everything is.
    pub places: Places,
}

/// A set with everything that the students of one network on it need.
pub(super) struct Ground<'a> {
    pub rescoring: &'a Rescoring<'a>,
    pub task: &'a Task,
    pub network: Network,
    pub scoring: &'a Scoring,
    /// That of their record.
    pub cell: Cell,
    pub seeds: Vec<u64>,
    pub teachers: &'a [TeacherLogits],
    pub device: &'a Device,
    pub store: &'a Store,
}

impl Ground<'_> {
    /// Trains them, with their checkpoints below a folder.
    pub fn scorer<'s>(
        &'s self,
        called: &'s str,
        folder: PathBuf,
        progress: &'s dyn Progress,
        stop: &'s Stop,
    ) -> Scorer<'s> {
        Scorer {
            network: &self.cell.network,
            called,
            task: self.task,
            protocol: self.scoring,
            teachers: self.teachers,
            labels: soft_labels(self.store),
            given: None,
            beginning: None,
            checks: None,
            device: self.device,
            checkpoints: Some((folder, Duration::from_mins(1))),
            trace: None,
            progress,
            stop,
        }
    }
}

impl StudentsOptions {
    /// What `with` makes of every set and network, set by set.
    pub(super) fn each<T>(
        &self,
        progress: &dyn Progress,
        stop: &Stop,
        mut with: impl FnMut(&Ground<'_>) -> Result<T, RunError>,
    ) -> Result<Vec<T>, RunError> {
        if self.scoring.checks {
            let reason = "students are asked after their last epoch";
            return Err(RunError::flag("--checks", &"", reason, "leave it out"));
        }
        let (device, store) = (self.places.device.open()?, Store::new(&self.places.results));
        let mut all = Vec::new();
        for bundle in &self.bundles {
            let scored = RescoreOptions {
                bundle: bundle.clone(),
                networks: self.networks.clone(),
                scoring: self.scoring.clone(),
                labels: None,
                skip_bad: self.skip_bad,
                train_per_class: self.train_per_class,
                force: false,
                places: self.places.clone(),
            };
            let rescoring = Rescoring::open(&scored, progress)?;
            let task = &rescoring.task;
            let teachers =
                teacher::Room { task, results: &self.places.results, device: &device, hooks: Hooks { progress, stop } }
                    .open(&self.scoring.teachers)?;
            let [channels, _, side] = task.test.shape();
            for (network, scoring) in &rescoring.networks {
                let cell = rescoring.cell(network, &store, teacher::address(&teachers))?;
                all.push(with(&Ground {
                    rescoring: &rescoring,
                    task,
                    network: network.build(channels, side, task.subset.classes_len())?,
                    scoring,
                    seeds: Scoring::seeds(cell.seed, cell.students),
                    cell,
                    teachers: &teachers,
                    device: &device.device,
                    store: &store,
                })?);
            }
        }
        Ok(all)
    }
}
