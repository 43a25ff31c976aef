//! Siamese augmentation (DSA, arXiv 2102.08259, section 3.1): one operation and one set of parameters for all real and all
//! synthetic images of a class, drawn anew for every class and step.

use burn::tensor::Tensor;

use compdd_core::rng::Stream;
use compdd_nn::augment::{Draw as _, Draws, DsaConfig, Sampling};

/// Which augmentation, from which streams.
#[derive(Clone, Debug)]
pub(super) struct Siamese {
    config: DsaConfig,
    seed: u64,
    classes: usize,
}

impl Siamese {
    /// Draws for a number of classes.
    pub fn new(config: DsaConfig, seed: u64, classes: usize) -> Self {
        Self { config, seed, classes }
    }

    /// The augmentation of `n` images of a class: the same whatever `n` is.
    pub fn draw(&self, step: u64, class: usize, n: usize, shape: [usize; 3]) -> Draws {
        let mut stream = Stream::new(self.seed, "siamese", step * self.classes as u64 + class as u64);
        self.config.draw(&mut stream, n, shape, Sampling::Siamese)
    }

    /// The draws of `n` synthetic images of every class.
    pub fn synthetic(&self, step: u64, n: usize, shape: [usize; 3]) -> PerClass {
        PerClass((0..self.classes).map(|class| self.draw(step, class, n, shape)).collect())
    }
}

/// One augmentation for each class of a set `[classes * n, channels, height, width]` in class order.
pub(super) struct PerClass(Vec<Draws>);

impl PerClass {
    /// The augmented images, as leaves of nothing: not tracked.
    pub fn apply(&self, images: &Tensor<4>) -> Tensor<4> {
        Draws::apply_each(&self.0, images)
    }

    /// The gradient with respect to the images, from that with respect to the augmented ones.
    pub fn pullback(&self, cotangent: &Tensor<4>) -> Tensor<4> {
        Draws::pullback_each(&self.0, cotangent)
    }
}
