//! Training a teacher: resumable, the same bytes whatever happens.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use burn::tensor::Device;

use super::{Card, Keep, Origin, Pixels, Recipe, Score, Teacher, TeacherError, card::CARD, unfinished::Unfinished};
use crate::eval::{self, InferenceOptions, RealImages, Student, TrainingHooks, TrainingProgress, View};
use compdd_core::{
    files::{IoError, atomic},
    progress::Stop,
    record::{hash, is_name},
};
use compdd_data::data::Task;
use compdd_nn::nn::{Network, Params};

/// Images of one forward pass when a teacher is scored; no effect on the result.
const SCORING: usize = 256;

/// Where and how a teacher is trained. Nothing in here changes a byte of it.
#[derive(Clone)]
pub struct TeacherContext<'a> {
    /// Where to compute.
    pub device: Device,
    /// Set from outside to stop; the state is saved first.
    pub stop: &'a Stop,
    /// Who hears about the epochs.
    pub progress: &'a dyn TrainingProgress,
    /// Time between checkpoints.
    pub every: Duration,
}

impl<'a> TeacherContext<'a> {
    /// In silence, a checkpoint a minute.
    pub fn new(device: Device, stop: &'a Stop) -> Self {
        Self { device, stop, progress: &(), every: Duration::from_secs(60) }
    }

    fn passes(&self) -> InferenceOptions<'_> {
        InferenceOptions { device: &self.device, batch: SCORING, stop: self.stop }
    }
}

/// The teacher below `root` that this training would make, if it is there already.
///
/// # Errors
/// [`TeacherError::Exists`] when another teacher has the name, and what [`Teacher::open`] has against the one that is there.
pub fn find(
    task: &Task,
    network: &Network,
    recipe: &Recipe,
    name: Option<&str>,
    root: &Path,
    device: &Device,
) -> Result<Option<Teacher>, TeacherError> {
    Job::new(task, network, recipe, name, root)?.finished(root, device)
}

/// Trains a teacher on the training images of a task that are not held out, and stores it below `root` as `name`, or as
/// `NETWORK-SUBSET-HASH`. One that is there already is opened.
///
/// An interrupted or killed call is continued by the next one, and the bytes are those of a call that was not.
///
/// # Errors
/// [`TeacherError::Interrupted`] when `context.stop` was set, [`TeacherError::Lock`] when another process trains the same,
/// [`TeacherError::Diverged`], [`TeacherError::Setting`], [`TeacherError::NoHeldOut`], [`TeacherError::Exists`].
pub fn train(
    task: &Task,
    network: &Network,
    recipe: &Recipe,
    name: Option<&str>,
    root: &Path,
    context: &TeacherContext<'_>,
) -> Result<Teacher, TeacherError> {
    let job = Job::new(task, network, recipe, name, root)?;
    if let Some(teacher) = job.finished(root, &context.device)? {
        return Ok(teacher);
    }
    let unfinished = Unfinished::take(root, &job.identity)?;
    if let Some(teacher) = existing(&job.folder, &job.identity, &context.device)? {
        unfinished.remove()?;
        return Ok(teacher);
    }
    let (params, epoch, train_loss) = job.fit(&unfinished, context)?;
    let card = job.card(&params, epoch, train_loss, context)?;
    let teacher = Teacher::write(&job.folder, network.clone(), params, card)?;
    unfinished.remove()?;
    Ok(teacher)
}

/// The teacher in `folder`, if there is one and it is the one with this identity.
pub(super) fn existing(folder: &Path, identity: &str, device: &Device) -> Result<Option<Teacher>, TeacherError> {
    if !folder.join(CARD).exists() {
        return Ok(None);
    }
    if Card::read(folder)?.identity != identity {
        return Err(TeacherError::Exists { path: folder.to_owned() });
    }
    Teacher::open(folder, device).map(Some)
}

/// Checks that a name can be a folder: letters, digits, `-`, `_`, `.` and `@`, beginning with a letter or a digit.
///
/// # Errors
/// [`TeacherError::Name`].
pub fn check_name(name: &str) -> Result<(), TeacherError> {
    if is_name(name, "-_.@") { Ok(()) } else { Err(TeacherError::Name { name: name.to_owned() }) }
}

/// The folder of a teacher, by the name that was given or by its own.
pub(super) fn folder(root: &Path, name: Option<&str>, own: String) -> Result<PathBuf, TeacherError> {
    name.map_or(Ok(()), check_name)?;
    Ok(root.join(name.map_or(own, str::to_owned)))
}

/// One training.
struct Job<'a> {
    task: &'a Task,
    network: &'a Network,
    recipe: &'a Recipe,
    data: String,
    identity: String,
    folder: PathBuf,
}

