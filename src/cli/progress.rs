//! What a run looks like while it goes on: bars on a terminal, one line a minute elsewhere.

use std::{
    collections::HashMap,
    io::IsTerminal,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use compdd::progress::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::ui;

const QUIET_INTERVAL: Duration = Duration::from_secs(60);

/// Shows the stages of a run. Several students may advance at the same time.
pub struct Bars {
    terminal: Option<MultiProgress>,
    stages: Mutex<HashMap<String, Stage>>,
}

struct Stage {
    bar: Option<ProgressBar>,
    steps: usize,
    started: Instant,
    spoken: Instant,
    /// Steps that were done when the stage began (a resumed run), so that the remaining time is not flattered.
    first: Option<usize>,
}

impl Bars {
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self { terminal, stages: Mutex::new(HashMap::new()) }
    }

    fn stages(&self) -> MutexGuard<'_, HashMap<String, Stage>> {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        match &self.terminal {
            Some(bars) => bars.suspend(|| ui::say(text)),
            None => ui::say(text),
        }
    }
}

impl Bars {
    /// Where bars are drawn, for lines of others among them.
    pub fn terminal(&self) -> Option<&MultiProgress> {
        self.terminal.as_ref()
    }

    /// Shows a stage that began a while ago.
    fn begin_since(&self, stage: &str, steps: usize, started: Instant) {
        let bar = self.terminal.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new(steps as u64));
            let style = ProgressStyle::with_template("{prefix:28} {wide_bar} {pos}/{len} {msg} eta {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(stage.to_owned());
            bar
        });
        let spoken = Instant::now();
        self.stages().insert(stage.to_owned(), Stage { bar, steps, started, spoken, first: None });
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &str, steps: usize) {
        self.begin_since(stage, steps, Instant::now());
    }

    fn advance(&self, stage: &str, done: usize, latest: &str) {
        let mut stages = self.stages();
        let Some(state) = stages.get_mut(stage) else { return };
        if let Some(bar) = &state.bar {
            bar.set_position(done as u64);
            bar.set_message(latest.to_owned());
            return;
        }
        let first = *state.first.get_or_insert(done.saturating_sub(1));
        if state.spoken.elapsed() < QUIET_INTERVAL {
            return;
        }
        state.spoken = Instant::now();
        let per_step = state.started.elapsed().as_secs_f64() / (done - first).max(1) as f64;
        let left = per_step * state.steps.saturating_sub(done) as f64;
        let text = format!("{stage}: {done}/{} {latest}, about {} left", state.steps, duration(left));
        drop(stages);
        self.line(&text);
    }

    fn end(&self, stage: &str, result: &str) {
        let Some(state) = self.stages().remove(stage) else { return };
        if let Some(bar) = state.bar {
            bar.finish_and_clear();
        }
        if state.steps > 0 || !result.is_empty() {
            let took = duration(state.started.elapsed().as_secs_f64());
            let result = if result.is_empty() { "done" } else { result };
            self.line(&format!("{stage}: {result} ({took})"));
        }
    }

    fn note(&self, text: &str) {
        self.line(text);
    }
}

/// Shows the loading of images: nothing while it takes a moment, then a stage like any other.
pub struct Loading {
    bars: Bars,
    stage: Mutex<Option<Silent>>,
    done: &'static str,
}

/// A stage that has not been shown yet.
struct Silent {
    steps: usize,
    since: Instant,
}

/// Loading that takes less is not worth a word.
const MOMENT: Duration = Duration::from_secs(2);

impl Loading {
    /// Work that ends with a word, such as `decoded`.
    pub fn ending(done: &'static str) -> Self {
        Self { bars: Bars::new(), stage: Mutex::new(None), done }
    }
}

impl Progress for Loading {
    fn begin(&self, _: &str, steps: usize) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = Some(Silent { steps, since: Instant::now() });
    }

    fn advance(&self, stage: &str, done: usize, latest: &str) {
        let mut silent = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(long) = silent.take_if(|silent| silent.since.elapsed() > MOMENT && done < silent.steps) {
            self.bars.begin_since(stage, long.steps, long.since);
        }
        if silent.is_none() {
            self.bars.advance(stage, done, latest);
        }
    }

    fn end(&self, stage: &str, _: &str) {
        self.bars.end(stage, self.done);
    }

    fn note(&self, text: &str) {
        self.bars.note(text);
    }
}

fn duration(seconds: f64) -> String {
    match seconds as u64 {
        0..60 => format!("{seconds:.0} s"),
        whole @ 60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        whole => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_like_speech() {
        assert_eq!([12.4, 75.0, 7260.0].map(duration), ["12 s", "1 min 15 s", "2 h 1 min"]);
    }
}
