//! Mixup: every image becomes a weighted mean with another image of the minibatch, and the labels follow.
//!
//! Source: mixup (Zhang et al., ICLR 2018), with one weight and one permutation a minibatch.

use burn::tensor::{Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{MixConfig, beta};
use compdd_core::rng::Stream;

/// One drawn mix of a minibatch: recorded, replayed, applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixup {
    /// Which image each one is mixed with.
    partners: Vec<usize>,
    /// Weight of the image itself.
    kept: f32,
}

impl Mixup {
    /// A mix with recorded draws: `kept x + (1 - kept) x[partners]`.
    pub fn new(kept: f32, partners: Vec<usize>) -> Self {
        Self { partners, kept }
    }

    /// The mix of a minibatch of `n` images, or none, by chance.
    pub fn draw(config: &MixConfig, stream: &mut Stream, n: usize) -> Option<Self> {
        let kept = beta::share(config, stream)?;
        Some(Self::new(kept, stream.permutation(n)))
    }

    /// Weight of an image, and so of its label.
    pub fn kept(&self) -> f32 {
        self.kept
    }

    /// Number of images the mix was drawn for.
    pub(super) fn len(&self) -> usize {
        self.partners.len()
    }

    /// The mixed images, or the mixed target probabilities.
    ///
    /// # Shapes
    /// `[n, ..]` with the `n` the mix was drawn for, and so is the result.
    pub fn mixed<const D: usize>(&self, rows: Tensor<D>) -> Tensor<D> {
        mixed(self.kept, &self.partners, rows)
    }
}

/// Rows weighted by `kept`, and those of their partners by the rest.
pub(super) fn mixed<const D: usize>(kept: f32, partners: &[usize], rows: Tensor<D>) -> Tensor<D> {
    let partners = exchanged(partners, rows.clone());
    rows.mul_scalar(kept) + partners.mul_scalar(1.0 - kept)
}

/// The rows of the partners.
pub(super) fn exchanged<const D: usize>(partners: &[usize], rows: Tensor<D>) -> Tensor<D> {
    let data = TensorData::new(partners.iter().map(|&i| i as i32).collect(), [partners.len()]);
    let partners = Tensor::<1, Int>::from_data(data, &rows.device().without_autodiff());
    rows.select(0, partners)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::tests::{distance, noise, values};

    #[test]
    fn images_and_labels_mix_by_the_same_weight() {
        let x = noise(1, 3, [3, 4, 4]);
        let mix = Mixup::new(0.75, vec![2, 0, 1]);
        let (whole, mixed) = (values(x.clone()), values(mix.mixed(x.clone())));
        let expected: Vec<f32> = (0..144).map(|i| 0.75 * whole[i] + 0.25 * whole[(i + 96) % 144]).collect();
        assert!(distance(&mixed, &expected) < 1e-6);
        assert_eq!(values(Mixup::new(1.0, vec![2, 0, 1]).mixed(x)), whole);
        let targets = Tensor::<2>::from_data([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], &burn::tensor::Device::flex());
        let rows: Vec<f32> = mix.mixed(targets).into_data().iter::<f32>().collect();
        assert!(distance(&rows, &[1.0, 0.0, 0.25, 0.75, 0.75, 0.25]) < 1e-6);
    }

    #[test]
    fn a_minibatch_is_mixed_by_chance() {
        let draw = |probability, index| {
            let config = MixConfig { alpha: 0.8, probability };
            Mixup::draw(&config, &mut Stream::new(0, "mixup", index), 4)
        };
        assert!((0..100).all(|index| draw(0.0, index).is_none() && draw(1.0, index).is_some()));
        let mixes: Vec<Mixup> = (0..4000).filter_map(|index| draw(0.5, index)).collect();
        assert!((1850..2150).contains(&mixes.len()), "{}", mixes.len());
        let mean = mixes.iter().map(Mixup::kept).sum::<f32>() / mixes.len() as f32;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
    }
}
