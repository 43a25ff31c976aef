//! Training what a demand lacks: resumable, several experts side by side, the same bytes whatever happens.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use burn::tensor::Device;

use super::{
    Buffer, Demand, Epochs, ExpertEntry, ExpertError, Manifest, Precision,
    buffer::{self, Snapshots},
    checkpoint,
    curriculum::Order,
    difficulty::DifficultyScoring,
    expert::{Expert, ExpertTraining},
    leftovers,
};
use crate::eval::{self, InferenceOptions, TrainingProgress, View};
use crate::lanes::side_by_side;
use compdd_core::{
    files::{IoError, Lock, atomic},
    progress::{Interrupted, Stop},
    record::hash,
    rng::Stream,
};
use compdd_data::data::Task;
use compdd_nn::nn::{Network, Params};

/// Where and how experts are trained. Nothing in here changes a byte of them.
#[derive(Clone)]
pub struct ExpertContext<'a> {
    /// Where to compute.
    pub device: Device,
    /// Set from outside to stop; experts are saved first.
    pub stop: &'a Stop,
    /// Who hears about experts (as students) and their epochs.
    pub progress: &'a dyn TrainingProgress,
    /// Time between checkpoints inside an epoch.
    pub every: Duration,
    /// Experts trained at the same time.
    pub lanes: usize,
}

impl<'a> ExpertContext<'a> {
    /// One expert at a time, in silence, a checkpoint a minute.
    pub fn new(device: Device, stop: &'a Stop) -> Self {
        Self { device, stop, progress: &(), every: Duration::from_secs(60), lanes: 1 }
    }
}

/// The buffer below `root` that meets a demand already, if there is one.
///
/// # Errors
/// For a demand that cannot be met, and for a buffer that is damaged.
pub fn find(demand: &Demand, network: &Network, task: &Task, root: &Path) -> Result<Option<Buffer>, ExpertError> {
    let place = Place::new(demand, network, task, root)?;
    let buffer = find_at(demand, &place)?;
    if buffer.is_some()
        && place.unfinished().is_dir()
        && let Ok(_lock) = Lock::take(&place.folder)
    {
        leftovers::tidy(&place.folder, &place.unfinished())?;
    }
    Ok(buffer)
}

fn find_at(demand: &Demand, place: &Place) -> Result<Option<Buffer>, ExpertError> {
    let buffer = match Buffer::first(&place.folder, demand.experts) {
        Err(ExpertError::NotABuffer { .. }) => return Ok(None),
        other => other?,
    };
    if buffer.manifest().identity != place.manifest.identity {
        return Err(ExpertError::Identity { path: place.folder.clone() });
    }
    Ok((buffer.len() == demand.experts && buffer.check_epochs(&demand.epochs).is_ok()).then_some(buffer))
}

/// Trains what a demand lacks and opens the buffer below `root` that meets it, with exactly the experts demanded.
///
/// A buffer of the same training on the same images is extended: with experts, and, in single precision, with epochs from
/// its own nearest snapshots. An interrupted or killed call is continued by the next one, and the bytes are those of a call
/// that was not.
///
/// # Errors
/// [`ExpertError::Interrupted`] when `context.stop` was set, [`ExpertError::Lock`] when another process trains into the same
/// buffer, [`ExpertError::Diverged`], and whatever the demand or the disk has against it.
pub fn ensure(
    demand: &Demand,
    network: &Network,
    task: &Task,
    root: &Path,
    context: &ExpertContext<'_>,
) -> Result<Buffer, ExpertError> {
    let place = Place::new(demand, network, task, root)?;
    if let Some(buffer) = find_at(demand, &place)? {
        return Ok(buffer);
    }
    let _lock = Lock::take(&place.folder)?;
    let mut manifest = match Manifest::read(&place.folder) {
        Err(ExpertError::NotABuffer { .. }) => {
            place.manifest.write(&place.folder)?;
            place.manifest.clone()
        }
        other => other?,
    };
    manifest.experts.retain(|entry| place.folder.join(&entry.file).exists());
    let images = View::some(&task.train, &task.space, demand.training.images(task, demand.seed));
    let unfinished = place.unfinished();
    let order = match &demand.training.curriculum {
        None => None,
        Some(curriculum) => {
            let scoring = DifficultyScoring {
                network,
                training: &demand.training,
                images: &images,
                seed: demand.seed,
                device: &context.device,
                stop: context.stop,
                every: context.every,
            };
            let scores = scoring.scores(curriculum, &place.folder.join("difficulty.f32"), &unfinished)?;
            Some(Order::new((0..images.len()).map(|i| images.label(i)), &scores, network.classes()))
        }
    };
    let training = ExpertTraining {
        network,
        training: &demand.training,
        images: &images,
        order: order.as_ref(),
        device: &context.device,
    };
    let lacking = |i: usize| {
        let entry = manifest.experts.iter().find(|entry| entry.expert == i);
        entry.is_none_or(|entry| !demand.epochs.without(&entry.epochs).is_empty())
    };
    let work: Vec<usize> = (0..demand.experts).filter(|&i| lacking(i)).collect();
    let job = Job { demand, place: &place, training: &training, task, context, manifest: Mutex::new(manifest.clone()) };
    side_by_side(context.lanes, work.len(), |i| job.expert(work[i]))?;
    if unfinished.is_dir() {
        fs::remove_dir_all(&unfinished).map_err(IoError::at("remove", &unfinished))?;
    }
    let buffer = find_at(demand, &place)?;
    buffer.ok_or_else(|| ExpertError::MissingExpert { path: place.folder.clone(), expert: 0, stored: 0 })
}

