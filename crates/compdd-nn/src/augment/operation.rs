//! The operations: of DSA's, the law of their raw draws and how a raw draw becomes a parameter.

use serde::{Deserialize, Serialize};

use super::{CutMix, DsaConfig, Mixup, PadCrop, PatchShuffle, RandAugment, ResizedCrop};
use compdd_core::rng::Stream;

/// The name of an operation of DSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `x + s`.
    Brightness,
    /// `(x - m) f + m`, `m` the mean over the channels of a pixel.
    Saturation,
    /// `(x - m) f + m`, `m` the mean over the image.
    Contrast,
    /// `out[i, j] = x[i + rows, j + columns]`, zero outside.
    Crop,
    /// A square set to zero.
    Cutout,
    /// Left-right mirror.
    Flip,
    /// Sampling at `(sx x, sy y)` about the centre.
    Scale,
    /// Sampling at `(cos x - sin y, sin x + cos y)` about the centre.
    Rotate,
}

/// The law of one raw draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ParamDistribution {
    /// Uniform on `[0, 1)`.
    Unit,
    /// A whole number, uniform on `low..=high`.
    Whole {
        /// Smallest value.
        low: i32,
        /// Largest value.
        high: i32,
    },
}

impl ParamDistribution {
    pub(super) fn draw(self, stream: &mut Stream) -> f32 {
        match self {
            Self::Unit => stream.uniform(),
            Self::Whole { low, high } => (low + stream.below((high - low + 1) as usize) as i32) as f32,
        }
    }
}

/// A share of a side, rounded to the nearest whole pixel.
fn part(side: usize, ratio: f32) -> i32 {
    (side as f32 * ratio + 0.5).floor() as i32
}

impl Kind {
    /// The distributions of the raw draws of one image, in slot order.
    pub(super) fn distributions(self, config: &DsaConfig, [_, h, w]: [usize; 3]) -> Vec<ParamDistribution> {
        match self {
            Self::Brightness | Self::Saturation | Self::Contrast | Self::Flip | Self::Rotate => {
                vec![ParamDistribution::Unit]
            }
            Self::Scale => vec![ParamDistribution::Unit; 2],
            Self::Crop => [h, w]
                .map(|side| part(side, config.crop_ratio))
                .map(|s| ParamDistribution::Whole { low: -s, high: s })
                .into(),
            Self::Cutout => {
                let offsets = |side: usize| side as i32 - part(side, config.cutout) % 2;
                [h, w].map(|side| ParamDistribution::Whole { low: 0, high: offsets(side) }).into()
            }
        }
    }
}

/// One operation with the parameters of every image of a batch. Units: pixels, radians, network input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Op {
    /// Adds `shift` to every value.
    Brightness {
        /// One shift per image.
        shift: Vec<f32>,
    },
    /// Blends every pixel with its grey value.
    Saturation {
        /// One factor per image; 0 leaves the grey value.
        factor: Vec<f32>,
    },
    /// Blends every value with the mean of its image.
    Contrast {
        /// One factor per image.
        factor: Vec<f32>,
    },
    /// Shifts the image and fills with zero.
    Crop {
        /// Rows read further down (positive: content moves up).
        rows: Vec<i32>,
        /// Columns read further right (positive: content moves left).
        columns: Vec<i32>,
    },
    /// Zeroes a window.
    Cutout {
        /// Height and width of the window before clipping.
        side: [u32; 2],
        /// Row offset of its centre.
        rows: Vec<u32>,
        /// Column offset of its centre.
        columns: Vec<u32>,
    },
    /// Mirrors left and right.
    Flip {
        /// Which images are mirrored.
        mirrored: Vec<bool>,
    },
    /// Samples on a stretched grid: a factor above one shrinks the picture.
    Scale {
        /// Horizontal factor per image.
        columns: Vec<f32>,
        /// Vertical factor per image.
        rows: Vec<f32>,
    },
    /// Samples on a rotated grid.
    Rotate {
        /// Angle per image, in radians.
        angle: Vec<f32>,
        /// Convention of the normalised coordinates (matters for images that are not square).
        align_corners: bool,
    },
    /// Resizes a box of every image.
    #[serde(rename = "resized-crop")]
    ResizedCrop(ResizedCrop),
    /// Shifts the image and fills with a value a channel.
    #[serde(rename = "pad-crop")]
    PadCrop(PadCrop),
    /// Permutes blocks of columns and of rows.
    #[serde(rename = "patch-shuffle")]
    PatchShuffle(PatchShuffle),
    /// Goes through operations on bytes.
    #[serde(rename = "rand-augment")]
    RandAugment(RandAugment),
    /// Exchanges a box between the images of the minibatch.
    CutMix(CutMix),
    /// Makes weighted means of the images of the minibatch.
    Mixup(Mixup),
}

