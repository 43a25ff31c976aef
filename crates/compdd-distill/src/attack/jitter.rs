//! Jitter: away from the label in every direction of the scaled output (Schwinn et al., arXiv 2105.10304, section 4).

use burn::tensor::{Int, Tensor, TensorData, activation::softmax};
use serde::Serialize;
use serde_json::Value;

use super::{
    Attack, Ball, Batch, Victim,
    batch::{each, fooled, host, slope},
};
use compdd_core::{
    progress::{Interrupted, Stop},
    record::value_of,
};

/// PGD on `|p + noise - y|_2` with `p = softmax(scale z / max|z|)`, divided by the largest change of a pixel where the network is fooled already.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Jitter {
    /// Number of steps.
    pub steps: usize,
    /// Length of a step as a share of epsilon.
    pub step: f32,
    /// What the scaled logits are multiplied with.
    pub scale: f32,
    /// Standard deviation of the noise on the output.
    pub noise: f32,
}

impl Default for Jitter {
    fn default() -> Self {
        Self { steps: 10, step: 0.25, scale: 10.0, noise: 0.1 }
    }
}

impl Jitter {
    /// The loss of every image. `noise [n, classes]` is added to the output, `clean` are the images before the attack.
    pub fn losses(
        self,
        logits: Tensor<2>,
        (images, clean): (&Tensor<4>, &Tensor<4>),
        labels: &[u32],
        noise: Tensor<2>,
    ) -> Tensor<1> {
        let [n, classes] = logits.dims();
        let device = clean.device();
        let wrong = fooled(&logits, labels);
        let largest = logits.clone().abs().max_dim(1).add_scalar(f32::MIN_POSITIVE);
        let output = softmax((logits / largest).mul_scalar(self.scale), 1);
        let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [n]), &device);
        let off = output + noise - labels.one_hot::<2>(classes).float();
        let length = off.powi_scalar(2).sum_dim(1).add_scalar(f32::MIN_POSITIVE).sqrt().reshape([n]);
        let [_, c, h, w] = images.dims();
        let change = (images.clone() - clean.clone()).abs().reshape([n, c * h * w]).max_dim(1).reshape([n]);
        // An image that did not move yet is left as it is.
        let moved = host(change.clone()).into_iter().zip(wrong).map(|(change, wrong)| wrong && change > 0.0);
        let moved: Vec<f32> = moved.map(|divides| f32::from(u8::from(divides))).collect();
        let moved = each(moved, &device).reshape([n]);
        length / (moved.clone() * change + moved.neg().add_scalar(1.0))
    }
}

impl Attack for Jitter {
    fn perturb(
        &self,
        victim: &dyn Victim,
        batch: &Batch<'_>,
        epsilon: f32,
        stop: &Stop,
    ) -> Result<Tensor<4>, Interrupted> {
        let ball = Ball::around(&batch.images, epsilon);
        let start = ball.draw(batch, "start of jitter");
        ball.ascend(start, (self.steps, self.step * epsilon), stop, |number, images| {
            let purpose = format!("noise of step {number} of jitter");
            let loss = |logits: Tensor<2>, seen: &Tensor<4>| {
                let [n, classes] = logits.dims();
                let noise = (0..n).flat_map(|image| {
                    let mut stream = batch.stream(&purpose, image);
                    (0..classes).map(move |_| stream.normal() * self.noise)
                });
                let noise = TensorData::new(noise.collect::<Vec<_>>(), [n, classes]);
                let noise = Tensor::from_data(noise, &batch.images.device());
                self.losses(logits, (seen, &batch.images), batch.labels, noise)
            };
            slope(victim, images, batch.labels, loss).gradient
        })
    }

    fn settings(&self) -> Value {
        value_of(self)
    }
}
