//! What a stage took, all sessions of a run together: on the clock, and of the processor, which other work on the machine does not change.

use std::{
    iter::Sum,
    ops::Add,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::machine;
use crate::methods::State;
use compdd_core::{files::atomic, record::Timing};

/// Both kinds of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub wall: Duration,
    /// Of all threads; zero where the system does not tell.
    pub processor: Duration,
}

const WALL: &str = "engine.milliseconds";
const PROCESSOR: &str = "engine.processor_milliseconds";

impl Spent {
    /// Enters it into a state.
    pub fn put(self, state: &mut State) {
        state.put_number(WALL, self.wall.as_millis() as u64);
        state.put_number(PROCESSOR, self.processor.as_millis() as u64);
    }

    /// What an earlier session put into a state; nothing where none did.
    pub fn of(state: &State) -> Self {
        let time = |name: &str| Duration::from_millis(state.number(name).unwrap_or(0));
        Self { wall: time(WALL), processor: time(PROCESSOR) }
    }

    /// What a timing file says of the making of a set.
    pub fn distilling(timing: &Timing) -> Option<Self> {
        let time = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let processor = timing.distill_processor_seconds.map(time).unwrap_or_default();
        timing.distill_seconds.map(|wall| Self { wall: time(wall), processor })
    }

    /// Seconds of the processor, where they are known.
    pub fn processor_seconds(self) -> Option<f64> {
        (!self.processor.is_zero()).then_some(self.processor.as_secs_f64())
    }
}

impl Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, processor: self.processor + other.processor }
    }
}

impl Sum for Spent {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), Add::add)
    }
}

/// Runs from where an earlier session stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch {
    before: Spent,
    begin: Instant,
    used: Duration,
}

impl Stopwatch {
    pub fn after(before: Spent) -> Self {
        Self { before, begin: Instant::now(), used: machine::processor_time() }
    }

    pub fn spent(&self) -> Spent {
        let processor = machine::processor_time().saturating_sub(self.used);
        self.before + Spent { wall: self.begin.elapsed(), processor }
    }
}

/// A stopwatch that keeps its time in a file: now and then, and when it is dropped. A session that is killed loses what it spent since.
pub(super) struct KeptStopwatch {
    watch: Stopwatch,
    kept: Option<(PathBuf, Duration)>,
    last: Mutex<Instant>,
}

impl KeptStopwatch {
    /// Goes on with the time in a folder of checkpoints, if there is one, and keeps it there at such intervals.
    pub fn start(checkpoints: Option<(&Path, Duration)>) -> Self {
        let kept = checkpoints.map(|(folder, every)| (folder.join("spent.safetensors"), every));
        let read = |path: &Path| State::from_bytes(&std::fs::read(path).ok()?).ok();
        let before = kept.as_ref().and_then(|(path, _)| read(path)).as_ref().map(Spent::of).unwrap_or_default();
        Self { watch: Stopwatch::after(before), kept, last: Mutex::new(Instant::now()) }
    }

    pub fn spent(&self) -> Spent {
        self.watch.spent()
    }

    /// Keeps the time, if that is due.
    pub fn tick(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.kept.as_ref().is_some_and(|(_, every)| last.elapsed() >= *every) {
            *last = Instant::now();
            self.keep();
        }
    }

    fn keep(&self) {
        let Some((path, _)) = &self.kept else { return };
        let mut state = State::default();
        self.spent().put(&mut state);
        // What cannot be kept makes a time too short, and nothing else.
        let _ = state.to_bytes().map(|bytes| atomic::write(path, &bytes));
    }
}

impl Drop for KeptStopwatch {
    fn drop(&mut self) {
        self.keep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_where_the_last_session_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let place = Some((folder.path(), Duration::ZERO));
        let mut state = State::default();
        let hour = Duration::from_secs(3600);
        Spent { wall: hour, processor: 2 * hour }.put(&mut state);
        std::fs::write(folder.path().join("spent.safetensors"), state.to_bytes().unwrap()).unwrap();
        let first = KeptStopwatch::start(place);
        assert!(first.spent().wall >= hour && first.spent().processor >= 2 * hour);
        std::thread::sleep(Duration::from_millis(20));
        drop(first);
        let second = KeptStopwatch::start(place).spent();
        assert!(second.wall >= hour + Duration::from_millis(20) && second.wall < 2 * hour, "{second:?}");
        assert_eq!(KeptStopwatch::start(None).spent().wall.as_secs(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn threads_count_on_the_processor_and_sleep_does_not() {
        let watch = Stopwatch::after(Spent::default());
        std::thread::sleep(Duration::from_millis(100));
        let idle = watch.spent();
        let busy = move || while watch.spent().processor < Duration::from_millis(200) {};
        std::thread::spawn(busy).join().unwrap();
        assert!(idle.wall >= Duration::from_millis(100) && watch.spent().processor > idle.processor, "{idle:?}");
    }
}
