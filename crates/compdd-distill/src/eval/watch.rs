//! How the outside follows, stops and saves a student.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use super::{EvalError, Student};

/// What a caller may want to hear, from any thread.
pub trait Progress: Sync {
    /// A student starts, or goes on from a checkpoint, with `of` epochs in all.
    fn begins(&self, student: usize, of: usize) {
        let _ = (student, of);
    }

    /// Student number `student` has finished `epoch` of `of` epochs with this mean training loss.
    fn epoch(&self, student: usize, epoch: usize, of: usize, loss: f64) {
        let _ = (student, epoch, of, loss);
    }

    /// Student number `student` has been scored.
    fn scored(&self, student: usize, accuracy: f64) {
        let _ = (student, accuracy);
    }
}

/// Hears nothing.
impl Progress for () {}

/// How one training is followed, stopped and saved.
#[derive(Clone)]
pub struct Following<'a> {
    /// Set from outside to stop.
    pub stop: &'a AtomicBool,
    /// Who hears about epochs.
    pub progress: &'a dyn Progress,
    /// A file from which an interrupted training goes on, and how often it is written.
    pub saving: Option<(PathBuf, Duration)>,
}

#[cfg(test)]
impl Following<'static> {
    /// Nobody listens, nothing is saved.
    pub fn nothing() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { stop: &NEVER, progress: &(), saving: None }
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
pub struct Watch<'a> {
    student: usize,
    stop: &'a AtomicBool,
    progress: &'a dyn Progress,
    saving: Option<Saving>,
}

impl<'a> Watch<'a> {
    /// Follows student number `student`; training ends with [`EvalError::Interrupted`] once `stop` is set.
    pub fn new(student: usize, stop: &'a AtomicBool, progress: &'a dyn Progress) -> Self {
        Self { student, stop, progress, saving: None }
    }

    /// Also saves the student to `path`, whenever `every` has passed and when training is stopped. `tag` names the
    /// training data, as in [`Student::save`].
    #[must_use]
    pub fn saving_to(mut self, path: &Path, tag: &str, every: Duration) -> Self {
        self.saving = Some(Saving { path: path.to_owned(), tag: tag.to_owned(), every, last: Instant::now() });
        self
    }

    /// Called before every minibatch.
    pub(super) fn pause_point(&mut self, student: &Student<'_>) -> Result<(), EvalError> {
        let stopped = self.stop.load(Ordering::Relaxed);
        if let Some(saving) = &mut self.saving
            && (stopped || saving.last.elapsed() >= saving.every)
        {
            student.save(&saving.path, &saving.tag)?;
            saving.last = Instant::now();
        }
        if stopped { Err(EvalError::Interrupted) } else { Ok(()) }
    }

    pub(super) fn epoch_done(&self, student: &Student<'_>) {
        self.progress.epoch(self.student, student.epochs_done(), student.plan.epochs, student.last_loss());
    }

    /// Saves a student that has finished, so that a later run need not train it again.
    pub(super) fn finished(&self, student: &Student<'_>) -> Result<(), EvalError> {
        self.saving.as_ref().map_or(Ok(()), |saving| student.save(&saving.path, &saving.tag))
    }
}
