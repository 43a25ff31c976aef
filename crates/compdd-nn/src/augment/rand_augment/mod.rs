//! `RandAugment`: random operations on the bytes of every image.
//!
//! It stands before normalisation, so images go back to bytes, through the operations, and to the network's input again. Nothing here
//! has a derivative. Everything is computed in host memory, image by image in parallel.
//!
//! Source: `RandAugment` (Cubuk et al., 2020, arXiv 1909.13719) with the fourteen operations and the strengths of torchvision, on bytes as
//! Pillow computes them; `tests/fixtures/rand_augment.safetensors` holds Pillow's results.

mod geometry;
mod values;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{RandAugmentConfig, config::Sampling};
use compdd_core::rng::Stream;

/// An operation on bytes. Its strength is what [`Pick`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteKind {
    /// Nothing.
    Identity,
    /// Columns read further right by this share of the row.
    ShearX,
    /// Rows read further down by this share of the column.
    ShearY,
    /// Content moves right by so many pixels.
    TranslateX,
    /// Content moves down by so many pixels.
    TranslateY,
    /// Content turns counter-clockwise by so many degrees.
    Rotate,
    /// One more than this is the share of the image beside black.
    Brightness,
    /// One more than this is the share of the image beside its grey values.
    Color,
    /// One more than this is the share of the image beside its mean grey.
    Contrast,
    /// One more than this is the share of the image beside a smoothed one.
    Sharpness,
    /// So many leading bits stay.
    Posterize,
    /// Values from this on are inverted.
    Solarize,
    /// The range of every channel is stretched to that of a byte.
    AutoContrast,
    /// The histogram of every channel is flattened.
    Equalize,
}

impl ByteKind {
    /// Every operation, in the order of the paper's list.
    pub const ALL: [Self; 14] = [
        Self::Identity,
        Self::ShearX,
        Self::ShearY,
        Self::TranslateX,
        Self::TranslateY,
        Self::Rotate,
        Self::Brightness,
        Self::Color,
        Self::Contrast,
        Self::Sharpness,
        Self::Posterize,
        Self::Solarize,
        Self::AutoContrast,
        Self::Equalize,
    ];

    /// The strength at a magnitude of 0 to 30 on images of `h` by `w` pixels, and whether its sign is drawn.
    fn strength(self, magnitude: usize, [h, w]: [usize; 2]) -> (f32, bool) {
        let part = magnitude as f32 / RandAugmentConfig::LARGEST as f32;
        // The farthest translation is 150 of 331 pixels, the image size of AutoAugment's ImageNet policies.
        let reach = |side: usize| (part * 150.0 / 331.0 * side as f32).trunc();
        match self {
            Self::Identity | Self::AutoContrast | Self::Equalize => (0.0, false),
            Self::ShearX | Self::ShearY => (0.3 * part, true),
            Self::TranslateX => (reach(w), true),
            Self::TranslateY => (reach(h), true),
            Self::Rotate => (30.0 * part, true),
            Self::Brightness | Self::Color | Self::Contrast | Self::Sharpness => (0.9 * part, true),
            Self::Posterize => (8.0 - (4.0 * part).round_ties_even(), false),
            Self::Solarize => (255.0 * (1.0 - part), false),
        }
    }