impl<'a> Job<'a> {
    fn new(
        task: &'a Task,
        network: &'a Network,
        recipe: &'a Recipe,
        name: Option<&str>,
        root: &Path,
    ) -> Result<Self, TeacherError> {
        recipe.validate()?;
        if recipe.keep == Keep::Best && task.heldout.is_empty() {
            return Err(TeacherError::NoHeldOut);
        }
        let (slug, data) = (network.spec().slug(), View::training(task).hash());
        let identity = hash::value(&serde_json::json!({
            "network": [slug, network.input(), network.classes()],
            "subset": task.subset.id(),
            "data": data,
            "recipe": recipe,
        }));
        let own = format!("{slug}-{}-{}", task.subset.slug, hash::short(&identity));
        let folder = folder(root, name, own)?;
        Ok(Self { task, network, recipe, data, identity, folder })
    }

    /// The teacher that this training would make, if it is there. What a kill right after it was written left goes here.
    fn finished(&self, root: &Path, device: &Device) -> Result<Option<Teacher>, TeacherError> {
        let teacher = existing(&self.folder, &self.identity, device)?;
        if teacher.is_some() {
            atomic::sweep(&self.folder).map_err(IoError::at("tidy", root))?;
            Unfinished::sweep(root, &self.identity)?;
        }
        Ok(teacher)
    }

    /// Trains to the end: the parameters that are kept, after which epoch, and the last training loss.
    fn fit(&self, unfinished: &Unfinished, context: &TeacherContext<'_>) -> Result<(Params, usize, f64), TeacherError> {
        let plan = &self.recipe.plan;
        let images = RealImages::new(View::training(self.task), plan.schedule.rate(0));
        let mut student = Student::new(self.network, plan.clone(), self.recipe.seed, &context.device);
        let checkpoint = unfinished.checkpoint();
        student.resume(&checkpoint, &self.identity)?;
        let heldout = View::heldout(self.task);
        let score = |params: &Params| eval::accuracy(self.network, params, &heldout, context.passes());
        let mut best = match self.recipe.keep {
            Keep::Last => None,
            Keep::Best => match unfinished.load_best(self.network, &context.device)? {
                Some((epoch, params)) => Some((score(&params)?, epoch, params)),
                None => None,
            },
        };
        context.progress.begins(0, plan.epochs);
        let mut watch = TrainingHooks::new(0, context.stop, context.progress);
        watch = watch.saving_to(&checkpoint, &self.identity, context.every);
        while student.epochs_done() < plan.epochs {
            student.train_epoch(&images, &mut watch)?;
            if self.recipe.keep == Keep::Last {
                continue;
            }
            let accuracy = score(student.params())?;
            if best.as_ref().is_none_or(|(highest, ..)| accuracy > *highest) {
                unfinished.keep_best(student.epochs_done(), student.params())?;
                best = Some((accuracy, student.epochs_done(), student.params().clone()));
            }
        }
        student.save(&checkpoint, &self.identity)?;
        let (params, epoch) = match best {
            Some((_, epoch, params)) => (params, epoch),
            None => (student.params().clone(), student.epochs_done()),
        };
        Ok((params, epoch, student.last_loss()))
    }

    fn card(
        &self,
        params: &Params,
        epoch: usize,
        train_loss: f64,
        context: &TeacherContext<'_>,
    ) -> Result<Card, TeacherError> {
        let (task, network) = (self.task, self.network);
        let score = |view: &View<'_>| -> Result<Option<Score>, TeacherError> {
            if view.is_empty() {
                return Ok(None);
            }
            let accuracy = eval::accuracy(network, params, view, context.passes())?;
            Ok(Some(Score { accuracy, images: view.len(), subset: task.subset.id(), data: view.hash() }))
        };
        let (heldout, test) = (score(&View::heldout(task))?, score(&View::test(task))?);
        let shown = heldout.as_ref().or(test.as_ref()).map(|score| score.accuracy.fraction());
        context.progress.ends(0, shown);
        Ok(Card {
            format: Card::FORMAT.to_owned(),
            version: Card::VERSION,
            compdd: env!("CARGO_PKG_VERSION").to_owned(),
            identity: self.identity.clone(),
            network: network.spec().slug(),
            input: network.input(),
            subset: task.subset.id(),
            classes: task.subset.classes.iter().map(|class| class.synset.clone()).collect(),
            decode: task.source.decode.clone(),
            pixels: Pixels::of(&task.space),
            origin: Origin::Trained {
                recipe: self.recipe.clone(),
                data: self.data.clone(),
                images: task.training().len(),
                epoch,
                train_loss,
            },
            stated: None,
            heldout,
            test,
            parameters: network.parameter_count(),
            bytes: 0,
            blake3: String::new(),
            notes: task.source.notes.clone(),
        })
    }
}