impl Op {
    /// Turns raw draws into parameters: one vector per slot, one value per image.
    ///
    /// Slots: brightness, saturation, contrast, flip, rotate: `u`; scale: `u_x, u_y`; crop: whole shifts `rows, columns`;
    /// cutout: whole offsets `rows, columns`. `u` is uniform on `[0, 1)`.
    pub fn from_slots(kind: Kind, config: &DsaConfig, [_, h, w]: [usize; 3], slots: &[Vec<f32>]) -> Self {
        let real = |slot: usize, law: &dyn Fn(f64) -> f64| -> Vec<f32> {
            slots[slot].iter().map(|&u| law(f64::from(u)) as f32).collect()
        };
        let whole = |slot: usize| slots[slot].iter().map(|&v| v as i32).collect();
        let natural = |slot: usize| slots[slot].iter().map(|&v| v as u32).collect();
        let largest = f64::from(config.scale);
        let stretch = |u: f64| u * (largest - 1.0 / largest) + 1.0 / largest;
        match kind {
            Kind::Brightness => Self::Brightness { shift: real(0, &|u| (u - 0.5) * f64::from(config.brightness)) },
            Kind::Saturation => Self::Saturation { factor: real(0, &|u| u * f64::from(config.saturation)) },
            Kind::Contrast => Self::Contrast { factor: real(0, &|u| u + f64::from(config.contrast)) },
            Kind::Crop => Self::Crop { rows: whole(0), columns: whole(1) },
            Kind::Cutout => Self::Cutout {
                side: [h, w].map(|side| part(side, config.cutout) as u32),
                rows: natural(0),
                columns: natural(1),
            },
            Kind::Flip => Self::Flip { mirrored: slots[0].iter().map(|&u| u < config.flip).collect() },
            Kind::Scale => Self::Scale { columns: real(0, &stretch), rows: real(1, &stretch) },
            Kind::Rotate => Self::Rotate {
                angle: real(0, &|u| (u - 0.5) * 2.0 * f64::from(config.rotate).to_radians()),
                align_corners: config.align_corners,
            },
        }
    }

    /// Number of images the operation was drawn for.
    pub fn len(&self) -> usize {
        match self {
            Self::Brightness { shift: v }
            | Self::Saturation { factor: v }
            | Self::Contrast { factor: v }
            | Self::Scale { columns: v, .. }
            | Self::Rotate { angle: v, .. } => v.len(),
            Self::Crop { rows, .. } => rows.len(),
            Self::Cutout { rows, .. } => rows.len(),
            Self::Flip { mirrored } => mirrored.len(),
            Self::ResizedCrop(crop) => crop.boxes().len(),
            Self::PadCrop(crop) => crop.len(),
            Self::PatchShuffle(shuffle) => shuffle.len(),
            Self::RandAugment(images) => images.picks().len(),
            Self::CutMix(mix) => mix.len(),
            Self::Mixup(mix) => mix.len(),
        }
    }

    /// Whether the operation was drawn for no image at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
