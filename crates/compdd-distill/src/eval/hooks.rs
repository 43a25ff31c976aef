//! How the outside follows, stops and saves a student.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use compdd_core::progress::{Interrupted, Progress, Stop};

use super::{EvalError, Student};

/// What a caller may want to hear, from any thread.
pub trait TrainingProgress: Sync {
    /// A student starts, or goes on from a checkpoint, with `of` epochs in all.
    fn begins(&self, student: usize, of: usize) {
        let _ = (student, of);
    }

    /// Student number `student` has finished `epoch` of `of` epochs with this mean training loss. Of all epochs, in order; on another device
    /// than the CPU some at a time.
    fn epoch(&self, student: usize, epoch: usize, of: usize, loss: f64) {
        let _ = (student, epoch, of, loss);
    }

    /// Student number `student` is done and has been scored, if it is scored at all.
    fn ends(&self, student: usize, accuracy: Option<f64>) {
        let _ = (student, accuracy);
    }
}

/// Hears nothing.
impl TrainingProgress for () {}

/// Shows every training as a stage of a [`Progress`].
pub struct Stages<'a, N> {
    /// Who is told.
    pub progress: &'a dyn Progress,
    /// The name of the stage of a training, by its number.
    pub name: N,
    /// What is written behind an accuracy in percent: ` held out`.
    pub of_what: &'static str,
}

impl<N: Fn(usize) -> String + Sync> TrainingProgress for Stages<'_, N> {
    fn begins(&self, student: usize, of: usize) {
        self.progress.begin(&(self.name)(student), of);
    }

    fn epoch(&self, student: usize, epoch: usize, _: usize, loss: f64) {
        self.progress.advance(&(self.name)(student), epoch, &format!("loss {loss:.4}"));
    }

    fn ends(&self, student: usize, accuracy: Option<f64>) {
        let shown = accuracy.map(|accuracy| format!("{:.2} %{}", 100.0 * accuracy, self.of_what));
        self.progress.end(&(self.name)(student), &shown.unwrap_or_default());
    }
}

/// How one training is followed, stopped and saved.
#[derive(Clone)]
pub struct Following<'a> {
    /// Set from outside to stop.
    pub stop: &'a Stop,
    /// Who hears about epochs.
    pub progress: &'a dyn TrainingProgress,
    /// A file from which an interrupted training goes on, and how often it is written.
    pub saving: Option<(PathBuf, Duration)>,
}

impl<'a> Following<'a> {
    /// Nobody listens, nothing is saved.
    pub fn silent(stop: &'a Stop) -> Self {
        Self { stop, progress: &(), saving: None }
    }
}

/// A file that follows a student by time.
#[derive(Clone, Debug)]
struct Saving {
    path: PathBuf,
    tag: String,
    every: Duration,
    last: Instant,
}

/// The eyes on one student.
pub struct TrainingHooks<'a> {
    student: usize,
    stop: &'a Stop,
    progress: &'a dyn TrainingProgress,
    saving: Option<Saving>,
    looking: Option<Look<'a>>,
}

/// Is shown a student after every epoch.
pub(super) type Look<'a> = &'a mut dyn FnMut(&Student<'_>) -> Result<(), EvalError>;

impl<'a> TrainingHooks<'a> {
    /// Follows student number `student`; training ends with [`EvalError::Interrupted`] once `stop` is set.
    pub fn new(student: usize, stop: &'a Stop, progress: &'a dyn TrainingProgress) -> Self {
        Self { student, stop, progress, saving: None, looking: None }
    }

    /// Also saves the student to `path`, whenever `every` has passed and when training is stopped. `tag` names the
    /// training data, as in [`Student::save`].
    #[must_use]
    pub fn saving_to(mut self, path: &Path, tag: &str, every: Duration) -> Self {
        self.saving = Some(Saving { path: path.to_owned(), tag: tag.to_owned(), every, last: Instant::now() });
        self
    }

    /// Also shows the student to `look` after every epoch, before it is saved again.
    #[must_use]
    pub(super) fn shown_to(mut self, look: Look<'a>) -> Self {
        self.looking = Some(look);
        self
    }

    pub(super) fn begins(&self, student: &Student<'_>) {
        self.progress.begins(self.student, student.plan.epochs);
    }

    /// Called before every minibatch.
    pub(super) fn pause_point(&mut self, student: &mut Student<'_>) -> Result<(), EvalError> {
        let stopped = self.stop.is_requested();
        if let Some(saving) = &mut self.saving
            && (stopped || saving.last.elapsed() >= saving.every)
        {
            tell_losses(self.student, self.progress, student)?;
            student.save(&saving.path, &saving.tag)?;
            saving.last = Instant::now();
        }
        if stopped { Err(Interrupted.into()) } else { Ok(()) }
    }

    pub(super) fn epoch_done(&mut self, student: &mut Student<'_>) -> Result<(), EvalError> {
        if student.losses.due(student.epoch, student.plan.epochs) {
            tell_losses(self.student, self.progress, student)?;
        }
        self.looking.as_mut().map_or(Ok(()), |look| look(student))
    }

    /// Saves a student that has finished, so that a later run need not train it again.
    pub(super) fn finished(&self, student: &Student<'_>) -> Result<(), EvalError> {
        self.saving.as_ref().map_or(Ok(()), |saving| student.save(&saving.path, &saving.tag))
    }
}

/// Looks at the losses of student number `number`, and tells them.
fn tell_losses(number: usize, progress: &dyn TrainingProgress, student: &mut Student<'_>) -> Result<(), EvalError> {
    let (seed, of) = (student.seed, student.plan.epochs);
    student.losses.look(seed, |epoch, loss| progress.epoch(number, epoch + 1, of, loss))
}
