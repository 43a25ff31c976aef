//! The loss of a network on a batch, and its first derivatives.

use burn::tensor::{Tensor, activation::softmax};

use super::{Differences, GradError, Products};
use crate::nn::{Mode, Network, Params, loss::probability_cross_entropy};

/// What the images of a batch are labelled with.
#[derive(Clone, Debug)]
pub enum Targets {
    /// Distributions `[n, classes]`, used as they are: hard labels are rows with a single one.
    Probabilities(Tensor<2>),
    /// Label logits `[n, classes]`: the softmax is inside the loss, and they can be learned.
    Logits(Tensor<2>),
}

impl Targets {
    /// The rows `[n, classes]`, whatever they mean.
    pub fn rows(&self) -> &Tensor<2> {
        match self {
            Self::Probabilities(rows) | Self::Logits(rows) => rows,
        }
    }

    /// The same kind of targets from other rows.
    #[must_use]
    pub fn with_rows(&self, rows: Tensor<2>) -> Self {
        match self {
            Self::Probabilities(_) => Self::Probabilities(rows),
            Self::Logits(_) => Self::Logits(rows),
        }
    }

    /// The distributions that the loss compares with.
    pub(super) fn probabilities(&self) -> Tensor<2> {
        match self {
            Self::Probabilities(rows) => rows.clone(),
            Self::Logits(rows) => softmax(rows.clone(), 1),
        }
    }

    /// Whether the rows can be learned.
    pub(super) fn learnable(&self) -> bool {
        matches!(self, Self::Logits(_))
    }
}

/// Images and their targets.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[n, channels, height, width]`, not tracked.
    pub images: Tensor<4>,
    /// One row per image, not tracked.
    pub targets: Targets,
}

impl Batch {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.images.dims()[0]
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn narrow(&self, start: usize, len: usize) -> Self {
        Self {
            images: self.images.clone().narrow(0, start, len),
            targets: self.targets.with_rows(self.targets.rows().clone().narrow(0, start, len)),
        }
    }

    /// The same batch as leaves of a graph.
    pub(super) fn track(&self) -> Self {
        let images = self.images.clone().inner().autodiff().require_grad();
        let rows = self.targets.rows().clone().inner().autodiff();
        let rows = if self.targets.learnable() { rows.require_grad() } else { rows };
        Self { images, targets: self.targets.with_rows(rows) }
    }
}

/// The mean cross-entropy of a network on a batch, as a function of parameters, images and label logits.
#[derive(Clone, Copy, Debug)]
pub struct Objective<'n> {
    pub(super) network: &'n Network,
    pub(super) mode: Mode,
    pub(super) chunk: usize,
}

/// First derivatives of the loss.
#[derive(Clone, Debug)]
pub struct First {
    /// The loss, one value.
    pub loss: Tensor<1>,
    /// With respect to the parameters; running statistics are those after the batch.
    pub parameters: Params,
    /// With respect to the images `[n, channels, height, width]`.
    pub images: Tensor<4>,
    /// With respect to the label logits `[n, classes]`, if the labels are logits.
    pub labels: Option<Tensor<2>>,
}

impl<'n> Objective<'n> {
    /// The objective of a network, batch norms (if any) in `mode`.
    pub fn new(network: &'n Network, mode: Mode) -> Self {
        Self { network, mode, chunk: usize::MAX }
    }

    /// At most `images` at a time: less memory, the same derivatives.
    ///
    /// # Errors
    /// [`GradError::ChunkedBatchNorm`] when the images of a batch depend on each other.
    pub fn in_chunks_of(self, images: usize) -> Result<Self, GradError> {
        if self.mode == Mode::Train && self.network.couples_images() {
            return Err(GradError::ChunkedBatchNorm);
        }
        Ok(Self { chunk: images.max(1), ..self })
    }

