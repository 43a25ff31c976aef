//! How long work is followed and stopped: the library reports and asks, the binary draws bars and catches signals.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use miette::Diagnostic;

/// Receives what long work does. Every method may be called from several threads; what is not wanted need not be written.
pub trait Progress: Send + Sync {
    /// A stage begins: `distil`, `convnet-d3 student 2`, `train images`, ... with its number of steps.
    fn begin(&self, stage: &str, steps: usize) {
        let _ = (stage, steps);
    }

    /// `done` steps of a stage are finished; `latest` is its newest number (`loss 1.83`), if it has one.
    fn advance(&self, stage: &str, done: usize, latest: &str) {
        let _ = (stage, done, latest);
    }

    /// A stage has ended; `result` is its score, if it has one.
    fn end(&self, stage: &str, result: &str) {
        let _ = (stage, result);
    }

    /// Something the user should know.
    fn note(&self, text: &str) {
        let _ = text;
    }
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}

/// A request to stop, shared by whoever makes it and all who ask. Work saves its state and ends with [`Interrupted`].
#[derive(Clone, Debug, Default)]
pub struct Stop {
    requested: Arc<AtomicBool>,
    /// How many more questions are answered with no.
    patience: Option<Arc<AtomicUsize>>,
}

impl Stop {
    /// One that nobody has requested yet.
    pub fn never() -> Self {
        Self::default()
    }

    /// One that requests itself when it is asked for the `questions + 1`-th time: a test that uses it fails when the work is
    /// so short that nothing was interrupted.
    pub fn after(questions: usize) -> Self {
        Self { patience: Some(Arc::new(AtomicUsize::new(questions))), ..Self::default() }
    }

    /// The flag that a signal handler sets.
    pub fn flag(&self) -> &Arc<AtomicBool> {
        &self.requested
    }

    /// Requests the stop.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
    }

    /// Whether work should stop now.
    pub fn is_requested(&self) -> bool {
        let spent = |left: &Arc<AtomicUsize>| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        };
        if self.patience.as_ref().is_some_and(spent) {
            self.request();
        }
        self.requested.load(Ordering::Relaxed)
    }

    /// Nothing, or the error that work ends with.
    ///
    /// # Errors
    /// [`Interrupted`] once the stop is requested.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_requested() { Err(Interrupted) } else { Ok(()) }
    }
}

/// Both sides of long work: who hears of it, and who may stop it.
#[derive(Clone, Copy)]
pub struct Hooks<'a> {
    /// Who is told.
    pub progress: &'a dyn Progress,
    /// Who may stop it.
    pub stop: &'a Stop,
}

impl<'a> Hooks<'a> {
    /// Nobody is told.
    pub fn silent(stop: &'a Stop) -> Self {
        Self { progress: &NoProgress, stop }
    }
}

/// The user asked to stop. This is no failure: what is finished is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
#[error("interrupted; what is finished is saved")]
#[diagnostic(code(compdd::interrupted), help("give the same command again to continue"))]
pub struct Interrupted;

impl Interrupted {
    /// Whether an error is this one, however deeply those of other rooms embed it: all do so with `diagnostic(transparent)`.
    pub fn is(error: &dyn Diagnostic) -> bool {
        let code = error.code().map(|code| code.to_string());
        code.is_some() && code == Self.code().map(|code| code.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_shared_and_stays() {
        let stop = Stop::never();
        let other = stop.clone();
        assert_eq!(stop.check(), Ok(()));
        other.request();
        assert_eq!(stop.check(), Err(Interrupted));
    }

    #[test]
    fn an_interruption_is_known_inside_other_errors() {
        #[derive(Debug, thiserror::Error, Diagnostic)]
        #[error(transparent)]
        #[diagnostic(transparent)]
        struct Around<E: Diagnostic + 'static>(E);

        #[derive(Debug, thiserror::Error, Diagnostic)]
        #[error("interrupted; what is finished is saved")]
        struct Alike;

        assert!(Interrupted::is(&Interrupted) && Interrupted::is(&Around(Around(Interrupted))));
        assert!(!Interrupted::is(&Alike) && !Interrupted::is(&Around(Alike)));
    }

    #[test]
    fn patience_counts_questions() {
        let stop = Stop::after(2);
        assert_eq!([(); 4].map(|()| stop.is_requested()), [false, false, true, true]);
    }
}
