//! Bringing a photograph to the square the networks see: squashed, or short side plus centre crop; always bilinear.
//!
//! The lineage resizes float tensors with the framework's bilinear filter (`methods/evaluation.md` 6): squashed to the exact
//! square, aspect ratio lost, without antialiasing in the older code (MTT, FTD, DATM) and with it in the newer (EDF). The
//! filter runs in `f32` here as well and its result is rounded to bytes once, so a pixel is within half a grey level of
//! what the float pipelines see.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::F32x3,
};
use serde::{Deserialize, Serialize};

use super::decode::Decode;

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
    let side = decode.resolution;
    let (w, h) = match decode.resize {
        ResizeMode::Squash => (side, side),
        ResizeMode::CentreCrop => short_side(width, height, side),
    };
    if (w, h) == (width, height) {
        return crop_planar(rgb, width, height, side);
    }
    crop_planar(&bilinear(rgb, (width, height), (w, h), decode.antialias), w, h, side)
}

/// Width and height after the short side became `side`; the long side is truncated as torchvision does.
fn short_side(width: usize, height: usize, side: usize) -> (usize, usize) {
    if width <= height { (side, side * height / width) } else { (side * width / height, side) }
}

/// The centred `side x side` square of interleaved RGB, planar. Odd margins are rounded to even, as torchvision does.
fn crop_planar(rgb: &[u8], width: usize, height: usize, side: usize) -> Vec<u8> {
    let margin = |size: usize| ((size - side) as f64 / 2.0).round_ties_even() as usize;
    let (left, top) = (margin(width), margin(height));
    let mut planar = Vec::with_capacity(3 * side * side);
    for channel in 0..3 {
        for y in top..top + side {
            let row = (y * width + left) * 3;
            planar.extend(rgb[row..row + 3 * side].iter().skip(channel).step_by(3));
        }
    }
    planar
}

/// Bilinear resampling with half-pixel centres; with `antialias` the triangle widens with the shrinking factor.
fn bilinear(rgb: &[u8], from: (usize, usize), to: (usize, usize), antialias: bool) -> Vec<u8> {
    let source: Vec<F32x3> =
        rgb.chunks_exact(3).map(|p| F32x3::new([f32::from(p[0]), f32::from(p[1]), f32::from(p[2])])).collect();
    let algorithm = if antialias {
        ResizeAlg::Convolution(FilterType::Bilinear)
    } else {
        ResizeAlg::Interpolation(FilterType::Bilinear)
    };
    let mut target = TypedImage::<F32x3>::new(to.0 as u32, to.1 as u32);
    let view = TypedImageRef::new(from.0 as u32, from.1 as u32, &source).expect("one pixel per three bytes");
    Resizer::new()
        .resize_typed(&view, &mut target, &ResizeOptions::new().resize_alg(algorithm).use_alpha(false))
        .expect("the crop box is the whole image");
    target.pixels().iter().flat_map(|pixel| pixel.0).map(|value| (value + 0.5) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test picture: a formula, so that Python can make the same one.
    fn picture(width: usize, height: usize) -> Vec<u8> {
        let mut rgb = Vec::new();
        for y in 0..height {
            for x in 0..width {
                for c in 0..3 {
                    rgb.push(((x * x * 7 + y * 13 * (c + 1) + x * y * 3) % 256) as u8);
                }
            }
        }
        rgb
    }

    fn decode(resolution: usize, resize: ResizeMode, antialias: bool) -> Decode {
        Decode { resolution, resize, antialias }
    }

    #[test]
    fn matching_size_is_only_rearranged() {
        let rgb = picture(4, 4);
        let planar = to_square(&rgb, 4, 4, &decode(4, ResizeMode::Squash, true));
        for (i, &value) in planar.iter().enumerate() {
            assert_eq!(value, rgb[(i % 16) * 3 + i / 16]);
        }
    }

    #[test]
    fn centre_crop_keeps_the_middle() {
        let rgb = picture(9, 4);
        let planar = to_square(&rgb, 9, 4, &decode(4, ResizeMode::CentreCrop, true));
        // A margin of 2.5 pixels rounds to 2, the even one.
        assert_eq!(planar[0], rgb[2 * 3]);
        assert_eq!(short_side(500, 375, 128), (170, 128));
        assert_eq!(short_side(375, 500, 128), (128, 170));
    }

    /// Channel 0 of an 11 x 7 picture at side 9, from torch 2.15 `interpolate(mode="bilinear", align_corners=False)`.
    #[rustfmt::skip]
    const PLAIN: [u8; 81] = [
        1, 14, 47, 101, 175, 215, 134, 101, 173, 10, 25, 61, 117, 194, 104, 157, 127, 202, 20, 39, 77, 136, 215, 62, 134, 119, 134,
        30, 52, 93, 155, 180, 87, 98, 102, 40, 41, 65, 109, 174, 3, 111, 126, 132, 74, 51, 78, 126, 193, 25, 136, 153, 163, 107,
        62, 91, 142, 212, 47, 129, 102, 193, 140, 72, 105, 158, 165, 68, 128, 66, 166, 164, 81, 116, 171, 48, 87, 149, 90, 79, 173,
    ];
    /// As `PLAIN`, with `antialias=True`; Pillow 13 agrees within one grey level.
    #[rustfmt::skip]
    const SMOOTH: [u8; 81] = [
        2, 15, 47, 97, 177, 201, 135, 108, 157, 11, 27, 61, 113, 173, 104, 159, 134, 186, 21, 40, 77, 132, 183, 70, 134, 120, 131,
        32, 53, 93, 150, 163, 95, 96, 96, 54, 43, 67, 109, 169, 39, 120, 123, 126, 87, 53, 80, 125, 188, 61, 145, 151, 156, 120,
        64, 93, 141, 207, 83, 126, 102, 186, 153, 75, 107, 157, 166, 93, 115, 68, 164, 166, 84, 118, 171, 64, 89, 137, 92, 85, 155,
    ];
    /// The same picture shrunk to 4 x 4, channels 0 and 2, plain.
    const PLAIN_4: [[u8; 16]; 2] = [
        [12, 103, 142, 87, 39, 144, 98, 125, 67, 186, 155, 196, 94, 128, 115, 127],
        [22, 112, 152, 85, 95, 180, 142, 181, 167, 127, 159, 101, 100, 118, 101, 157],
    ];
    /// As `PLAIN_4`, antialiased.
    const SMOOTH_4: [[u8; 16]; 2] = [
        [24, 109, 148, 142, 50, 126, 114, 104, 80, 136, 117, 145, 105, 131, 103, 137],
        [38, 120, 160, 125, 104, 133, 119, 137, 177, 140, 128, 143, 141, 131, 136, 131],
    ];

    #[test]
    fn resampling_equals_the_framework_of_the_lineage() {
        let rgb = picture(11, 7);
        let shrunk = |side, antialias| to_square(&rgb, 11, 7, &decode(side, ResizeMode::Squash, antialias));
        assert_eq!(shrunk(9, false)[..81], PLAIN);
        assert_eq!(shrunk(9, true)[..81], SMOOTH);
        for (antialias, expected) in [(false, PLAIN_4), (true, SMOOTH_4)] {
            let planar = shrunk(4, antialias);
            // One value lies 0.0007 grey levels from where rounding flips.
            let close = |a: &[u8], b: &[u8]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 1);
            assert!(close(&planar[..16], &expected[0]) && close(&planar[32..], &expected[1]), "{planar:?}");
        }
    }
}
