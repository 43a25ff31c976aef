//! The images that are attacked together, and what attacks ask about them.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Victim, cross_entropies, ranked};
use compdd_core::rng::Stream;

/// Some images with their labels. Their places name what is drawn for each, so that nothing depends on who else is in the batch.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// `[n, channels, height, width]` on the scale 0..1, not tracked for gradients.
    pub images: Tensor<4>,
    /// The class of every image.
    pub labels: &'a [u32],
    /// Where each stands in its test set.
    pub places: &'a [usize],
    /// Root of what is drawn.
    pub seed: u64,
}

impl Batch<'_> {
    /// The stream of an image for a purpose.
    pub(super) fn stream(&self, purpose: &str, image: usize) -> Stream {
        Stream::new(self.seed, purpose, self.places[image] as u64)
    }

    /// A value of every pixel, drawn image by image.
    pub(super) fn noise(&self, purpose: &str, draw: impl Fn(&mut Stream) -> f32) -> Tensor<4> {
        let shape = self.images.dims();
        let size = shape[1..].iter().product::<usize>();
        let mut values = Vec::with_capacity(shape[0] * size);
        for image in 0..shape[0] {
            let mut stream = self.stream(purpose, image);
            values.extend((0..size).map(|_| draw(&mut stream)));
        }
        Tensor::from_data(TensorData::new(values, shape), &self.images.device())
    }
}

/// What a loss says of images.
pub(super) struct Slope {
    /// The loss of every image.
    pub losses: Vec<f32>,
    /// Whether the network takes it for another class.
    pub fooled: Vec<bool>,
    /// The gradient of the sum of the losses with respect to the images.
    pub gradient: Tensor<4>,
}

/// The loss of every image and its gradient. `loss` makes one value an image of the logits and the images, both tracked: `[n, classes]`, `[n, c, h, w]`
/// -> `[n]`.
pub(super) fn slope(
    victim: &dyn Victim,
    images: &Tensor<4>,
    labels: &[u32],
    loss: impl FnOnce(Tensor<2>, &Tensor<4>) -> Tensor<1>,
) -> Slope {
    let leaf = images.clone().autodiff().require_grad();
    let logits = victim.logits(leaf.clone());
    let fooled = fooled(&logits, labels);
    let losses = loss(logits, &leaf);
    let mut gradients = losses.clone().sum().backward();
    let gradient = leaf.grad_remove(&mut gradients).unwrap_or_else(|| images.zeros_like());
    Slope { losses: host(losses), fooled, gradient }
}

/// The direction in which cross-entropies rise.
pub(super) fn ascent(victim: &dyn Victim, images: &Tensor<4>, labels: &[u32]) -> Tensor<4> {
    slope(victim, images, labels, |logits, _| cross_entropies(logits, labels)).gradient
}

/// Whether the largest logit of every row is another one than the label's; of equal ones the first counts.
pub(super) fn fooled(logits: &Tensor<2>, labels: &[u32]) -> Vec<bool> {
    ranked(logits).iter().zip(labels).map(|(order, &label)| order[0] != label as usize).collect()
}

/// The values of a tensor, tracked or not.
pub(super) fn host<const D: usize>(values: Tensor<D>) -> Vec<f32> {
    values.inner().into_data().iter::<f32>().collect()
}

/// A value an image, to be multiplied with images: `[n]` -> `[n, 1, 1, 1]`.
pub(super) fn each(values: Vec<f32>, device: &Device) -> Tensor<4> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count, 1, 1, 1]), device)
}

/// `new` where `taken` says so, else `old`.
pub(super) fn choose(taken: &[bool], new: Tensor<4>, old: Tensor<4>) -> Tensor<4> {
    let rows: Vec<i32> = (0..taken.len()).map(|i| (if taken[i] { i } else { taken.len() + i }) as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [taken.len()]), &old.device());
    Tensor::cat(vec![new, old], 0).select(0, rows)
}
