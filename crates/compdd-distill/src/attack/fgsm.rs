//! FGSM: one step along the sign of the gradient (Goodfellow et al., arXiv 1412.6572, section 4).

use burn::tensor::Tensor;
use serde_json::{Value, json};

use super::{Attack, Ball, Batch, Victim, batch::ascent};
use compdd_core::progress::{Interrupted, Stop};

/// `x + epsilon sign(grad CE(x, y))`, within 0..1.
#[derive(Clone, Copy, Debug)]
pub struct Fgsm;

impl Attack for Fgsm {
    fn perturb(
        &self,
        victim: &dyn Victim,
        batch: &Batch<'_>,
        epsilon: f32,
        stop: &Stop,
    ) -> Result<Tensor<4>, Interrupted> {
        Ball::around(&batch.images, epsilon)
            .ascend(batch.images.clone(), (1, epsilon), stop, |_, images| ascent(victim, images, batch.labels))
    }

    fn settings(&self) -> Value {
        json!({})
    }
}
