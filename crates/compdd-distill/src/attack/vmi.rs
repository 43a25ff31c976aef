//! VMI-FGSM: momentum over gradients that are corrected by those of neighbours (Wang and He, arXiv 2103.15571, algorithm 1).

use burn::tensor::Tensor;
use serde::Serialize;
use serde_json::Value;

use super::{Attack, Ball, Batch, Victim, batch::ascent};
use compdd_core::{
    progress::{Interrupted, Stop},
    record::value_of,
};

/// `g = grad CE(x, y)`, `m <- decay m + (g + v) / |g + v|_1`, `x <- project(x + step epsilon sign(m))`, and
/// `v = mean_i grad CE(x + r_i, y) - g` with `r_i` uniform on `[-reach epsilon, reach epsilon]`, at the images of before the step.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Vmi {
    /// Number of steps.
    pub steps: usize,
    /// Length of a step as a share of epsilon.
    pub step: f32,
    /// Decay of the momentum.
    pub decay: f32,
    /// Neighbours of a step.
    pub neighbours: usize,
    /// How far these are, as a multiple of epsilon.
    pub reach: f32,
}

impl Default for Vmi {
    /// Those of its section 4.1.
    fn default() -> Self {
        Self { steps: 10, step: 0.1, decay: 1.0, neighbours: 20, reach: 1.5 }
    }
}

impl Attack for Vmi {
    fn perturb(
        &self,
        victim: &dyn Victim,
        batch: &Batch<'_>,
        epsilon: f32,
        stop: &Stop,
    ) -> Result<Tensor<4>, Interrupted> {
        let ball = Ball::around(&batch.images, epsilon);
        let gradient = |images: &Tensor<4>| ascent(victim, images, batch.labels);
        let reach = self.reach * epsilon;
        let (mut momentum, mut variance) = (batch.images.zeros_like(), batch.images.zeros_like());
        ball.ascend(batch.images.clone(), (self.steps, self.step * epsilon), stop, |number, images| {
            let here = gradient(images);
            momentum = momentum.clone().mul_scalar(self.decay) + unit(here.clone() + variance.clone());
            let mut sum = images.zeros_like();
            for neighbour in 0..self.neighbours {
                let purpose = format!("neighbour {neighbour} of step {number} of vmi");
                sum = sum + gradient(&(images.clone() + batch.noise(&purpose, |stream| stream.range(-reach, reach))));
            }
            variance = sum.div_scalar(self.neighbours as f32) - here;
            momentum.clone()
        })
    }

    fn settings(&self) -> Value {
        value_of(self)
    }
}

/// Every image's gradient over the sum of its sizes.
fn unit(gradient: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = gradient.dims();
    let size = gradient.clone().abs().reshape([n, c * h * w]).sum_dim(1).add_scalar(f32::MIN_POSITIVE);
    gradient / size.reshape([n, 1, 1, 1])
}
