//! What a method will read from a buffer, and what that costs.

use super::{Epochs, ExpertError, Precision, Training, buffer};
use compdd_core::record::hash;
use compdd_nn::nn::Network;

/// The start epochs of a match, `t0` in `[first, end)`, and how far from there its target lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Smallest start epoch (`T-`, `min_start_epoch`).
    pub first: usize,
    /// One more than the largest start epoch (`T+`, `max_start_epoch`).
    pub end: usize,
    /// Epochs from start to target (`M`, `expert_epochs`).
    pub span: usize,
}

impl Window {
    /// Every epoch that a match may read: all starts and all targets.
    pub fn epochs(&self) -> Epochs {
        (self.first..self.end).flat_map(|start| [start, start + self.span]).collect()
    }

    /// Checks that the largest start still has its target, `T+ - 1 + M <= trained`.
    ///
    /// # Errors
    /// [`ExpertError::Window`], [`ExpertError::EmptyWindow`].
    pub fn check(&self, trained: usize) -> Result<(), ExpertError> {
        let Self { first, end, span } = *self;
        if first >= end || span == 0 {
            return Err(ExpertError::EmptyWindow { first, end, span });
        }
        let last = end - 1 + span;
        if last > trained { Err(ExpertError::Window { end, span, last, trained }) } else { Ok(()) }
    }
}

/// What must be in a buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// How the experts are trained.
    pub training: Training,
    /// How many there are.
    pub experts: usize,
    /// The epochs that are read; the others are not stored.
    pub epochs: Epochs,
    /// How the parameters are stored.
    pub precision: Precision,
    /// Root of every draw; expert `i` has the seed `Stream::child_seed(seed, "expert", i)`.
    pub seed: u64,
}

impl Demand {
    /// A demand for a window, and for the last epoch, from which images and labels are initialised.
    ///
    /// # Errors
    /// As [`Window::check`].
    pub fn for_window(training: Training, experts: usize, window: Window, seed: u64) -> Result<Self, ExpertError> {
        window.check(training.epochs)?;
        let epochs = window.epochs().union(&[training.epochs].into_iter().collect());
        Ok(Self { training, experts, epochs, precision: Precision::F32, seed })
    }

    /// Checks every number.
    ///
    /// # Errors
    /// [`ExpertError::Setting`] with the key, the value and the range.
    pub fn validate(&self) -> Result<(), ExpertError> {
        self.training.validate()?;
        let last = self.epochs.last();
        let checks = [
            ("experts", (1..=10_000).contains(&self.experts), self.experts.to_string(), "between 1 and 10000"),
            (
                "kept epochs",
                last.is_some_and(|last| last <= self.training.epochs),
                self.epochs.to_string(),
                "at least one epoch, and none after the last epoch of the training",
            ),
        ];
        match checks.into_iter().find(|(_, good, _, _)| !good) {
            Some((name, _, value, range)) => Err(ExpertError::Setting { name, value, range }),
            None => Ok(()),
        }
    }

    /// Hash of what decides the bytes of a snapshot: two demands with the same one share a buffer. `data` names the images
    /// and their pixel space.
    pub(super) fn identity(&self, network: &Network, data: &str) -> String {
        let shape = (network.spec().slug(), network.input(), network.classes());
        hash::of(&serde_json::json!([shape, data, self.training, self.precision, self.seed]))
    }
}

/// What it takes to meet a demand from nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Epochs of training, all experts together.
    pub epochs: u64,
    /// Images that go forward and backward, all experts together; GSAM takes each of them twice, which is counted. An upper
    /// bound under a curriculum, whose short trainings are not counted.
    pub images: u64,
    /// Bytes of the expert files.
    pub bytes: u64,
}

/// What a demand costs for a network and a training set of `images` images (those not held out).
pub fn cost(demand: &Demand, network: &Network, images: usize) -> Cost {
    let experts = demand.experts as u64;
    let epochs = experts * demand.epochs.last().unwrap_or(0) as u64;
    let passes = match demand.training.optimizer {
        super::Optimizer::Sgd => 1,
        super::Optimizer::Gsam(_) => 2,
    };
    let seen = (images as f64 * demand.training.share).round() as u64;
    let bytes = experts * buffer::file_bytes(&demand.epochs, network.parameter_count(), demand.precision);
    Cost { epochs, images: epochs * seen * passes, bytes }
}
