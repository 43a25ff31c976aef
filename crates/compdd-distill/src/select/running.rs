//! The running mean of every image's scores over the batches that it was in.

use std::collections::BTreeMap;

/// What a score adds to what is remembered.
const NEW: f64 = 0.1;

/// Scores that are remembered, by image: the first one as it is, then nine parts of what was known and one part of what is new.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunningScores(BTreeMap<u64, f64>);

impl RunningScores {
    /// Takes in the score of an image; what is remembered of it now.
    pub fn update(&mut self, image: u64, score: f64) -> f64 {
        let known = self.0.entry(image).and_modify(|known| *known = (1.0 - NEW) * *known + NEW * score);
        *known.or_insert(score)
    }

    /// Images that were scored, ascending, and what is remembered of each.
    pub fn iter(&self) -> impl Iterator<Item = (u64, f64)> {
        self.0.iter().map(|(image, score)| (*image, *score))
    }
}

impl FromIterator<(u64, f64)> for RunningScores {
    fn from_iter<I: IntoIterator<Item = (u64, f64)>>(scores: I) -> Self {
        Self(scores.into_iter().collect())
    }
}