/// Where a demand is met, and the manifest it begins with.
struct Place {
    folder: PathBuf,
    manifest: Manifest,
}

impl Place {
    fn new(demand: &Demand, network: &Network, task: &Task, root: &Path) -> Result<Self, ExpertError> {
        demand.validate()?;
        if !network.layout().buffers.is_empty() {
            return Err(ExpertError::RunningStatistics { network: network.spec().slug() });
        }
        let data = View::training(task).hash();
        let identity = demand.identity(network, &data);
        let slug = network.spec().slug();
        let manifest = Manifest {
            format: Manifest::FORMAT.to_owned(),
            version: Manifest::VERSION,
            network: slug.clone(),
            input: network.input(),
            classes: network.classes(),
            parameters: network.parameter_count(),
            subset: task.subset.id(),
            data: Some(data),
            pixel_space: task.space.name().to_owned(),
            pixel_space_hash: Some(task.space.hash()),
            training: Some(demand.training.clone()),
            precision: demand.precision,
            seed: Some(demand.seed),
            sources: Vec::new(),
            experts: Vec::new(),
            identity,
        };
        let folder = root.join(format!("{slug}-{}", hash::short(&manifest.identity)));
        Ok(Self { folder, manifest })
    }

    /// Rows and checkpoints of experts in training.
    fn unfinished(&self) -> PathBuf {
        self.folder.join("unfinished")
    }
}

/// The training of all experts that are lacking.
struct Job<'a> {
    demand: &'a Demand,
    place: &'a Place,
    training: &'a ExpertTraining<'a>,
    task: &'a Task,
    context: &'a ExpertContext<'a>,
    manifest: Mutex<Manifest>,
}

