//! What every method of the family learns: the pixels of the images. Labels are the classes, and stay.

use burn::tensor::{Device, Tensor};

use crate::methods::{Start, State, StateError, descent::Descent, tensors};
use compdd_core::record::{Distilled, Labels};

/// Learning rate with which students train on a matched set: a constant of the protocols of the lineage.
const STUDENT_RATE: f32 = 0.01;

/// The images and their optimiser: gradient descent with momentum.
#[derive(Clone)]
pub(super) struct Pixels {
    /// `[classes * ipc, channels, height, width]`, class by class, in the task's pixel space, never clipped.
    pub images: Tensor<4>,
    pub descent: Descent<4>,
}

impl Pixels {
    pub fn new(images: Tensor<4>, rate: f64, momentum: f64) -> Self {
        Self { images, descent: Descent::new(rate, momentum) }
    }

    /// One step along the gradient `[classes * ipc, channels, height, width]`.
    pub fn update(&mut self, gradient: Tensor<4>) {
        self.images = self.descent.step(self.images.clone(), gradient);
    }

    /// `steps` steps without a gradient: momentum alone.
    pub fn coast(&mut self, steps: usize) {
        self.images = self.descent.coast(self.images.clone(), steps);
    }

    /// Some images and their part of the optimiser.
    pub fn rows(&self, from: usize, count: usize) -> Self {
        let rows = |all: &Tensor<4>| all.clone().narrow(0, from, count);
        let buffer = self.descent.buffer.as_ref().map(rows);
        Self { images: rows(&self.images), descent: Descent { buffer, ..self.descent.clone() } }
    }

    /// Every class `c` of `classes` takes `steps(c)` steps without a gradient: what an optimiser that is stepped for one class
    /// after the other does to those whose turn it is not.
    pub fn coast_by_class(&mut self, classes: usize, steps: impl Fn(usize) -> usize) {
        if self.descent.buffer.is_none() {
            return;
        }
        let each = self.images.dims()[0] / classes;
        let coasted = (0..classes).map(|class| {
            let mut own = self.rows(class * each, each);
            own.coast(steps(class));
            own
        });
        *self = Self::cat(&coasted.collect::<Vec<_>>());
    }

    /// Images one after the other, with their optimiser.
    ///
    /// # Panics
    /// Without any part.
    pub fn cat(parts: &[Self]) -> Self {
        let images = Tensor::cat(parts.iter().map(|part| part.images.clone()).collect(), 0);
        let buffers: Option<Vec<_>> = parts.iter().map(|part| part.descent.buffer.clone()).collect();
        let buffer = buffers.map(|buffers| Tensor::cat(buffers, 0));
        Self { images, descent: Descent { buffer, ..parts[0].descent.clone() } }
    }

    pub fn save(&self, to: &mut State) {
        tensors::put(to, "images", &self.images);
        tensors::put_optional(to, "images.momentum", self.descent.buffer.as_ref());
    }

    pub fn load(&mut self, from: &State, device: &Device) -> Result<(), StateError> {
        let shape = self.images.dims();
        self.images = tensors::get(from, "images", shape, device)?;
        self.descent.buffer = tensors::get_optional(from, "images.momentum", shape, device)?;
        Ok(())
    }

    /// The set as it stands; each of its images holds `formation` by `formation` others.
    pub fn distilled(&self, start: &Start<'_>, formation: usize) -> Distilled {
        let labels = start.task.training_classes().into_iter().flat_map(|(label, _)| vec![label; start.ipc]).collect();
        let images = self.images.clone().into_data().iter::<f32>().collect();
        Distilled { formation, ..start.distilled(images, Labels::Hard(labels), STUDENT_RATE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_coasts_through_the_turns_of_the_others() {
        let (classes, rate) = (10, 0.2);
        let mut pixels = Pixels::new(Tensor::zeros([classes, 1, 1, 1], &Device::flex()), rate, 0.5);
        let mut gradient = vec![0.0_f32; classes];
        gradient[0] = 3.0;
        let gradient = Tensor::<1>::from_floats(gradient.as_slice(), &Device::flex()).reshape([classes, 1, 1, 1]);
        pixels.coast_by_class(classes, |class| class);
        pixels.update(gradient);
        pixels.coast_by_class(classes, |class| classes - 1 - class);
        let moved: Vec<f32> = pixels.images.clone().into_data().iter::<f32>().collect();
        let expected = rate * 3.0 * (2.0 - 2.0_f64.powi(-9));
        assert!((f64::from(moved[0]) + expected).abs() < 1e-6, "{moved:?}");
        assert!(moved[1..].iter().all(|value| *value == 0.0));

        // The next iteration finds next to nothing left, whatever the class; step by step gives the same.
        let mut one = Descent::new(rate, 0.5);
        let mut value = Tensor::<1>::zeros([1], &Device::flex());
        let mut slow = Vec::new();
        for turn in 0..2 * classes {
            let gradient = if turn % classes == 3 { 3.0 } else { 0.0 };
            value = one.step(value, Tensor::from_floats([gradient], &Device::flex()));
            slow.push(value.clone().into_scalar::<f32>());
        }
        let mut pixels = Pixels::new(Tensor::zeros([classes, 1, 1, 1], &Device::flex()), rate, 0.5);
        for end in [classes, 2 * classes] {
            pixels.coast_by_class(classes, |class| class);
            pixels.update(Tensor::ones([classes, 1, 1, 1], &Device::flex()) * 3.0);
            pixels.coast_by_class(classes, |class| classes - 1 - class);
            let fast: Vec<f32> = pixels.images.clone().into_data().iter::<f32>().collect();
            assert!((fast[3] - slow[end - 1]).abs() < 1e-6, "{} against {}", fast[3], slow[end - 1]);
        }
    }
}
