//! What is learned: images, labels, the student's step size, and the averages that go with them.

use burn::tensor::{Device, Tensor};

use super::recipe::TrajectoryRecipe;
use crate::methods::{State, StateError, descent::Descent, tensors};
use compdd_nn::grad::{MetaGradient, Targets};

/// Everything that an update changes.
pub(super) struct Learned {
    /// `[N, channels, height, width]`, in the task's pixel space, never clipped.
    pub images: Tensor<4>,
    /// Logits are learned; probabilities are as given.
    pub targets: Targets,
    /// Student step size.
    pub rate: f64,
    /// Running average of the images.
    pub average: Option<Tensor<4>>,
    descent_images: Descent<4>,
    descent_labels: Descent<2>,
    pub(super) lr_rate: f64,
    momentum_rate: f64,
    buffer_rate: Option<f64>,
    decay: f64,
}

impl Learned {
    pub fn new(images: Tensor<4>, targets: Targets, recipe: &TrajectoryRecipe) -> Self {
        Self {
            average: (recipe.ema > 0.0).then(|| images.clone()),
            images,
            targets,
            rate: recipe.learning_rate,
            descent_images: Descent::new(recipe.lr_img, recipe.momentum_img),
            descent_labels: Descent::new(recipe.lr_label, recipe.momentum_label),
            lr_rate: recipe.lr_lr,
            momentum_rate: recipe.momentum_lr,
            buffer_rate: None,
            decay: recipe.ema,
        }
    }

    /// The step size after an update with this gradient, without making it.
    pub fn next_rate(&self, gradient: f64) -> f64 {
        self.rate - self.lr_rate * (self.buffer_rate.unwrap_or(0.0) * self.momentum_rate + gradient)
    }

    /// One step of all optimisers. `weights` `[N, 1, height, width]` multiply the gradient of the images alone, before the
    /// momentum.
    pub fn update(&mut self, gradient: MetaGradient, weights: Option<&Tensor<4>>) {
        let images = match weights {
            Some(weights) => gradient.images * weights.clone(),
            None => gradient.images,
        };
        self.images = self.descent_images.step(self.images.clone(), images);
        if let (Targets::Logits(rows), Some(labels)) = (&self.targets, gradient.labels) {
            self.targets = Targets::Logits(self.descent_labels.step(rows.clone(), labels));
        }
        self.rate = self.next_rate(gradient.rate);
        self.buffer_rate = Some(self.buffer_rate.unwrap_or(0.0) * self.momentum_rate + gradient.rate);
        self.average =
            self.average.take().map(|average| average * self.decay + self.images.clone() * (1.0 - self.decay));
    }

    pub fn save(&self, to: &mut State) {
        tensors::put(to, "images", &self.images);
        tensors::put(to, "targets", self.targets.rows());
        tensors::put_optional(to, "images.average", self.average.as_ref());
        tensors::put_optional(to, "images.momentum", self.descent_images.buffer.as_ref());
        tensors::put_optional(to, "labels.momentum", self.descent_labels.buffer.as_ref());
        to.put_number("rate", self.rate.to_bits());
        to.put_number("rate.momentum", self.buffer_rate.unwrap_or(f64::NAN).to_bits());
    }

    pub fn load(&mut self, from: &State, device: &Device) -> Result<(), StateError> {
        let (images, rows) = (self.images.dims(), self.targets.rows().dims());
        self.images = tensors::get(from, "images", images, device)?;
        self.targets = self.targets.with_rows(tensors::get(from, "targets", rows, device)?);
        self.average = tensors::get_optional(from, "images.average", images, device)?;
        self.descent_images.buffer = tensors::get_optional(from, "images.momentum", images, device)?;
        self.descent_labels.buffer = tensors::get_optional(from, "labels.momentum", rows, device)?;
        self.rate = f64::from_bits(from.number("rate")?);
        self.buffer_rate = Some(f64::from_bits(from.number("rate.momentum")?)).filter(|buffer| !buffer.is_nan());
        Ok(())
    }
}
