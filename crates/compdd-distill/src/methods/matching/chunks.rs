//! How the images of an iteration are divided into forward passes, and how often the host waits for the device.

use burn::tensor::{Device, Tensor};

use crate::methods::{Start, StepReport};
use compdd_nn::nn::Network;

/// Pixels of one forward pass on a CPU (256 images of 32 pixels): enough to keep the cores busy, few enough for the caches.
const PIXELS_CPU: usize = 256 * 32 * 32;

/// Pixels of one forward pass elsewhere (8192 images of 32 pixels).
const PIXELS_DEVICE: usize = 8192 * 32 * 32;

/// Iterations between two looks at the loss on a device that computes beside the host.
const LOOK_EVERY: usize = 10;

/// The division of an iteration's images.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkPlan {
    /// Most images of a pass; `usize::MAX` where a batch norm makes all images depend on each other.
    images: usize,
    /// Whether the loss of every step is looked at.
    every_step: bool,
}

impl ChunkPlan {
    /// By the device, the size of an image and `--chunk`. None of it changes a result.
    pub fn new(start: &Start<'_>, network: &Network) -> Self {
        let independent = Self::independent(start);
        if network.couples_images() { Self { images: usize::MAX, ..independent } } else { independent }
    }

    /// For passes in which no image depends on another: without batch norm, or with its running statistics.
    pub fn independent(start: &Start<'_>) -> Self {
        let cpu = *start.device == Device::flex();
        let [_, height, width] = start.task.train.shape();
        let pixels = if cpu { PIXELS_CPU } else { PIXELS_DEVICE };
        Self { images: start.chunk.unwrap_or(pixels / (height * width)).max(1), every_step: cpu }
    }

    /// Most images of a pass.
    pub fn images(self) -> usize {
        self.images
    }

    /// The passes over rows `from..to`, each `(first, end)`.
    pub fn parts(self, from: usize, to: usize) -> impl Iterator<Item = (usize, usize)> {
        let size = self.images.min((to - from).max(1));
        (from..to).step_by(size).map(move |first| (first, (first + size).min(to)))
    }

    /// Groups of whole classes with `each` synthetic images that make up a pass, each `(first class, end)`.
    pub fn groups(self, classes: usize, each: usize) -> impl Iterator<Item = (usize, usize)> {
        let size = (self.images / each.max(1)).clamp(1, classes.max(1));
        (0..classes).step_by(size).map(move |first| (first, (first + size).min(classes)))
    }

    /// What a step reports: on a CPU its loss and `values`; elsewhere both only every tenth step, so that the host need not
    /// wait for the device in between.
    pub fn report(
        self,
        step: usize,
        loss: &Tensor<1>,
        values: impl FnOnce() -> Vec<(&'static str, f64)>,
    ) -> StepReport {
        if !self.every_step && !step.is_multiple_of(LOOK_EVERY) {
            return StepReport::default();
        }
        StepReport {
            loss: Some(f64::from(loss.clone().into_scalar::<f32>())),
            values: values(),
            ..StepReport::default()
        }
    }
}
