//! Carlini and Wagner's attack: the smallest change that fools, whatever its size (arXiv 1608.04644, section VI-A).

use burn::tensor::Tensor;
use serde::Serialize;
use serde_json::Value;

use super::{
    Attack, Batch, Victim,
    batch::{choose, fooled, host},
    margins,
};
use crate::eval::{Optimizer, Rule};
use compdd_core::{
    progress::{Interrupted, Stop},
    record::value_of,
};

/// Keeps black and white within the range of the hyperbolic tangent.
const WITHIN: f32 = 1.0 - 1e-6;

/// `min |x' - x|_2^2 + c max(z_y - max_{i != y} z_i, -kappa)` over `w`, where `x' = (tanh(w) + 1) / 2`: Adam, from the images. Of the images that fool
/// the nearest counts. There is no epsilon, and `c` is not searched for.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cw {
    /// Number of steps.
    pub steps: usize,
    /// What the margin counts beside the distance.
    pub c: f32,
    /// By how much another class must lead.
    pub kappa: f32,
    /// Learning rate of Adam.
    pub rate: f32,
}

impl Default for Cw {
    fn default() -> Self {
        Self { steps: 50, c: 1.0, kappa: 0.0, rate: 0.01 }
    }
}

/// What the attack minimises.
#[derive(Clone, Debug)]
pub struct CwTerms {
    /// `x'`: `[n, c, h, w]`.
    pub images: Tensor<4>,
    /// Logits of `x'`: `[n, classes]`.
    pub logits: Tensor<2>,
    /// Squared distances: `[n]`.
    pub distances: Tensor<1>,
    /// The sum over images: one value.
    pub total: Tensor<1>,
}

impl Cw {
    /// Where `x' = x`.
    pub fn start(images: &Tensor<4>) -> Tensor<4> {
        images.clone().mul_scalar(2.0).sub_scalar(1.0).mul_scalar(WITHIN).atanh()
    }

    /// The objective at `w [n, c, h, w]`, for images `clean` on the scale 0..1.
    pub fn terms(&self, victim: &dyn Victim, w: Tensor<4>, clean: &Tensor<4>, labels: &[u32]) -> CwTerms {
        let images = w.tanh().add_scalar(1.0).mul_scalar(0.5);
        let [n, c, h, width] = images.dims();
        let distances = (images.clone() - clean.clone()).powi_scalar(2).reshape([n, c * h * width]).sum_dim(1);
        let distances = distances.reshape([n]);
        let logits = victim.logits(images.clone());
        let lead = margins(&logits, labels).clamp_min(-self.kappa);
        let total = (distances.clone() + lead.mul_scalar(self.c)).sum();
        CwTerms { images, logits, distances, total }
    }
}

impl Attack for Cw {
    fn perturb(&self, victim: &dyn Victim, batch: &Batch<'_>, _: f32, stop: &Stop) -> Result<Tensor<4>, Interrupted> {
        let shape = batch.images.dims();
        let count = shape.iter().product::<usize>();
        let rule = Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0, matrices_only: false };
        let mut optimizer = Optimizer::new(rule);
        let mut w = Self::start(&batch.images);
        let (mut best, mut nearest) = (batch.images.clone(), vec![f32::INFINITY; batch.labels.len()]);
        for step in 0..=self.steps {
            stop.check()?;
            let leaf = w.clone().autodiff().require_grad();
            let terms = self.terms(victim, leaf.clone(), &batch.images, batch.labels);
            let distances = host(terms.distances);
            let seen = fooled(&terms.logits, batch.labels).into_iter().zip(distances.iter().zip(&nearest));
            let better: Vec<bool> = seen.map(|(fooled, (found, known))| fooled && found < known).collect();
            better
                .iter()
                .zip(nearest.iter_mut().zip(distances))
                .filter(|(better, _)| **better)
                .for_each(|(_, (nearest, distance))| *nearest = distance);
            best = choose(&better, terms.images.inner(), best);
            if step < self.steps {
                let gradient = leaf.grad_remove(&mut terms.total.backward()).unwrap_or_else(|| w.zeros_like());
                let flat = |values: Tensor<4>| vec![values.reshape([count])];
                let updated = optimizer.update(flat(w), flat(gradient), &[4], self.rate);
                w = updated.into_iter().next().map_or_else(|| best.clone(), |updated| updated.reshape(shape));
            }
        }
        Ok(best)
    }

    fn settings(&self) -> Value {
        value_of(self)
    }
}
