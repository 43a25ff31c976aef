//! Accuracy over iterations: the images as they stood before some of them, scored like the result.
//!
//! The loop keeps a bundle in the working folder before each of these iterations; they are scored when the distillation is
//! over, before the result is. Nothing is chosen by them.

use std::{path::PathBuf, time::Duration};

use serde_json::json;

use super::{
    RunError, Trace, WorkFolder,
    score::{Scorer, TrainOn},
};
use compdd_core::record::{Bundle, CurvePoint};

/// Where the images before an iteration are kept.
pub(super) fn bundle(work: &WorkFolder, iteration: usize) -> PathBuf {
    work.file(&format!("curve-{iteration:06}.{}", Bundle::EXTENSION))
}

/// The points of a curve.
pub(super) struct Curve<'a> {
    /// Iterations before which the images are scored.
    pub iterations: &'a [usize],
    /// Students of every point.
    pub students: usize,
    pub work: &'a WorkFolder,
    pub checkpoint_every: Duration,
}

impl Curve<'_> {
    /// Scores the images that were kept, in order. `seed` is that of the run: a point's students are those of the result.
    pub fn score(&self, scorer: Scorer<'_>, seed: u64, trace: &Trace) -> Result<Vec<CurvePoint>, RunError> {
        let mut iterations = self.iterations.to_vec();
        iterations.sort_unstable();
        iterations.dedup();
        let mut points = Vec::new();
        let mut scorer = scorer;
        for iteration in iterations {
            let path = bundle(self.work, iteration);
            if !path.exists() {
                continue; // Beyond the end of the run.
            }
            let set = Bundle::read(&path)?;
            scorer.checkpoints = Some((path.with_extension("students"), self.checkpoint_every));
            let (students, _) = scorer.score(&[TrainOn::Set(&set)], self.students, seed)?;
            let Some(point) = CurvePoint::of(iteration, &students) else { continue };
            trace.write("curve", &[("iteration", json!(iteration)), ("mean", json!(point.mean))]);
            points.push(point);
        }
        Ok(points)
    }
}
