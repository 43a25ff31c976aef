//! Scoring a bundle that exists already: ours again, or an imported one.

use std::{path::PathBuf, time::Duration};

use super::{
    GivenLabels, Outcome, Places, RunError, ScoringOptions, WorkFolder, machine,
    options::{checks, protocol},
    score::{Scorer, TrainOn, soft_labels},
    teacher,
};
use crate::eval::EvalError;
use compdd_core::{
    progress::{Hooks, Progress, Stop},
    protocol::{Fit, Scoring},
    recipe::tiles,
    record::{Bundle, BundleRef, Cell, Distilled, Record, Store, hash, value_of},
    subset::Subset,
};
use compdd_data::data::{Decode, PixelSpace, ResizeMode, Task, TaskOptions};
use compdd_nn::nn::NetworkSpec;

/// The flags of `compdd eval`.
#[derive(Clone, Debug)]
pub struct RescoreOptions {
    /// The bundle's folder.
    pub bundle: PathBuf,
    /// Networks that score; the usual one of the bundle's resolution when empty.
    pub networks: Vec<String>,
    /// How it is scored.
    pub scoring: ScoringOptions,
    /// Soft labels of others, in place of a teacher.
    pub labels: Option<GivenLabels>,
    /// Leave damaged images out instead of stopping.
    pub skip_bad: bool,
    /// Built-in scenes only: training images a class.
    pub train_per_class: Option<usize>,
    /// Compute again what is there already.
    pub force: bool,
    /// Where everything is.
    pub places: Places,
}

/// Scores a bundle and stores one record a network. Everything about the images comes from the bundle.
///
/// # Errors
/// When the bundle is damaged, its subset is unknown here, or its images are not those of the subset's resolution.
pub fn rescore(options: &RescoreOptions, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Outcome>, RunError> {
    Rescoring::open(options, progress)?.score(progress, stop)
}

/// A bundle and the images that it is scored on, ready.
pub struct Rescoring<'a> {
    options: &'a RescoreOptions,
    /// What the bundle holds.
    pub set: Distilled,
    /// The images, in the pixel space of the set.
    pub task: Task,
    /// Each with the settings of the protocol for it.
    pub(super) networks: Vec<(NetworkSpec, Scoring)>,
}

impl<'a> Rescoring<'a> {
    /// Reads the bundle and loads the images.
    ///
    /// # Errors
    /// As [`rescore`].
    pub fn open(options: &'a RescoreOptions, progress: &dyn Progress) -> Result<Self, RunError> {
        let set = Bundle::read(&options.bundle)?;
        let subset = Subset::known(&set.subset)?;
        for note in &subset.notes {
            progress.note(&format!("note: {}: {note}", subset.id()));
        }
        let protocol = protocol(&options.scoring.protocol)?;
        let training = format!("--subset {}", subset.slug);
        checks(&options.scoring, protocol)?;
        match &options.labels {
            Some(labels) => labels.check(protocol)?,
            None => teacher::check(protocol, None, &options.scoring.teachers, &training)?,
        }
        let [channels, side, _] = set.image_shape();
        let mut networks = Vec::new();
        let usual = [Subset::network_at(side).to_owned()];
        for name in if options.networks.is_empty() { &usual[..] } else { &options.networks } {
            let spec = NetworkSpec::parse(name)?;
            spec.build(channels, side, subset.classes_len())?;
            let (classes, tiles) = (subset.classes.len(), tiles(&set.recipe));
            let fit = Fit { subset: &subset.slug, classes, ipc: Some(set.ipc), network: &spec.slug(), tiles };
            let scoring = protocol.fitted(options.scoring.budget, &fit).map_err(EvalError::from)?;
            networks.push((spec, scoring));
        }
        let task = task(&set, &subset, options)?;
        Ok(Self { options, set, task, networks })
    }

