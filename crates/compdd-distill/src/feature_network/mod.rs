//! The feature network of a recipe (`feature_network`, `feature_epochs`, ...): trained on all training images, so that some of them can be chosen by what it
//! makes of them.
//!
//! Cells that differ in images per class, and methods that differ in how they choose, look at the same network: [`ensure`] trains it once, resumable, and
//! keeps it by content for whoever asks for it next. What may enter: what is trained, and where it is kept. What may not: how images are chosen.

mod error;
#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use burn::tensor::Device;
use serde::Serialize;

pub use error::FeatureNetworkError;

use crate::{
    eval::{Following, Plan, RealImages, Stages, Student, TrainingData as _, View},
    prune::Scoring,
};
use compdd_core::{
    files::{IoError, Lock},
    progress::Hooks,
    record::hash,
    rng::Stream,
};
use compdd_data::{
    data::Task,
    scores::{LossPass, ScoreTraining},
};
use compdd_nn::nn::{Network, NetworkSpec};

/// What this work is called while it goes on.
const STAGE: &str = "feature network";

/// Which network a method looks at, and how it is trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Demand {
    /// Its slug; none: the network of the run.
    pub network: Option<String>,
    /// Epochs on all training images.
    pub epochs: usize,
    /// Images of a minibatch.
    pub batch: usize,
    /// Learning rate.
    pub learning_rate: f32,
    /// Networks in whose training every word about every image is noted ([`Scoring`]); none: one network, of which only what it becomes counts.
    pub trials: Option<usize>,
}

impl Demand {
    /// The network, given that of the run.
    fn network(&self, run: &NetworkSpec) -> Result<NetworkSpec, FeatureNetworkError> {
        Ok(self.network.as_deref().map(NetworkSpec::parse).transpose()?.unwrap_or_else(|| run.clone()))
    }

    /// What a recipe calls it: `same` is the network of the run.
    pub fn named(slug: &str) -> Option<String> {
        (slug != "same").then(|| slug.to_owned())
    }
}

/// Where it is trained and kept. Nothing in here but the task changes a byte of it.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Folder of the files.
    pub root: &'a Path,
    /// The images.
    pub task: &'a Task,
    /// Where to compute.
    pub device: &'a Device,
    /// Who is told, and who may stop it.
    pub hooks: Hooks<'a>,
    /// Time between checkpoints.
    pub every: Duration,
}

/// A network after its training, with what was noted on the way.
#[derive(Clone, Debug)]
pub struct FeatureNetwork {
    network: Network,
    demand: Demand,
    seed: u64,
    /// State of the student, or of the scoring.
    state: Vec<u8>,
}

/// The feature network of a demand: found where it was kept, or trained now, at a cost that is announced. `run` is the seed of the run that asks. An
/// interrupted or killed call is continued by the next one, and the bytes are those of a call that was not; what another process is training is
/// waited for.
///
/// # Errors
/// [`FeatureNetworkError::Interrupted`] when it was stopped, [`FeatureNetworkError::Damaged`] with the file that is.
pub fn ensure(
    demand: &Demand,
    network: &NetworkSpec,
    run: u64,
    place: Place<'_>,
) -> Result<FeatureNetwork, FeatureNetworkError> {
    let Place { root, task, hooks, .. } = place;
    let [channels, _, side] = task.train.shape();
    let network = demand.network(network)?.build(channels, side, task.subset.classes_len())?;
    let seed = Stream::child_seed(run, "feature-network", 0);
    let wanted = FeatureNetwork { network, demand: demand.clone(), seed, state: Vec::new() };
    let name = wanted.name(task);
    let (path, unfinished) = (root.join(format!("{name}.safetensors")), root.join(format!("unfinished-{name}")));
    if let Some(found) = wanted.clone().found(&path, place)? {
        return Ok(found);
    }
    let lock: Lock = Lock::in_turn::<FeatureNetworkError>(&unfinished, &format!("feature network {name}"), hooks)?;
    let found = wanted.clone().found(&path, place)?;
    if found.is_none() {
        hooks.progress.note(&wanted.announcement(task, root));
        let saved = unfinished.join("state.safetensors");
        wanted.train(&saved, place)?;
        fs::rename(&saved, &path).map_err(IoError::at("keep", &path))?;
    }
    let ready = found.map_or_else(|| wanted.found(&path, place), |found| Ok(Some(found)))?;
    lock.clear(&unfinished)?;
    ready.ok_or_else(|| error::damaged(&path, &"it is gone"))
}

