//! Adversarial attacks: how few students still answer rightly once somebody looks for images near the test images that they take for something else.
//!
//! An [`Attack`] moves images on the scale 0..1, before they are normalised, and asks a [`Victim`] for logits, whose gradients with respect to the images
//! it may take. One file an attack; all but [`Cw`] stay in the L-infinity [`Ball`] of a radius epsilon. [`AttackKind`] lists them with the settings of their
//! own papers, and [`survive`] says which test images stand. What may enter: attacks and what they share. What may not: training, files, tables.

mod apgd;
mod ball;
mod batch;
mod catalogue;
mod cw;
mod fgsm;
mod jitter;
mod loss;
mod pgd;
mod sample;
mod square;
mod survive;
mod victim;
mod vmi;

pub use apgd::{Apgd, Objective};
pub use ball::Ball;
pub use batch::Batch;
pub use catalogue::{AttackError, AttackKind};
pub use cw::{Cw, CwTerms};
pub use fgsm::Fgsm;
pub use jitter::Jitter;
pub use loss::{cross_entropies, difference_of_logits, margins, ranked, targeted_difference};
pub use pgd::Pgd;
pub use sample::stratified;
pub use square::Square;
pub use survive::{Survey, survive};
pub use victim::{StudentVictim, Victim};
pub use vmi::Vmi;

use burn::tensor::Tensor;
use serde_json::Value;

use compdd_core::progress::{Interrupted, Stop};

/// Looks for images near given ones that a network takes for something else.
pub trait Attack: Sync {
    /// The images as they are after the attack, on the scale 0..1. What is drawn follows from the batch's seed and the places of its images alone.
    ///
    /// # Errors
    /// When it is told to stop.
    ///
    /// # Shapes
    /// `[n, channels, height, width]`, as the images of the batch.
    fn perturb(
        &self,
        victim: &dyn Victim,
        batch: &Batch<'_>,
        epsilon: f32,
        stop: &Stop,
    ) -> Result<Tensor<4>, Interrupted>;

    /// Its settings, as a report names them.
    fn settings(&self) -> Value;
}

#[cfg(test)]
mod tests;
