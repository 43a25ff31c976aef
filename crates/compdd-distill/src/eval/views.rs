//! What a student sees in an epoch: which images in which order, and what is drawn for each minibatch.
//!
//! Everything is addressed by a seed, a purpose and an epoch or step, so that it can be drawn again without a student: labels of views are
//! stored so.

use compdd_core::{
    protocol::{Pipeline, ProtocolError},
    rng::Stream,
};
use compdd_data::data::PixelSpace;
use compdd_nn::augment::{BatchSpec, DrawBatch as _, Draws, Sampling};

use super::EvalError;

/// What the views of a training are drawn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Views<'a> {
    pub pipeline: &'a Pipeline,
    /// Mean and standard deviation with which the images were normalised, where they are bytes.
    pub normalisation: Option<([f32; 3], [f32; 3])>,
    pub seed: u64,
}

/// Mean and standard deviation of each channel, where a space holds normalised bytes.
pub(crate) fn normalisation(space: &PixelSpace) -> Option<([f32; 3], [f32; 3])> {
    space.whitening().is_none().then(|| space.statistics())
}

impl Views<'_> {
    /// The order of the images in an epoch.
    pub fn order(&self, epoch: usize, images: usize) -> Vec<usize> {
        Stream::new(self.seed, "shuffle", epoch as u64).permutation(images)
    }

    /// What is drawn for minibatch number `step` of the training, of `[n, channels, height, width]`.
    pub fn draws(&self, [images, channels, height, width]: [usize; 4], step: u64) -> Result<Draws, EvalError> {
        let shape = [channels, height, width];
        let batch = BatchSpec { images, shape, normalisation: self.normalisation, sampling: Sampling::PerImage };
        Ok(self.pipeline.draw_batch(&batch, self.seed, step).map_err(ProtocolError::from)?)
    }
}

/// Where minibatches lie in passes over the images, each in an order of its own. The last minibatch of a pass may be smaller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// Images of a pass.
    pub images: usize,
    /// Images of a minibatch.
    pub batch: usize,
}

impl Places {
    /// Minibatches of a pass.
    pub fn of_a_pass(self) -> usize {
        self.images.div_ceil(self.batch)
    }

    /// Pass of a step of the training, and which of its minibatches the step takes.
    pub fn of(self, step: usize) -> (usize, usize) {
        (step / self.of_a_pass(), step % self.of_a_pass())
    }

    /// The images of a minibatch, by their places in the order of its pass.
    pub fn range(self, minibatch: usize) -> std::ops::Range<usize> {
        let first = minibatch * self.batch;
        first..(first + self.batch).min(self.images)
    }
}
