//! PGD: many small steps along the sign of the gradient (Madry et al., arXiv 1706.06083, section 2.1).

use burn::tensor::Tensor;
use serde::Serialize;
use serde_json::Value;

use super::{Attack, Ball, Batch, Victim, batch::ascent};
use compdd_core::{
    progress::{Interrupted, Stop},
    record::value_of,
};

/// `x <- project(x + step epsilon sign(grad CE(x, y)))`; the last images count.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pgd {
    /// Number of steps.
    pub steps: usize,
    /// Length of a step as a share of epsilon.
    pub step: f32,
    /// Begins anywhere in the ball, not at the images.
    pub random_start: bool,
}

impl Default for Pgd {
    /// A quarter of epsilon (2/255 of 8/255), ten times.
    fn default() -> Self {
        Self { steps: 10, step: 0.25, random_start: true }
    }
}

impl Attack for Pgd {
    fn perturb(
        &self,
        victim: &dyn Victim,
        batch: &Batch<'_>,
        epsilon: f32,
        stop: &Stop,
    ) -> Result<Tensor<4>, Interrupted> {
        let ball = Ball::around(&batch.images, epsilon);
        let start = if self.random_start { ball.draw(batch, "start of pgd") } else { batch.images.clone() };
        ball.ascend(start, (self.steps, self.step * epsilon), stop, |_, images| ascent(victim, images, batch.labels))
    }

    fn settings(&self) -> Value {
        value_of(self)
    }
}
