//! What every method of the family learns: the pixels of the images. Labels are the classes, and stay.

use burn::tensor::{Device, Tensor};

use crate::{
    methods::{MethodError, Start, State, StateError, descent::Descent, tensors},
    record::{Distilled, Labels},
};

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

    /// Images one after the other, with their optimiser.
    ///
    /// # Panics
    /// Without any part.
    pub fn cat(parts: Vec<Self>) -> Self {
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

    /// The set as it stands.
    pub fn distilled(&self, start: &Start<'_>) -> Result<Distilled, MethodError> {
        let task = start.task;
        let labels = task.training_classes().into_iter().flat_map(|(label, _)| vec![label; start.ipc]).collect();
        let (subset, classes, notes) = Distilled::describe_subset(&task.subset);
        Ok(Distilled {
            shape: self.images.dims(),
            images: self.images.clone().into_data().iter::<f32>().collect(),
            labels: Labels::Hard(labels),
            learning_rate: STUDENT_RATE,
            formation: 1,
            space: task.space.record(),
            subset,
            classes,
            notes,
            method: start.method.to_owned(),
            ipc: start.ipc,
            recipe: start.recipe.to_json(),
            provenance: start.provenance.clone(),
        })
    }
}
