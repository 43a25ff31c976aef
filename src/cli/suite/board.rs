//! The live board of an executor: a bar for the suite and a line for every process on a terminal, one line a minute elsewhere.

use std::{
    collections::HashMap,
    io::IsTerminal as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use compdd::{progress::Progress, suite};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::progress::Bars;

/// What a terminal shows of the cells under way.
pub struct Board {
    /// The suite, and what there is to say.
    bars: Bars,
    /// The processes, where there is a terminal.
    processes: Option<(MultiProgress, Mutex<HashMap<String, ProgressBar>>)>,
}

impl Board {
    pub fn new() -> Self {
        let bars = Bars::new();
        let terminal = std::io::stderr().is_terminal();
        let processes = terminal.then(|| (bars.terminal().cloned().unwrap_or_default(), Mutex::default()));
        Self { bars, processes }
    }

    fn process(&self, stage: &str, show: impl FnOnce(&MultiProgress, &mut HashMap<String, ProgressBar>)) {
        if let Some((terminal, lines)) = self.processes.as_ref().filter(|_| stage != suite::STAGE) {
            show(terminal, &mut lines.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Progress for Board {
    fn begin(&self, stage: &str, steps: usize) {
        if stage == suite::STAGE {
            self.bars.begin(stage, steps);
        }
        self.process(stage, |terminal, lines| {
            let line = terminal.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("  {prefix:40} {elapsed:>4}  {wide_msg}");
            line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            line.set_prefix(stage.to_owned());
            line.enable_steady_tick(Duration::from_secs(1));
            lines.insert(stage.to_owned(), line);
        });
    }

    fn advance(&self, stage: &str, done: usize, latest: &str) {
        if stage == suite::STAGE {
            self.bars.advance(stage, done, latest);
        }
        self.process(stage, |_, lines| {
            if let Some(line) = lines.get(stage) {
                line.set_message(compdd::text::terminal(latest).into_owned());
            }
        });
    }

    fn end(&self, stage: &str, result: &str) {
        if stage == suite::STAGE {
            self.bars.end(stage, result);
        }
        self.process(stage, |_, lines| {
            if let Some(line) = lines.remove(stage) {
                line.finish_and_clear();
            }
        });
    }

    fn note(&self, text: &str) {
        self.bars.note(text);
    }
}