    /// The network.
    pub fn network(&self) -> &'n Network {
        self.network
    }

    /// The loss and all its first derivatives.
    pub fn first(&self, params: &Params, batch: &Batch) -> First {
        self.sum(batch, |batch, share| {
            let (tracked, leaves) = (params.track(), batch.track());
            let output = self.network.forward(&tracked, leaves.images.clone(), self.mode);
            let loss = probability_cross_entropy(output.logits, leaves.targets.probabilities()) * share;
            let mut gradients = loss.backward();
            let parameters = tracked.gradients(&mut gradients).with_buffers(output.buffers);
            let (images, labels) = taken(&leaves, &mut gradients);
            First { loss: loss.inner(), parameters, images, labels }
        })
    }

    /// Adds up what `of` gives for every chunk of the batch and its share of the mean.
    pub(super) fn sum<T: Sum>(&self, batch: &Batch, of: impl Fn(&Batch, f64) -> T) -> T {
        let n = batch.len();
        if n <= self.chunk {
            return of(batch, 1.0);
        }
        let part = |start: usize| {
            let len = self.chunk.min(n - start);
            of(&batch.narrow(start, len), len as f64 / n as f64)
        };
        let first = part(0);
        (self.chunk..n).step_by(self.chunk).fold(first, |sum, start| sum.plus(part(start)))
    }
}

/// A loss of parameters and a batch that can be differentiated twice along directions in parameter space: what a
/// [`Rollout`](super::Rollout) goes down.
pub trait Differentiable {
    /// The loss (one value) and its gradient with respect to the parameters alone: a step of training.
    fn gradient(&self, params: &Params, batch: &Batch) -> (Tensor<1>, Params);

    /// The derivatives of the gradient's inner product with `direction`.
    fn products(&self, params: &Params, batch: &Batch, direction: &Params, how: Differences) -> Products;
}

impl Differentiable for Objective<'_> {
    fn gradient(&self, params: &Params, batch: &Batch) -> (Tensor<1>, Params) {
        self.sum(batch, |batch, share| {
            let tracked = params.track();
            let output = self.network.forward(&tracked, batch.images.clone(), self.mode);
            let loss = probability_cross_entropy(output.logits, batch.targets.probabilities()) * share;
            let mut gradients = loss.backward();
            (loss.inner(), tracked.gradients(&mut gradients).with_buffers(output.buffers))
        })
    }

    fn products(&self, params: &Params, batch: &Batch, direction: &Params, how: Differences) -> Products {
        match how {
            Differences::Exact => self.exact_products(params, batch, direction),
            Differences::Central { step } => self.central_differences(params, batch, direction, step),
        }
    }
}

/// The gradients of a batch's leaves; zeros where the loss does not depend on one.
pub(super) fn taken(leaves: &Batch, gradients: &mut burn::tensor::Gradients) -> (Tensor<4>, Option<Tensor<2>>) {
    let images = leaves.images.grad_remove(gradients).unwrap_or_else(|| leaves.images.clone().inner().zeros_like());
    let labels = leaves.targets.learnable().then(|| {
        let rows = leaves.targets.rows();
        rows.grad_remove(gradients).unwrap_or_else(|| rows.clone().inner().zeros_like())
    });
    (images, labels)
}

/// What the chunks of one batch add up to: sums over the loss and the parameters, rows one after the other.
pub(super) trait Sum {
    /// This and the next chunk's.
    #[must_use]
    fn plus(self, next: Self) -> Self;
}

impl Sum for (Tensor<1>, Params) {
    fn plus(self, next: Self) -> Self {
        (self.0 + next.0, self.1.add_scaled(&next.1, 1.0))
    }
}

impl Sum for First {
    fn plus(self, next: Self) -> Self {
        Self {
            loss: self.loss + next.loss,
            parameters: self.parameters.add_scaled(&next.parameters, 1.0),
            images: Tensor::cat(vec![self.images, next.images], 0),
            labels: self.labels.zip(next.labels).map(|(a, b)| Tensor::cat(vec![a, b], 0)),
        }
    }
}
