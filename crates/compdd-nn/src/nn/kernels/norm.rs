//! Instance normalisation with scale and shift, fused with the `ReLU` and the 2 x 2 average pooling that follow it.
//!
//! Per image and channel, over the `m = h * w` values `z` of the plane: `y = gamma * (z - mean) / sqrt(var + 1e-5) +
//! beta` with the biased variance, then `max(y, 0)`, then the mean of 2 x 2 blocks. A plane is read from memory once.

use rayon::prelude::*;

use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};

/// Added to the variance, as in the lineage's networks.
pub const EPSILON: f32 = 1e-5;

/// What follows the normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epilogue {
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
    /// Results of one plane.
    pub fn results(self, after: Epilogue) -> usize {
        self.h * self.w / if after == Epilogue::ReluPool { 4 } else { 1 }
    }

    /// Planes a task should take (about 64 thousand values).
    pub(super) fn grain(self) -> usize {
        (65536 / (self.h * self.w).max(1)).max(1)
    }
}

/// The normalised maps: `[n, c, h, w]`, or `[n, c, h / 2, w / 2]` when pooling.
pub fn forward(isa: Isa, maps: Maps, z: &[f32], gamma: &[f32], beta: &[f32], after: Epilogue) -> Vec<f32> {
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
    after: Epilogue,
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

/// Calls `$body` for every group of a plane of `$len` values: `$at` is where it starts, `$count` how many values it has
/// (sixteen but for the last). A macro, since a closure would not be compiled for the instruction set around it.
macro_rules! each_group {
    ($len:expr, |$at:ident, $count:ident| $body:block) => {
        let whole = $len / LANES * LANES;
        for $at in (0..whole).step_by(LANES) {
            let $count = LANES;
            $body
        }
        if whole < $len {
            let ($at, $count) = (whole, $len - whole);
            $body
        }
    };
}
pub(super) use each_group;

/// Reads `count` values and fills up with `rest`.
#[inline(always)]
pub unsafe fn read<L: Lanes>(from: *const f32, count: usize, rest: f32) -> L {
    // SAFETY: the caller promises `count` readable values.
    unsafe {
        if count == LANES {
            return L::load(from);
        }
        let mut group = [rest; LANES];
        std::ptr::copy_nonoverlapping(from, group.as_mut_ptr(), count);
        L::load(group.as_ptr())
    }
}

/// Writes the first `count` lanes.
#[inline(always)]
pub unsafe fn write<L: Lanes>(value: L, to: *mut f32, count: usize) {
    // SAFETY: the caller promises room for `count` values.
    unsafe {
        if count == LANES {
            return value.store(to);
        }
        let mut group = [0.0; LANES];
        value.store(group.as_mut_ptr());
        std::ptr::copy_nonoverlapping(group.as_ptr(), to, count);
    }
}

/// Sum of all lanes.
#[inline(always)]
pub unsafe fn total<L: Lanes>(value: L) -> f32 {
    let mut lanes = [0.0; LANES];
    // SAFETY: sixteen lanes.
    unsafe { value.store(lanes.as_mut_ptr()) };
    lanes.iter().sum()
}

/// How a plane is normalised: `y = (z - mean) * scale + beta`, `scale = gamma * inverse`.
#[derive(Clone, Copy)]
struct Plane<L> {
    mean: L,
    inverse: f32,
    scale: L,
    beta: L,
}

impl<L: Lanes> Plane<L> {
    /// The statistics of `z`, in two passes.
    #[inline(always)]
    unsafe fn new(z: &[f32], gamma: f32, beta: f32) -> Self {
        // SAFETY: groups lie inside `z`.
        unsafe {
            let from = z.as_ptr();
            let (mut even, mut odd) = (L::splat(0.0), L::splat(0.0));
            each_group!(z.len(), |at, count| {
                even = even.add(read::<L>(from.add(at), count, 0.0));
                std::mem::swap(&mut even, &mut odd);
            });
            let mean = total(even.add(odd)) / z.len() as f32;
            let (mut even, mut odd, centre) = (L::splat(0.0), L::splat(0.0), L::splat(mean));
            each_group!(z.len(), |at, count| {
                let centred = read::<L>(from.add(at), count, mean).sub(centre);
                even = centred.mul_add(centred, even);
                std::mem::swap(&mut even, &mut odd);
            });
            let variance = total(even.add(odd)) / z.len() as f32;
            let inverse = 1.0 / (variance + EPSILON).sqrt();
            Self { mean: centre, inverse, scale: L::splat(gamma * inverse), beta: L::splat(beta) }
        }
    }

    /// The normalised value.
    #[inline(always)]
    unsafe fn value(&self, z: L) -> L {
        // SAFETY: arithmetic only.
        unsafe { z.sub(self.mean).mul_add(self.scale, self.beta) }
    }
}

per_isa! {
    /// One plane of [`forward`].
    unsafe fn forward_plane(z: &[f32], w: usize, gamma: f32, beta: f32, after: Epilogue, to: *mut f32) => forward_plane_body
}

#[inline(always)]
unsafe fn forward_plane_body<L: Lanes>(z: &[f32], w: usize, gamma: f32, beta: f32, after: Epilogue, to: *mut f32) {
    // SAFETY: the caller promises room for all the results; groups lie inside the plane, the rows and the results.
    unsafe {
        let (plane, from) = (Plane::<L>::new(z, gamma, beta), z.as_ptr());
        match after {
            Epilogue::Nothing => {
                each_group!(z.len(), |at, count| {
                    write(plane.value(read(from.add(at), count, 0.0)), to.add(at), count);
                });
            }
            Epilogue::Relu => {
                each_group!(z.len(), |at, count| {
                    write(plane.value(read(from.add(at), count, 0.0)).relu(), to.add(at), count);
                });
            }
            Epilogue::ReluPool if w.is_multiple_of(LANES) => {
                // Sums of two rows, then of neighbours; rows are even, so neighbours never straddle two of them.
                let mut rows = Scratch::take(z.len() / 2);
                for row in 0..z.len() / (2 * w) {
                    let (upper, lower) = (from.add(2 * row * w), from.add((2 * row + 1) * w));
                    let to = rows.as_mut_ptr().add(row * w);
                    for at in (0..w).step_by(LANES) {
                        let above = plane.value(L::load(upper.add(at))).relu();
                        let below = plane.value(L::load(lower.add(at))).relu();
                        above.add(below).store(to.add(at));
                    }
                }
                halve_rows::<L>(&rows, to);
            }
            Epilogue::ReluPool => {
                let mut values = Scratch::take(z.len());
                each_group!(z.len(), |at, count| {
                    write(plane.value(read(from.add(at), count, 0.0)).relu(), values.as_mut_ptr().add(at), count);
                });
                halve_blocks(&values, w, to);
            }
        }
    }
}

/// Quarters of the sums of neighbours in `rows`, themselves sums of two rows.
///
/// # Safety
///
/// `to` must have room for half as many floats.
#[inline(always)]
pub unsafe fn halve_rows<L: Lanes>(rows: &[f32], to: *mut f32) {
    // SAFETY: groups lie inside `rows`; the caller answers for `to`.
    unsafe {
        let quarter = L::splat(0.25);
        each_group!(rows.len() / 2, |at, count| {
            let pairs = rows.as_ptr().add(2 * at);
            let first = read::<L>(pairs, (2 * count).min(LANES), 0.0);
            let next = read::<L>(pairs.add(LANES), (2 * count).saturating_sub(LANES), 0.0);
            write(first.add_neighbours(next).mul(quarter), to.add(at), count);
        });
    }
}

/// Means of 2 x 2 blocks of a plane of any even width `w`.
///
/// # Safety
///
/// `to` must have room for a quarter as many floats.
#[inline(always)]
pub unsafe fn halve_blocks(values: &[f32], w: usize, to: *mut f32) {
    for (i, rows) in values.chunks_exact(2 * w).enumerate() {
        let (upper, lower) = rows.split_at(w);
        for (j, (above, below)) in upper.chunks_exact(2).zip(lower.chunks_exact(2)).enumerate() {
            let mean = 0.25 * ((above[0] + below[0]) + (above[1] + below[1]));
            // SAFETY: one result for every four values.
            unsafe { *to.add(i * (w / 2) + j) = mean };
        }
    }
}

per_isa! {
    /// One plane of [`backward`]; `affine` receives the plane's share of the gradients of gamma and beta.
    unsafe fn backward_plane(
        z: &[f32], w: usize, gamma: f32, beta: f32, dy: &[f32], after: Epilogue, to: *mut f32, affine: &mut [f32; 2],
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
    after: Epilogue,
    to: *mut f32,
    affine: &mut [f32; 2],
) {
    // SAFETY: the caller promises room for one gradient per value, and as many output gradients as results; groups lie
    // inside.
    unsafe {
        let (plane, from) = (Plane::<L>::new(z, gamma, beta), z.as_ptr());
        if after == Epilogue::ReluPool {
            spread::<L>(dy, w, to);
        }
        // With pooling, the gradients of the pooled values are in `to` now.
        let source = if after == Epilogue::ReluPool { to.cast_const() } else { dy.as_ptr() };
        let (mut shift, mut product) = (L::splat(0.0), L::splat(0.0));
        each_group!(z.len(), |at, count| {
            let z = read::<L>(from.add(at), count, 0.0);
            let mut d = read::<L>(source.add(at), count, 0.0);
            if after != Epilogue::Nothing {
                d = d.where_positive(plane.value(z));
            }
            shift = shift.add(d);
            product = d.mul_add(z.sub(plane.mean), product);
            write(d, to.add(at), count);
        });
        *affine = [total(product) * plane.inverse, total(shift)];
        let count = z.len() as f32;
        let mean_shift = L::splat(affine[1] / count);
        let slope = L::splat(affine[0] / count * plane.inverse);
        each_group!(z.len(), |at, count| {
            let centred = read::<L>(from.add(at), count, 0.0).sub(plane.mean);
            let d = read::<L>(to.add(at), count, 0.0).sub(mean_shift).sub(centred.mul(slope));
            write(d.mul(plane.scale), to.add(at), count);
        });
    }
}

/// The adjoint of 2 x 2 average pooling: a quarter of each gradient to each of its four pixels, `w` in a row.
///
/// # Safety
///
/// `to` must have room for four times as many floats.
#[inline(always)]
pub unsafe fn spread<L: Lanes>(dy: &[f32], w: usize, to: *mut f32) {
    let quarter = 0.25;
    if w == LANES / 2 && dy.len().is_multiple_of(LANES) {
        for at in (0..dy.len()).step_by(LANES) {
            // SAFETY: sixteen gradients are read and, as the caller promises, their four rows of pixels twice written.
            unsafe {
                let twice = L::load(dy.as_ptr().add(at)).mul(L::splat(quarter)).twice();
                for (half, rows) in twice.into_iter().enumerate() {
                    // Two rows of eight, each to be doubled: the last store leaves the outer ones standing.
                    let to = to.add(4 * at + 2 * LANES * half);
                    for place in [0, LANES, LANES / 2] {
                        rows.store(to.add(place));
                    }
                }
            }
        }
        return;
    }
    for (i, row) in dy.chunks_exact(w / 2).enumerate() {
        // SAFETY: the caller promises four times as many pixels as gradients; this is two rows of them.
        unsafe {
            let upper = to.add(2 * i * w);
            let lower = upper.add(w);
            let whole = w / (2 * LANES) * LANES;
            for at in (0..whole).step_by(LANES) {
                let [first, next] = L::load(row.as_ptr().add(at)).mul(L::splat(quarter)).twice();
                for to in [upper, lower] {
                    first.store(to.add(2 * at));
                    next.store(to.add(2 * at + LANES));
                }
            }
            for (j, d) in row.iter().enumerate().skip(whole) {
                for to in [upper, lower] {
                    *to.add(2 * j) = quarter * d;
                    *to.add(2 * j + 1) = quarter * d;
                }
            }
        }
    }
}