impl FeatureNetwork {
    /// `convnet-d3_cifar10_1f3a90cc`: the last part is that of a hash of all that decides the bytes.
    fn name(&self, task: &Task) -> String {
        let (network, images) = (self.network.spec().slug(), View::training(task).hash());
        let address =
            hash::of(&("compdd-feature-network 1", &network, &images, self.network.classes(), &self.demand, self.seed));
        format!("{network}_{}_{}", task.subset.slug, hash::short(&address))
    }

    fn announcement(&self, task: &Task, root: &Path) -> String {
        let networks = self.demand.trials.unwrap_or(1);
        let what = if networks == 1 { "network".to_owned() } else { format!("{networks} networks") };
        format!(
            "training the {what} that images are chosen by ({}): {} epochs of {} images; kept in {} for later runs",
            self.network.spec().slug(),
            networks * self.demand.epochs,
            task.training().len(),
            root.display()
        )
    }

    /// The same with what a file holds, if there is one.
    fn found(self, path: &Path, place: Place<'_>) -> Result<Option<Self>, FeatureNetworkError> {
        let state = match fs::read(path) {
            Ok(state) => state,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IoError::at("read", path)(error).into()),
        };
        let found = Self { state, ..self };
        let done = match found.demand.trials {
            None => found.student(place.task, place.device).map(drop),
            Some(_) => found.scoring(place.task, place.device).map(drop),
        };
        done.map_err(|reason| error::damaged(path, &reason))?;
        Ok(Some(found))
    }

    /// Trains from nothing, or from where a file stands, to the end, which the file then holds.
    fn train(&self, saved: &Path, place: Place<'_>) -> Result<(), FeatureNetworkError> {
        let Place { task, device, hooks, every, .. } = place;
        if self.demand.trials.is_some() {
            return Ok(self.fresh_scoring(task, device)?.finish(saved, STAGE, hooks)?);
        }
        let stages = Stages { progress: hooks.progress, name: |_| STAGE.to_owned(), of_what: "" };
        let saving = Some((PathBuf::from(saved), every));
        let following = Following { stop: hooks.stop, progress: &stages, saving };
        let images = RealImages::new(View::training(task), self.demand.learning_rate);
        self.fresh_student(device)?.train_followed(&images, &following)?;
        hooks.progress.end(STAGE, "");
        Ok(())
    }

    fn fresh_student(&self, device: &Device) -> Result<Student<'_>, FeatureNetworkError> {
        let Demand { epochs, batch, learning_rate, .. } = self.demand;
        let plan = Plan::on_real_images(epochs, batch, learning_rate)?;
        Ok(Student::new(&self.network, plan, self.seed, device))
    }

    fn fresh_scoring<'a>(&'a self, task: &'a Task, device: &'a Device) -> Result<Scoring<'a>, FeatureNetworkError> {
        let Demand { epochs, batch, learning_rate, trials, .. } = self.demand;
        let (network, trials) = (self.network.spec().slug(), trials.unwrap_or(1));
        let training =
            ScoreTraining { network, trials, epochs, learning_rate, batch, pass: LossPass::Train, seed: self.seed };
        Ok(Scoring::new(&self.network, View::training(task), training, device)?)
    }

    /// The network in eval mode, as it came out of its training.
    ///
    /// # Errors
    /// When it is of another task, or was trained to be asked by [`FeatureNetwork::scoring`].
    pub fn student(&self, task: &Task, device: &Device) -> Result<Student<'_>, FeatureNetworkError> {
        let images = RealImages::new(View::training(task), self.demand.learning_rate);
        let mut student = self.fresh_student(device)?;
        let is_ours = student.restore(&self.state, &images.hash())? && student.epochs_done() == self.demand.epochs;
        is_ours.then_some(student).ok_or(FeatureNetworkError::Other)
    }

    /// The networks, and what they said of the images.
    ///
    /// # Errors
    /// When they are of another task, or nothing was noted in their training.
    pub fn scoring<'a>(&'a self, task: &'a Task, device: &'a Device) -> Result<Scoring<'a>, FeatureNetworkError> {
        let mut scoring = self.fresh_scoring(task, device)?;
        scoring.restore(&self.state)?;
        if scoring.done() == scoring.epochs() { Ok(scoring) } else { Err(FeatureNetworkError::Other) }
    }
}
