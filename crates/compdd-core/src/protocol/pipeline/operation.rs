//! The operations that a pipeline may name, with their settings and ranges.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AugmentError, DsaConfig};

/// One operation of a [`Pipeline`](super::Pipeline). `op` names it in a file: `{ op = "flip", probability = 0.5 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Operation {
    /// Differentiable siamese augmentation.
    Dsa(DsaConfig),
    /// A random box of the image, resized.
    RandomResizedCrop(ResizedCropConfig),
    /// A random window of the padded image.
    PadCrop(PadCropConfig),
    /// A left-right mirror.
    Flip(FlipConfig),
    /// A permutation of the columns of a grid and one of its rows.
    PatchShuffle(PatchShuffleConfig),
    /// Random operations on bytes.
    RandAugment(RandAugmentConfig),
    /// A box of every image comes from another image of the minibatch.
    #[serde(rename = "cutmix")]
    CutMix(MixConfig),
    /// Every image is a weighted mean with another one of the minibatch.
    Mixup(MixConfig),
}

/// A box of a random share of the area and a random aspect ratio, resized bilinearly. A box that does not fit is drawn again; after ten
/// tries it is the largest central box with an allowed aspect ratio.
///
/// Source: `SRe2L` (Yin et al., `NeurIPS` 2023), RDED (Sun et al., CVPR 2024), EDC (Shao et al., `NeurIPS` 2024); the crop is that of Inception
/// (Szegedy et al., CVPR 2015, section 6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResizedCropConfig {
    /// Smallest and largest share of the area, uniform between them.
    pub scale: [f32; 2],
    /// Smallest and largest ratio of width to height, log-uniform between them.
    pub ratio: [f32; 2],
    /// Side of the result in pixels; where there is none, images keep their size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// Whether a box that shrinks is filtered with a triangle as wide as the shrinkage.
    pub antialias: bool,
}

impl Default for ResizedCropConfig {
    fn default() -> Self {
        Self { scale: [0.08, 1.0], ratio: [3.0 / 4.0, 4.0 / 3.0], size: None, antialias: true }
    }
}

/// What lies beyond the edge of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Byte 0: the image is padded before it is normalised.
    #[default]
    Black,
    /// Zero of the network's input: the image is padded after it is normalised.
    Mean,
}

/// A window of the image's size out of the image padded on every side, each position equally likely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PadCropConfig {
    /// Pixels added on every side.
    pub padding: usize,
    /// What they hold.
    pub fill: Fill,
}

impl Default for PadCropConfig {
    fn default() -> Self {
        Self { padding: 4, fill: Fill::Black }
    }
}

/// A left-right mirror of single images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlipConfig {
    /// With which probability an image is mirrored.
    pub probability: f32,
}

impl Default for FlipConfig {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

/// The image is cut into `grid` blocks of columns, which are permuted, then into `grid` blocks of rows, which are permuted: the tiles of
/// a mosaic move as whole columns and whole rows.
///
/// Source: RDED (Sun et al., CVPR 2024), which sets `grid` to the tiles along a side of its mosaics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatchShuffleConfig {
    /// Blocks along a side.
    pub grid: usize,
}

impl Default for PatchShuffleConfig {
    fn default() -> Self {
        Self { grid: 2 }
    }
}

/// Some of fourteen operations on bytes one after the other, each drawn uniformly for every image, all with one magnitude.
///
/// Source: `RandAugment` (Cubuk et al., 2020) with the strengths of torchvision; EDC (Shao et al., `NeurIPS` 2024) trains its students on
/// CIFAR, Tiny `ImageNet` and ten classes with 2 operations of magnitude 9 out of 31.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RandAugmentConfig {
    /// Operations an image goes through.
    pub operations: usize,
    /// Their strength, on a scale of 0 to 30.
    pub magnitude: usize,
}

impl RandAugmentConfig {
    /// The largest magnitude: the strengths are 31 points from none to the most.
    pub const LARGEST: usize = 30;
}