    /// The cell of the students of a network, with the content address of the teacher that they ask.
    pub(super) fn cell(&self, network: &NetworkSpec, store: &Store, teacher: Option<String>) -> Result<Cell, RunError> {
        let Self { options, set, task, .. } = self;
        let (scoring, protocol) = (&options.scoring, protocol(&options.scoring.protocol)?);
        Ok(Cell {
            method: set.method.clone(),
            subset: task.subset.id(),
            ipc: set.ipc,
            protocol: protocol.id.clone(),
            network: network.slug(),
            source: format!("bundle:{}", hash::short(&BundleRef::to(&options.bundle, store)?.data_hash)),
            resolution: task.resolution,
            budget: scoring.budget,
            fidelity: set.provenance.fidelity,
            recipe_hash: set.recipe_hash(),
            data_hash: hash::of(&(task.source.identity(), task.space.hash())),
            seed: scoring.seed,
            students: scoring.students.unwrap_or(protocol.scoring(scoring.budget).students),
            pruning: None,
            teacher,
        })
    }

    /// Trains and tests the students, and stores their records.
    ///
    /// # Errors
    /// When a student diverges, or a record cannot be stored.
    pub fn score(&self, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Outcome>, RunError> {
        let Self { options, set, task, networks } = self;
        let subset = &task.subset;
        let protocol = protocol(&options.scoring.protocol)?;
        let device = options.places.device.open()?;
        let teachers =
            teacher::Room { task, results: &options.places.results, device: &device, hooks: Hooks { progress, stop } }
                .open(&options.scoring.teachers)?;
        let store = Store::new(&options.places.results);
        let mut outcomes = Vec::new();
        for (network, scoring) in networks {
            let take_in = |labels: &GivenLabels| {
                let what = (set, subset.classes_len(), scoring);
                labels.take_in(what, &soft_labels(&store), &device.device, progress, stop)
            };
            let given = options.labels.as_ref().map(take_in).transpose()?;
            let teacher =
                given.as_ref().map_or_else(|| teacher::address(&teachers), |it| Some(it.card().teacher.clone()));
            let cell = self.cell(network, &store, teacher)?;
            let unfinished = store.root().join("unfinished").join(cell.id());
            if options.force || !store.exists(&cell) {
                let work = WorkFolder::open(&unfinished, options.force)?;
                let scorer = Scorer {
                    network: &cell.network,
                    called: "",
                    task,
                    protocol: scoring,
                    teachers: &teachers,
                    labels: soft_labels(&store),
                    given: given.as_ref(),
                    beginning: None,
                    checks: checks(&options.scoring, protocol)?,
                    device: &device.device,
                    checkpoints: Some((work.file("students"), Duration::from_mins(1))),
                    trace: None,
                    progress,
                    stop,
                };
                let (scores, spent) = scorer.score(&[TrainOn::Set(set)], cell.students, options.scoring.seed)?;
                let data = value_of(&task.source);
                let mut record = Record::new(cell.clone(), subset, scores, set.recipe.clone(), data)?;
                record.protocol = value_of(scoring);
                teacher::enter(&mut record, protocol, &teachers);
                record.keep_bundle(BundleRef::to(&options.bundle, &store)?, set);
                if let Some(reference) = store.reference(&record.cell)? {
                    record.recover_from(&reference);
                }
                let mut timing = machine::timing(&record.id, &device);
                timing.eval_seconds = vec![spent.wall.as_secs_f64()];
                timing.eval_processor_seconds = spent.processor_seconds();
                store.save(&record, Some(&timing))?;
                work.finish()?;
            } else {
                WorkFolder::tidy(&unfinished)?;
                progress.note(&format!("{}: the record exists (--force computes it again)", cell.network));
            }
            outcomes.push(Outcome { record: Record::read(&store.record_path(&cell))?, timing: store.timing(&cell)? });
        }
        Ok(outcomes)
    }
}

/// The test images, decoded as the bundle says and in the bundle's pixel space.
fn task(set: &Distilled, subset: &Subset, options: &RescoreOptions) -> Result<Task, RunError> {
    let [_, side, _] = set.image_shape();
    let decode: Decode = set
        .provenance
        .decode
        .clone()
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or(Decode { resolution: side, resize: ResizeMode::Squash, antialias: true });
    let task_options = TaskOptions {
        resolution: Some(side),
        resize: decode.resize,
        antialias: decode.antialias,
        skip_bad: options.skip_bad,
        train_per_class: options.train_per_class,
        ..TaskOptions::default()
    };
    let mut task = Task::load(subset, &options.places.data, &task_options)?;
    task.space = PixelSpace::from_record(&set.space, set.image_shape())?;
    Ok(task)
}
