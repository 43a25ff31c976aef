//! Bringing a photograph to the square the networks see: squashed, or short side plus centre crop; always bilinear.
//!
//! The lineage resizes float tensors with the framework's bilinear filter (`methods/evaluation.md` 6): squashed to the exact
//! square, aspect ratio lost, without antialiasing in the older code (MTT, FTD, DATM) and with it in the newer (EDF). The
//! filter runs in `f32` here as well and its result is rounded to bytes once, so a pixel is within half a grey level of
//! what the float pipelines see, and within one of Pillow, which rounds between its two passes.

mod passes;
mod weights;

use serde::{Deserialize, Serialize};

use super::decode::Decode;
use weights::Weights;

/// Version of the rules of this folder, part of every content hash: raised whenever a pixel may change.
pub(super) const RULES: u32 = 2;

/// How an image of any shape becomes a square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResizeMode {
    /// Both sides to the resolution, whatever the aspect ratio: what the lineage does.
    #[default]
    Squash,
    /// The short side to the resolution, then the square in the middle.
    CentreCrop,
}

/// Resizes and crops interleaved RGB to the square of `decode` and makes it planar.
///
/// An image that already has the right size is not resampled.
///
/// # Shapes
/// `rgb`: `[height, width, 3]`; result: `[3, resolution, resolution]`.
pub fn to_square(rgb: &[u8], width: usize, height: usize, decode: &Decode) -> Vec<u8> {
    let mut target = vec![0; decode.shape().iter().product()];
    into_square(rgb, (width, height), decode, &mut Vec::new(), &mut target);
    target
}

/// As [`to_square`], into `target`; `row` is scratch that may be used again.
pub(super) fn into_square(
    rgb: &[u8],
    (width, height): (usize, usize),
    decode: &Decode,
    row: &mut Vec<f32>,
    target: &mut [u8],
) {
    let side = decode.resolution;
    let (w, h) = match decode.resize {
        ResizeMode::Squash => (side, side),
        ResizeMode::CentreCrop => short_side(width, height, side),
    };
    let corner = (margin(w, side), margin(h, side));
    if (w, h) == (width, height) {
        return passes::planar(rgb, width, corner, side, target);
    }
    let columns = Weights::bilinear(width, w, (corner.0, side), decode.antialias);
    let rows = Weights::bilinear(height, h, (corner.1, side), decode.antialias);
    passes::resample(rgb, width, &rows, &columns, row, target);
}

/// Width and height after the short side became `side`; the long side is truncated as torchvision does.
fn short_side(width: usize, height: usize, side: usize) -> (usize, usize) {
    if width <= height { (side, side * height / width) } else { (side * width / height, side) }
}

/// Where the centred `side` of `size` pixels begins; odd margins are rounded to even, as torchvision does.
fn margin(size: usize, side: usize) -> usize {
    ((size - side) as f64 / 2.0).round_ties_even() as usize
}

#[cfg(test)]
mod tests;