impl Default for RandAugmentConfig {
    fn default() -> Self {
        Self { operations: 2, magnitude: 9 }
    }
}

/// The law of a mix: one share, one box and one permutation a minibatch.
///
/// Source: `CutMix` (Yun et al., ICCV 2019), mixup (Zhang et al., ICLR 2018). The protocols with a teacher use `CutMix` with 1 and
/// mixup with 0.8.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MixConfig {
    /// The share an image keeps is drawn from Beta(alpha, alpha).
    pub alpha: f32,
    /// With which probability a minibatch is mixed.
    pub probability: f32,
}

impl Default for MixConfig {
    fn default() -> Self {
        Self { alpha: 1.0, probability: 1.0 }
    }
}

impl Operation {
    /// The name in a file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dsa(_) => "dsa",
            Self::RandomResizedCrop(_) => "random-resized-crop",
            Self::PadCrop(_) => "pad-crop",
            Self::Flip(_) => "flip",
            Self::PatchShuffle(_) => "patch-shuffle",
            Self::RandAugment(_) => "rand-augment",
            Self::CutMix(_) => "cutmix",
            Self::Mixup(_) => "mixup",
        }
    }

    /// Whether it mixes the images of a minibatch.
    pub fn mixes(&self) -> bool {
        matches!(self, Self::CutMix(_) | Self::Mixup(_))
    }

    /// The shape `[channels, height, width]` that an image of `shape` has afterwards.
    pub fn output(&self, shape @ [channels, ..]: [usize; 3]) -> [usize; 3] {
        match self {
            Self::RandomResizedCrop(ResizedCropConfig { size: Some(side), .. }) => [channels, *side, *side],
            _ => shape,
        }
    }

    /// Checks every setting against its range.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn validate(&self) -> Result<(), AugmentError> {
        let share = |value: f32| (0.0..=1.0).contains(&value);
        let whole = |name, value: usize, good, range| (name, value as f32, good, range);
        let checks = match self {
            Self::Dsa(config) => return config.validate(),
            Self::RandomResizedCrop(ResizedCropConfig { scale, ratio, size, .. }) => {
                let side = size.unwrap_or(1);
                vec![
                    ("scale", scale[0], scale[0] > 0.0 && share(scale[0]), "a share above 0 and at most 1"),
                    (
                        "scale",
                        scale[1],
                        scale[1] >= scale[0] && share(scale[1]),
                        "at least the smallest share, at most 1",
                    ),
                    ("ratio", ratio[0], ratio[0] > 0.0 && ratio[0].is_finite(), "positive and finite"),
                    ("ratio", ratio[1], ratio[1] >= ratio[0] && ratio[1].is_finite(), "at least the smallest ratio"),
                    whole("size", side, side > 0, "1 or more"),
                ]
            }
            Self::PadCrop(PadCropConfig { padding, .. }) => {
                vec![whole("padding", *padding, *padding <= 4096, "at most 4096 pixels")]
            }
            Self::Flip(FlipConfig { probability }) => {
                vec![("probability", *probability, share(*probability), "a probability between 0 and 1")]
            }
            Self::PatchShuffle(PatchShuffleConfig { grid }) => {
                vec![whole("grid", *grid, (1..=255).contains(grid), "between 1 and 255")]
            }
            Self::RandAugment(RandAugmentConfig { operations, magnitude }) => vec![
                whole("operations", *operations, *operations <= 255, "at most 255"),
                whole("magnitude", *magnitude, *magnitude <= RandAugmentConfig::LARGEST, "at most 30"),
            ],
            Self::CutMix(MixConfig { alpha, probability }) | Self::Mixup(MixConfig { alpha, probability }) => vec![
                ("alpha", *alpha, *alpha > 0.0 && alpha.is_finite(), "positive and finite"),
                ("probability", *probability, share(*probability), "a probability between 0 and 1"),
            ],
        };
        match checks.into_iter().find(|(_, _, good, _)| !good) {
            Some((name, value, _, range)) => Err(AugmentError::OutOfRange { name, value, range }),
            None => Ok(()),
        }
    }
}
