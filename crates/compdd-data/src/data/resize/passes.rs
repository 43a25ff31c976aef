//! The work of resampling: rows are weighted into one row of floats, and that row into the target's, at once.
//!
//! Written once in plain loops and compiled for AVX2 beside the baseline of the target. Products are not fused and sums have one
//! order, so the bytes are the same on every processor.

#![allow(clippy::inline_always)] // else the loops would not be compiled for AVX2

use super::weights::Weights;

/// Interleaved RGB `[height, width, 3]` weighted into planar `[3, rows.len(), columns.len()]`; `row` is scratch.
pub(super) fn resample(
    rgb: &[u8],
    width: usize,
    rows: &Weights,
    columns: &Weights,
    row: &mut Vec<f32>,
    target: &mut [u8],
) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { resample_avx2(rgb, width, rows, columns, row, target) };
    }
    resample_plain(rgb, width, rows, columns, row, target);
}

/// Interleaved RGB rows of `width` pixels, the square of `side` from (`left`, `top`), planar `[3, side, side]`.
pub(super) fn planar(rgb: &[u8], width: usize, (left, top): (usize, usize), side: usize, target: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { planar_avx2(rgb, width, (left, top), side, target) };
    }
    planar_plain(rgb, width, (left, top), side, target);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn resample_avx2(rgb: &[u8], width: usize, rows: &Weights, columns: &Weights, row: &mut Vec<f32>, target: &mut [u8]) {
    resample_plain(rgb, width, rows, columns, row, target);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn planar_avx2(rgb: &[u8], width: usize, corner: (usize, usize), side: usize, target: &mut [u8]) {
    planar_plain(rgb, width, corner, side, target);
}

/// [`resample`] in plain loops.
#[inline(always)]
pub(super) fn resample_plain(
    rgb: &[u8],
    width: usize,
    rows: &Weights,
    columns: &Weights,
    row: &mut Vec<f32>,
    target: &mut [u8],
) {
    let (side, reach) = (columns.len(), columns.reach());
    let (from, length) = (3 * reach.start, 3 * reach.len());
    // One value more is read beside the last pixel.
    row.clear();
    row.resize(length + 1, 0.0);
    let (red, rest) = target.split_at_mut(rows.len() * side);
    let (green, blue) = rest.split_at_mut(rows.len() * side);
    let lines = red.chunks_exact_mut(side).zip(green.chunks_exact_mut(side)).zip(blue.chunks_exact_mut(side));
    for (y, ((red, green), blue)) in lines.enumerate() {
        let (first, weights) = rows.of(y);
        weighted_rows(rgb, first * 3 * width + from, 3 * width, weights, &mut row[..length]);
        match columns.taps {
            1 => weighted_pixels::<1>(row, reach.start, columns, [red, green, blue]),
            2 => weighted_pixels::<2>(row, reach.start, columns, [red, green, blue]),
            3 => weighted_pixels::<3>(row, reach.start, columns, [red, green, blue]),
            4 => weighted_pixels::<4>(row, reach.start, columns, [red, green, blue]),
            5 => weighted_pixels::<5>(row, reach.start, columns, [red, green, blue]),
            6 => weighted_pixels::<6>(row, reach.start, columns, [red, green, blue]),
            7 => weighted_pixels::<7>(row, reach.start, columns, [red, green, blue]),
            8 => weighted_pixels::<8>(row, reach.start, columns, [red, green, blue]),
            _ => weighted_pixels::<0>(row, reach.start, columns, [red, green, blue]),
        }
    }
}

/// The pixels of `row` (three values each, the first is pixel `start` of the source) weighted into a line of each plane.
/// `TAPS` is the number of taps, known to the compiler so that it unrolls them; 0 for any number.
#[inline(always)]
fn weighted_pixels<const TAPS: usize>(row: &[f32], start: usize, columns: &Weights, planes: [&mut [u8]; 3]) {
    const GROUP: usize = 64;
    let taps = if TAPS == 0 { columns.taps } else { TAPS };
    let [red, green, blue] = planes.map(|plane| plane.chunks_mut(GROUP));
    // Four values a pixel, so that they fill a register; the fourth belongs to the next pixel and is dropped.
    let mut group = [[0.0_f32; 4]; GROUP];
    for (((red, green), blue), (first, weights)) in red.zip(green).zip(blue).zip(columns.groups(GROUP, taps)) {
        for ((target, first), weights) in group.iter_mut().zip(first).zip(weights.chunks_exact(taps)) {
            let pixels = &row[3 * (first - start)..][..=3 * taps];
            let mut sum = [0.0; 4];
            for (k, &weight) in weights.iter().enumerate() {
                let pixel = &pixels[3 * k..3 * k + 4];
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += weight * value;
                }
            }
            *target = sum;
        }
        for (((sum, red), green), blue) in group.iter().zip(red).zip(green).zip(blue) {
            (*red, *green, *blue) = (rounded(sum[0]), rounded(sum[1]), rounded(sum[2]));
        }
    }
}

/// The nearest byte, even at halves as torch rounds, of a value between 0 and 255: the sum's last bits are the whole number.
#[inline(always)]
fn rounded(value: f32) -> u8 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23
    (value + SHIFT).to_bits() as u8
}

/// `into[i]`: the weighted sum of the bytes `offset + i`, one row further for each weight.
#[inline(always)]
fn weighted_rows(bytes: &[u8], offset: usize, stride: usize, weights: &[f32], into: &mut [f32]) {
    const GROUP: usize = 32;
    let length = into.len();
    if length < GROUP {
        for (i, target) in into.iter_mut().enumerate() {
            let rows = weights.iter().enumerate();
            *target = rows.fold(0.0, |sum, (k, weight)| sum + weight * f32::from(bytes[offset + k * stride + i]));
        }
        return;
    }
    // The last group begins earlier and does some again.
    for at in (0..length / GROUP).map(|group| group * GROUP).chain([length - GROUP]) {
        let mut sum = [0.0_f32; GROUP];
        for (k, &weight) in weights.iter().enumerate() {
            let start = offset + k * stride + at;
            for (sum, &byte) in sum.iter_mut().zip(&bytes[start..start + GROUP]) {
                *sum += weight * f32::from(byte);
            }
        }
        into[at..at + GROUP].copy_from_slice(&sum);
    }
}

#[inline(always)]
fn planar_plain(rgb: &[u8], width: usize, (left, top): (usize, usize), side: usize, target: &mut [u8]) {
    let (red, rest) = target.split_at_mut(side * side);
    let (green, blue) = rest.split_at_mut(side * side);
    let lines = red.chunks_exact_mut(side).zip(green.chunks_exact_mut(side)).zip(blue.chunks_exact_mut(side));
    for (y, ((red, green), blue)) in lines.enumerate() {
        let start = ((top + y) * width + left) * 3;
        let pixels = rgb[start..start + 3 * side].as_chunks::<3>().0;
        for (((pixel, r), g), b) in pixels.iter().zip(red).zip(green).zip(blue) {
            [*r, *g, *b] = *pixel;
        }
    }
}
