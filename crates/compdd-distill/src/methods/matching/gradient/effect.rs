//! What each real image of a batch does to the step of the synthetic ones: individual treatment effects (`BiLP`, arXiv 2305.18381, section 3.2).
//!
//! With `g_i` the gradient that image `i` gives the network, `g` their mean and `M` the mixed second derivative of the matching loss with respect to
//! the synthetic pixels and `g`, leaving the image out of `N` changes the step by `M (g_i - g) / (N - 1)`, to first order.

use burn::tensor::Tensor;

use super::distance::GradientDistance;
use compdd_nn::{
    grad::{Batch, Differences, Differentiable as _, Objective, Targets},
    nn::Params,
};

/// The synthetic images of a class, as the network is shown them, against a real gradient.
pub struct Effects<'a> {
    objective: Objective<'a>,
    params: &'a Params,
    distance: GradientDistance,
    shown: &'a Batch,
    /// The mean gradient of the real images, and that of the synthetic ones.
    real: Params,
    own: Params,
}

impl<'a> Effects<'a> {
    /// The effects of images whose mean gradient is `real`.
    pub fn new(
        objective: Objective<'a>,
        params: &'a Params,
        distance: GradientDistance,
        real: Params,
        shown: &'a Batch,
    ) -> Self {
        let own = objective.gradient(params, shown).1;
        Self { objective, params, distance, shown, real, own }
    }

    /// The gradient of the matching loss with respect to the shown images, `[n, channels, height, width]`.
    pub fn step(&self) -> Tensor<4> {
        self.along(&self.distance.compare(&self.real, &self.own).direction)
    }

    fn along(&self, direction: &Params) -> Tensor<4> {
        self.objective.products(self.params, self.shown, direction, Differences::Exact).images
    }

    /// The effect of every image as far as it lengthens the step: `<w, g_i - g> / (N - 1)`, where `w` is the derivative of `<u, step>` with respect
    /// to `g` and `u` the step's direction. It has a sign, and it is no approximation of [`Effects::norms`]. One dual pass over the images.
    pub fn projections(&self, images: &Batch) -> Vec<f64> {
        let step = self.step();
        let length: f32 = step.clone().square().sum().sqrt().into_scalar();
        let unit = step / length.max(f32::MIN_POSITIVE);
        let turned = self.objective.along_images(self.params, self.shown, &unit);
        let w = self.distance.mixed(&self.real, &self.own, &turned);
        let slopes: Vec<f64> = host(self.objective.slopes(self.params, images, &w));
        let mean = slopes.iter().sum::<f64>() / slopes.len() as f64;
        slopes.iter().map(|slope| (slope - mean) / others(images)).collect()
    }

    /// The length of every image's effect, to first order: `|M (g_i - g)| / (N - 1)`. A backward pass and a second-order product an image.
    pub fn norms(&self, images: &Batch) -> Vec<f64> {
        let norm = |i: usize| {
            let difference = self.objective.gradient(self.params, &one(images, i)).1.add_scaled(&self.real, -1.0);
            let turned = self.distance.mixed(&self.own, &self.real, &difference);
            f64::from(self.along(&turned).square().sum().sqrt().into_scalar::<f32>()) / others(images)
        };
        (0..images.len()).map(norm).collect()
    }
}

/// `N - 1`.
fn others(images: &Batch) -> f64 {
    images.len().saturating_sub(1).max(1) as f64
}

/// Image `i` of a batch.
fn one(images: &Batch, i: usize) -> Batch {
    let rows = images.targets.rows().clone().narrow(0, i, 1);
    let targets = match &images.targets {
        Targets::Probabilities(_) => Targets::Probabilities(rows),
        Targets::Logits(_) => Targets::Logits(rows),
    };
    Batch { images: images.images.clone().narrow(0, i, 1), targets }
}

fn host(values: Tensor<1>) -> Vec<f64> {
    values.into_data().iter::<f32>().map(f64::from).collect()
}
