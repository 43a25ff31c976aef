//! How a run is watched: the library reports, the binary draws bars, prints a line a minute, or stays silent.

/// Receives what a run does. Every method may be called from several threads.
pub trait Observer: Sync {
    /// A stage begins: `distil`, `convnet-d3 student 2`, ... with its number of steps.
    fn begin(&self, stage: &str, steps: usize);

    /// `done` steps of a stage are finished; `latest` is its newest number (`loss 1.83`).
    fn advance(&self, stage: &str, done: usize, latest: &str);

    /// A stage has ended; `result` is its score, if it has one.
    fn end(&self, stage: &str, result: &str);

    /// Something the user should know.
    fn note(&self, text: &str);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn begin(&self, _: &str, _: usize) {}
    fn advance(&self, _: &str, _: usize, _: &str) {}
    fn end(&self, _: &str, _: &str) {}
    fn note(&self, _: &str) {}
}