impl Job<'_> {
    /// Trains one expert through the epochs it lacks and writes its file.
    fn expert(&self, number: usize) -> Result<(), ExpertError> {
        let (folder, demand) = (&self.place.folder, self.demand);
        let manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let old = manifest
            .experts
            .iter()
            .find(|entry| entry.expert == number)
            .map(|entry| Snapshots::open(&folder.join(&entry.file), entry, manifest.parameters, manifest.precision))
            .transpose()?;
        let target = old.as_ref().map_or_else(|| demand.epochs.clone(), |old| demand.epochs.union(old.epochs()));
        let rows = Rows {
            folder: self.place.unfinished().join(format!("expert-{number:04}")),
            bytes: manifest.parameters * demand.precision.size(),
            precision: demand.precision,
            old,
        };
        self.context.progress.begins(number, target.last().unwrap_or(0));
        self.fill(number, &target, &rows)?;
        let name = buffer::file_name(number);
        let path = folder.join(&name);
        let mut entry =
            buffer::write(&path, number, &target, manifest.parameters, demand.precision, |epoch| rows.read(epoch))?;
        entry.heldout_accuracy = self.accuracy(&path, &entry)?;
        self.context.progress.ends(number, entry.heldout_accuracy);
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        manifest.put(entry);
        manifest.write(folder)?;
        drop(manifest);
        leftovers::remove(&rows.folder)?;
        Ok(())
    }

    /// Trains until every target epoch has a row. What lies between two known epochs is trained from the earlier one.
    fn fill(&self, number: usize, target: &Epochs, rows: &Rows) -> Result<(), ExpertError> {
        let lacking = |rows: &Rows| target.as_slice().iter().copied().find(|&epoch| !rows.has(epoch));
        let Some(mut next) = lacking(rows) else { return Ok(()) };
        let seed = Stream::child_seed(self.demand.seed, "expert", number as u64);
        let tag = format!("{} expert {number}", self.place.manifest.identity);
        let path = rows.folder.join("checkpoint.safetensors");
        let mut expert = Expert::new(self.training, number, seed);
        if checkpoint::load(&mut expert, &path, &tag)?
            && (expert.epoch > next || (expert.epoch == next && expert.batch > 0))
        {
            expert = Expert::new(self.training, number, seed);
        }
        let mut saved = Instant::now();
        loop {
            if let Some(start) = rows.start(next, target).filter(|start| *start > expert.epoch) {
                let values = rows
                    .values(start)
                    .ok_or_else(|| IoError::at("read", &rows.folder)(std::io::ErrorKind::NotFound.into()))?;
                expert = expert.at(start, values);
            }
            while expert.epoch < next {
                let loss = expert.train_epoch(|expert| {
                    let stopped = self.context.stop.is_requested();
                    if stopped || saved.elapsed() >= self.context.every {
                        checkpoint::save(expert, &path, &tag)?;
                        saved = Instant::now();
                    }
                    if stopped { Err(Interrupted.into()) } else { Ok(()) }
                })?;
                self.context.progress.epoch(number, expert.epoch, target.last().unwrap_or(0), loss);
            }
            rows.put(next, &expert.params)?;
            match lacking(rows) {
                Some(epoch) => next = epoch,
                None => return Ok(()),
            }
        }
    }

    /// Accuracy of the last stored snapshot on the held-out slice, where there is one.
    fn accuracy(&self, path: &Path, entry: &ExpertEntry) -> Result<Option<f64>, ExpertError> {
        let heldout = View::heldout(self.task);
        let network = self.training.network;
        let file = Snapshots::open(path, entry, network.parameter_count(), self.demand.precision)?;
        let Some(values) = entry.epochs.last().and_then(|epoch| file.row(epoch)).filter(|_| !heldout.is_empty()) else {
            return Ok(None);
        };
        let device = &self.context.device;
        let params = Expert::new(self.training, entry.expert, 0).at(0, values).params;
        let passes = InferenceOptions { device, batch: 256, stop: self.context.stop };
        Ok(Some(eval::accuracy(network, &params, &heldout, passes)?.fraction()))
    }
}

/// The snapshots of an expert in training: those of its old file, and rows of their own until the new file is written.
struct Rows {
    folder: PathBuf,
    bytes: usize,
    precision: Precision,
    old: Option<Snapshots>,
}

impl Rows {
    fn path(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("epoch-{epoch:06}.row"))
    }

    fn has(&self, epoch: usize) -> bool {
        self.old.as_ref().is_some_and(|old| old.epochs().contains(epoch))
            || fs::metadata(self.path(epoch)).is_ok_and(|row| row.len() == self.bytes as u64)
    }

    fn read(&self, epoch: usize) -> std::io::Result<Vec<u8>> {
        match self.old.as_ref().and_then(|old| old.bytes(epoch)) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => fs::read(self.path(epoch)),
        }
    }

    fn put(&self, epoch: usize, params: &Params) -> Result<(), ExpertError> {
        let path = self.path(epoch);
        let row = buffer::encode(&params.to_host(), self.precision);
        Ok(atomic::write(&path, &row).map_err(IoError::at("write", &path))?)
    }

    /// The nearest epoch before `next` from which training can go on exactly: a snapshot in single precision.
    fn start(&self, next: usize, target: &Epochs) -> Option<usize> {
        let exact = self.precision == Precision::F32;
        target.as_slice().iter().rev().copied().find(|&epoch| exact && epoch < next && self.has(epoch))
    }

    fn values(&self, epoch: usize) -> Option<Vec<f32>> {
        let bytes = self.read(epoch).ok()?;
        Some(bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect())
    }
}
