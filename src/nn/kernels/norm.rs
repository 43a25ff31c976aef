//! Instance normalisation with scale and shift, fused with the `ReLU` and the 2 x 2 average pooling that follow it.
//!
//! Per image and channel, over the `m = h * w` values `z` of the plane: `y = gamma * (z - mean) / sqrt(var + 1e-5) + beta` with the
//! biased variance, then `max(y, 0)`, then the mean of 2 x 2 blocks. A plane is read from memory once.

use rayon::prelude::*;

use super::scratch::{Output, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};

/// Added to the variance, as in the lineage's networks.
pub const EPSILON: f32 = 1e-5;

/// What follows the normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// `ReLU`.
    Relu,
    /// `ReLU`, then the mean of 2 x 2 blocks.
    ReluPool,
}

/// The sizes of a batch of maps: images, channels, height, width.
#[derive(Debug, Clone, Copy)]
pub struct Maps {
    /// Images.
    pub n: usize,
    /// Channels.
    pub c: usize,
    /// Height, even when pooling.
    pub h: usize,
    /// Width, even when pooling.
    pub w: usize,
}

impl Maps {
    fn results(self, after: After) -> usize {
        self.h * self.w / if after == After::ReluPool { 4 } else { 1 }
    }

    /// Planes a task should take (about 64 thousand values).
    fn grain(self) -> usize {
        (65536 / (self.h * self.w).max(1)).max(1)
    }
}

/// The normalised maps: `[n, c, h, w]`, or `[n, c, h / 2, w / 2]` when pooling.
pub fn forward(isa: Isa, maps: Maps, z: &[f32], gamma: &[f32], beta: &[f32], after: After) -> Vec<f32> {
    let (plane, results) = (maps.h * maps.w, maps.results(after));
    let fill = |out: Output<'_>| {
        (0..maps.n * maps.c).into_par_iter().with_min_len(maps.grain()).for_each(|i| {
            let z = &z[i * plane..(i + 1) * plane];
            // SAFETY: each plane of results is written by its own unit, all of it.
            unsafe {
                let to = out.part(i * results, results);
                forward_plane(isa, z, maps.w, gamma[i % maps.c], beta[i % maps.c], after, to.as_mut_ptr().cast());
            }
        });
    };
    // SAFETY: all planes are covered.
    unsafe { filled(maps.n * maps.c * results, fill) }
}

/// Gradients of `z`, `gamma` and `beta` from the gradient `dy` of the result.
pub fn backward(
    isa: Isa,
    maps: Maps,
    z: &[f32],
    gamma: &[f32],
    beta: &[f32],
    dy: &[f32],
    after: After,
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let (plane, results, planes) = (maps.h * maps.w, maps.results(after), maps.n * maps.c);
    let mut affine = vec![[0.0_f32; 2]; planes];
    let fill = |out: Output<'_>| {
        affine.par_iter_mut().enumerate().with_min_len(maps.grain()).for_each(|(i, affine)| {
            let (z, dy) = (&z[i * plane..(i + 1) * plane], &dy[i * results..(i + 1) * results]);
            // SAFETY: each plane of gradients is written by its own unit, all of it.
            unsafe {
                let to = out.part(i * plane, plane).as_mut_ptr().cast();
                backward_plane(isa, z, maps.w, gamma[i % maps.c], beta[i % maps.c], dy, after, to, affine);
            }
        });
    };
    // SAFETY: all planes are covered.
    let dz = unsafe { filled(planes * plane, fill) };
    let (mut dgamma, mut dbeta) = (vec![0.0; maps.c], vec![0.0; maps.c]);
    for image in affine.chunks_exact(maps.c) {
        for ((g, b), [dg, db]) in dgamma.iter_mut().zip(&mut dbeta).zip(image) {
            *g += dg;
            *b += db;
        }
    }
    (dz, dgamma, dbeta)
}

/// Mean and `1 / sqrt(variance + epsilon)`.
#[inline(always)]
fn statistics(z: &[f32]) -> (f32, f32) {
    let count = z.len() as f32;
    let [mean] = sum(z.len(), |i| [z[i]]).map(|s| s / count);
    let [variance] = sum(z.len(), |i| [(z[i] - mean) * (z[i] - mean)]).map(|s| s / count);
    (mean, 1.0 / (variance + EPSILON).sqrt())
}