    /// The image `[3, h, w]` after the operation.
    fn apply(self, strength: f32, image: Vec<u8>, [h, w]: [usize; 2]) -> Vec<u8> {
        let (side, share) = ([h, w], f64::from(strength));
        match self {
            Self::Identity => image,
            Self::ShearX => geometry::sample(&image, side, [1.0, share, 0.0], [0.0, 1.0, 0.0]),
            Self::ShearY => geometry::sample(&image, side, [1.0, 0.0, 0.0], [share, 1.0, 0.0]),
            Self::TranslateX => geometry::sample(&image, side, [1.0, 0.0, -share], [0.0, 1.0, 0.0]),
            Self::TranslateY => geometry::sample(&image, side, [1.0, 0.0, 0.0], [0.0, 1.0, -share]),
            Self::Rotate => geometry::rotated(&image, side, share),
            Self::Brightness => values::blend(&vec![0; image.len()], &image, 1.0 + strength),
            Self::Color => values::blend(&values::grey(&image).repeat(3), &image, 1.0 + strength),
            Self::Contrast => values::blend(&vec![values::mean_grey(&image); image.len()], &image, 1.0 + strength),
            Self::Sharpness => values::blend(&values::smoothed(&image, side), &image, 1.0 + strength),
            Self::Posterize => values::mapped(image, |v| v & !(0xff_u8.checked_shr(strength as u32).unwrap_or(0))),
            Self::Solarize => values::mapped(image, |v| if f32::from(v) < strength { v } else { 255 - v }),
            Self::AutoContrast => values::stretched(image),
            Self::Equalize => values::equalized(image),
        }
    }
}

/// One drawn operation and its strength: in pixels, degrees, bits or byte values, a share otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pick(pub ByteKind, pub f32);

/// The operations of a minibatch: recorded, replayed, applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandAugment {
    /// The operations of every image, in the order they are applied.
    picks: Vec<Vec<Pick>>,
    /// Mean of each channel of the normalisation, on the scale 0..1.
    mean: [f32; 3],
    /// Standard deviation of each channel of the normalisation, on the scale 0..1.
    std: [f32; 3],
}

impl RandAugment {
    /// Recorded operations on images normalised by `mean` and `std`.
    pub fn new(picks: Vec<Vec<Pick>>, (mean, std): ([f32; 3], [f32; 3])) -> Self {
        Self { picks, mean, std }
    }

    /// The operations of `n` images of `side` (height, width) pixels, normalised by a mean and a deviation.
    pub(super) fn draw(
        config: &RandAugmentConfig,
        stream: &mut Stream,
        n: usize,
        side: [usize; 2],
        normalisation: ([f32; 3], [f32; 3]),
        sampling: Sampling,
    ) -> Self {
        let mut pick = || {
            let kind = ByteKind::ALL[stream.below(ByteKind::ALL.len())];
            let (strength, signed) = kind.strength(config.magnitude, side);
            Pick(kind, if signed && stream.below(2) == 1 { -strength } else { strength })
        };
        let picks = sampling.each(n, || (0..config.operations).map(|_| pick()).collect());
        Self::new(picks, normalisation)
    }

    /// The operations of every image.
    pub fn picks(&self) -> &[Vec<Pick>] {
        &self.picks
    }

    /// The images after their operations, rounded to bytes first. The result is not tracked.
    ///
    /// # Shapes
    /// `[n, 3, h, w]` with the `n`, `h` and `w` the operations were drawn for, and so is the result.
    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let (shape @ [_, channels, h, w], device, dtype) = (x.dims(), x.device().without_autodiff(), x.dtype());
        let mut values: Vec<f32> = x.inner().into_data().iter::<f32>().collect();
        values.par_chunks_mut(channels * h * w).zip(&self.picks).for_each(|(image, picks)| {
            let mut bytes = Vec::with_capacity(image.len());
            for (plane, (mean, std)) in image.chunks_exact(h * w).zip(self.mean.iter().zip(self.std)) {
                // A conversion from float clamps at 0 and 255.
                bytes.extend(plane.iter().map(|v| ((v * std + mean) * 255.0).round_ties_even() as u8));
            }
            let bytes = picks.iter().fold(bytes, |image, &Pick(kind, strength)| kind.apply(strength, image, [h, w]));
            let planes = image.chunks_exact_mut(h * w).zip(bytes.chunks_exact(h * w));
            for ((plane, bytes), (mean, std)) in planes.zip(self.mean.iter().zip(self.std)) {
                plane.iter_mut().zip(bytes).for_each(|(v, &byte)| *v = (f32::from(byte) / 255.0 - mean) / std);
            }
        });
        Tensor::from_data(TensorData::new(values, shape), (&device, dtype))
    }
}

#[cfg(test)]
mod tests;
