//! Where images may go: near where they were, and no darker than black.

use burn::tensor::Tensor;

use super::Batch;
use compdd_core::progress::{Interrupted, Stop};

/// The images whose pixels all are within a radius of those of given images, and within 0..1.
#[derive(Clone, Debug)]
pub struct Ball {
    low: Tensor<4>,
    high: Tensor<4>,
    epsilon: f32,
}

impl Ball {
    /// The ball of radius `epsilon` around images `[n, c, h, w]` on the scale 0..1.
    pub fn around(images: &Tensor<4>, epsilon: f32) -> Self {
        let (low, high) = (images.clone().sub_scalar(epsilon), images.clone().add_scalar(epsilon));
        Self { low: low.clamp(0.0, 1.0), high: high.clamp(0.0, 1.0), epsilon }
    }

    /// The nearest images in the ball.
    pub fn project(&self, images: Tensor<4>) -> Tensor<4> {
        images.max_pair(self.low.clone()).min_pair(self.high.clone())
    }

    /// Images drawn uniformly from the ball without its bounds, then brought into it.
    pub(super) fn draw(&self, batch: &Batch<'_>, purpose: &str) -> Tensor<4> {
        let epsilon = self.epsilon;
        self.project(batch.images.clone() + batch.noise(purpose, |stream| stream.range(-epsilon, epsilon)))
    }

    /// `steps` times `x <- project(x + step sign(d))`, where `direction` makes `d` of the number of the step and `x`.
    pub(super) fn ascend(
        &self,
        start: Tensor<4>,
        (steps, step): (usize, f32),
        stop: &Stop,
        mut direction: impl FnMut(usize, &Tensor<4>) -> Tensor<4>,
    ) -> Result<Tensor<4>, Interrupted> {
        let mut images = start;
        for number in 0..steps {
            stop.check()?;
            let way = direction(number, &images).sign().mul_scalar(step);
            images = self.project(images + way);
        }
        Ok(images)
    }
}