/// `max(y, 0)`, except that NaN stays NaN, so that a diverged run shows.
#[inline(always)]
fn relu(y: f32) -> f32 {
    if y < 0.0 { 0.0 } else { y }
}

/// Sums of `term(0..len)` in sixteen interleaved partial sums.
#[inline(always)]
fn sum<const K: usize>(len: usize, term: impl Fn(usize) -> [f32; K]) -> [f32; K] {
    let mut partial = [[0.0_f32; LANES]; K];
    let whole = len / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            let terms = term(start + lane);
            for k in 0..K {
                partial[k][lane] += terms[k];
            }
        }
    }
    let mut total = partial.map(|lanes| lanes.iter().sum::<f32>());
    for i in whole..len {
        for (total, term) in total.iter_mut().zip(term(i)) {
            *total += term;
        }
    }
    total
}

per_isa! {
    /// One plane of [`forward`].
    unsafe fn forward_plane(z: &[f32], w: usize, gamma: f32, beta: f32, after: After, to: *mut f32) => forward_plane_body
}

#[inline(always)]
unsafe fn forward_plane_body<L: Lanes>(z: &[f32], w: usize, gamma: f32, beta: f32, after: After, to: *mut f32) {
    let (mean, inverse) = statistics(z);
    let value = |z: f32| (z - mean) * inverse * gamma + beta;
    // SAFETY: the caller promises room for all the results; indices stay below their number.
    unsafe {
        match after {
            After::Nothing => {
                for (i, &z) in z.iter().enumerate() {
                    *to.add(i) = value(z);
                }
            }
            After::Relu => {
                for (i, &z) in z.iter().enumerate() {
                    *to.add(i) = relu(value(z));
                }
            }
            After::ReluPool => {
                for (i, pair) in z.chunks_exact(2 * w).enumerate() {
                    let (upper, lower) = pair.split_at(w);
                    let row = to.add(i * (w / 2));
                    for j in 0..w / 2 {
                        let (a, b) = (relu(value(upper[2 * j])), relu(value(upper[2 * j + 1])));
                        let (c, d) = (relu(value(lower[2 * j])), relu(value(lower[2 * j + 1])));
                        *row.add(j) = 0.25 * ((a + b) + (c + d));
                    }
                }
            }
        }
    }
}

per_isa! {
    /// One plane of [`backward`]; `affine` receives the plane's share of the gradients of gamma and beta.
    unsafe fn backward_plane(
        z: &[f32], w: usize, gamma: f32, beta: f32, dy: &[f32], after: After, to: *mut f32, affine: &mut [f32; 2],
    ) => backward_plane_body
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn backward_plane_body<L: Lanes>(
    z: &[f32],
    w: usize,
    gamma: f32,
    beta: f32,
    dy: &[f32],
    after: After,
    to: *mut f32,
    affine: &mut [f32; 2],
) {
    let (mean, inverse) = statistics(z);
    let active = |z: f32| (z - mean) * inverse * gamma + beta > 0.0;
    // SAFETY: the caller promises room for one gradient per value; the gradient of the normalised value is put there first.
    let dz = unsafe {
        match after {
            After::Nothing => {
                for (i, &d) in dy.iter().enumerate() {
                    *to.add(i) = d;
                }
            }
            After::Relu => {
                for (i, (&d, &z)) in dy.iter().zip(z).enumerate() {
                    *to.add(i) = if active(z) { d } else { 0.0 };
                }
            }
            After::ReluPool => {
                for (i, row) in z.chunks_exact(w).enumerate() {
                    let (dy, to) = (&dy[i / 2 * (w / 2)..][..w / 2], to.add(i * w));
                    for j in 0..w / 2 {
                        let d = 0.25 * dy[j];
                        *to.add(2 * j) = if active(row[2 * j]) { d } else { 0.0 };
                        *to.add(2 * j + 1) = if active(row[2 * j + 1]) { d } else { 0.0 };
                    }
                }
            }
        }
        std::slice::from_raw_parts_mut(to, z.len())
    };
    let [shift, scale] = sum(z.len(), |i| [dz[i], dz[i] * ((z[i] - mean) * inverse)]);
    *affine = [scale, shift];
    let count = z.len() as f32;
    let (factor, shift, scale) = (gamma * inverse, shift / count, scale / count);
    for (d, &z) in dz.iter_mut().zip(z) {
        *d = factor * (*d - shift - (z - mean) * inverse * scale);
    }
}
