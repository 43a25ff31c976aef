//! PAD's curriculum: experts see the easiest images first, then all, then no longer the easiest.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ExpertError;

/// How difficult an image is: measured by short trainings of the same network on the same images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// `|softmax(z) - one_hot(y)|`, the norm of the error early in training (EL2N, arXiv 2107.07075): what PAD's paper uses.
    El2n,
    /// Cross-entropy early in training.
    Loss,
}

/// Which images of a class, from easy to hard, an epoch is trained on.
///
/// For a class of `m` images and the epoch of index `e`, from 0:
///
/// | epoch | images |
/// |---|---|
/// | `e <= full_at` | the easiest `m min(1, start + (1 - start) e / full_at)` |
/// | `full_at < e <= drop_after` | all |
/// | `drop_after < e <= drop_more_after` | all but the easiest `drop m` |
/// | later | all but the easiest `drop_more m` |
///
/// Counts are rounded down, and `m` is the true size of the class (the released code writes 5000 for every dataset).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Curriculum {
    /// What difficulty means.
    pub score: Score,
    /// Epochs of a short training before it is asked.
    pub score_epochs: usize,
    /// Short trainings whose scores are averaged.
    pub score_networks: usize,
    /// Share of the easiest images in the first epoch.
    pub start: f64,
    /// Last epoch of the growing phase.
    pub full_at: usize,
    /// Last epoch with all images.
    pub drop_after: usize,
    /// Last epoch of the first dropping phase.
    pub drop_more_after: usize,
    /// Share of the easiest images dropped in it.
    pub drop: f64,
    /// Share of the easiest images dropped afterwards.
    pub drop_more: f64,
}

impl Default for Curriculum {
    /// The values of PAD's README; the short trainings are ours.
    fn default() -> Self {
        Self {
            score: Score::El2n,
            score_epochs: 10,
            score_networks: 3,
            start: 0.75,
            full_at: 20,
            drop_after: 40,
            drop_more_after: 60,
            drop: 0.1,
            drop_more: 0.2,
        }
    }
}

impl Curriculum {
    /// Checks the settings against their ranges.
    ///
    /// # Errors
    /// [`ExpertError::Setting`].
    pub fn validate(&self) -> Result<(), ExpertError> {
        let dropped = |value: f64| (0.0..1.0).contains(&value);
        let ordered = self.full_at <= self.drop_after && self.drop_after <= self.drop_more_after;
        let checks = [
            ("score_epochs", self.score_epochs > 0, self.score_epochs.to_string(), "1 or more"),
            ("score_networks", self.score_networks > 0, self.score_networks.to_string(), "1 or more"),
            ("start", self.start > 0.0 && self.start <= 1.0, self.start.to_string(), "above 0 and at most 1"),
            ("drop", dropped(self.drop), self.drop.to_string(), "at least 0 and below 1"),
            ("drop_more", dropped(self.drop_more), self.drop_more.to_string(), "at least 0 and below 1"),
            ("drop_after", ordered, self.drop_after.to_string(), "between full_at and drop_more_after"),
        ];
        match checks.into_iter().find(|(_, good, _, _)| !good) {
            Some((name, _, value, range)) => Err(ExpertError::Setting { name, value, range }),
            None => Ok(()),
        }
    }

    /// Which of the `m` images of a class, in order from easy to hard, the epoch of index `epoch` sees: at least one.
    pub fn kept(&self, epoch: usize, m: usize) -> Range<usize> {
        let count = |share: f64| ((share * m as f64).floor() as usize).min(m.saturating_sub(1));
        if epoch <= self.full_at {
            let progress = if self.full_at == 0 { 1.0 } else { epoch as f64 / self.full_at as f64 };
            let share = (self.start + (1.0 - self.start) * progress).min(1.0);
            // Rounded up by the last bit, so that 0.7 + 0.3 of 10 images are 10.
            let easiest = (share * m as f64 + 1e-9).floor() as usize;
            0..easiest.clamp(m.min(1), m)
        } else if epoch <= self.drop_after {
            0..m
        } else if epoch <= self.drop_more_after {
            count(self.drop)..m
        } else {
            count(self.drop_more)..m
        }
    }
}

/// The images of every class, from easy to hard.
#[derive(Clone, Debug)]
pub(super) struct Order {
    classes: Vec<Vec<usize>>,
}

impl Order {
    /// Sorts the images by score within their class; equal scores keep the order of the images.
    pub fn new(labels: impl Iterator<Item = u32>, scores: &[f32], classes: usize) -> Self {
        let mut order = vec![Vec::new(); classes];
        for (image, label) in labels.enumerate() {
            order[label as usize].push(image);
        }
        for class in &mut order {
            class.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        }
        Self { classes: order }
    }

    /// The images that an epoch sees, ascending.
    pub fn epoch(&self, curriculum: &Curriculum, epoch: usize) -> Vec<usize> {
        let classes = self.classes.iter();
        let mut images: Vec<usize> =
            classes.flat_map(|class| class[curriculum.kept(epoch, class.len())].iter().copied()).collect();
        images.sort_unstable();
        images
    }
}
