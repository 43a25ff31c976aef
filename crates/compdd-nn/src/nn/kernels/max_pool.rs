//! Max pooling: the largest value of every window, and the way back to where it was found.
//!
//! A window is as in a convolution, its border minus infinity. Rows are compared first, all columns at once, then neighbours in
//! the row of what is left. A NaN wins, so that a diverged run shows.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::norm::Maps;
use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, Lanes, per_isa};

/// Values that a task should hold, as for the other operations on planes.
fn grain(g: &Geometry) -> usize {
    Maps { n: g.n, c: g.c, h: g.h, w: g.w }.grain()
}

/// Whether every window holds a pixel: only then is there a largest one.
pub fn fits(g: &Geometry) -> bool {
    let inside = |kernel: usize, axis: usize, size: usize, results: usize| {
        g.padding[axis] < kernel && (results - 1) * g.stride[axis] < size + g.padding[axis]
    };
    inside(g.kh, 0, g.h, g.oh) && inside(g.kw, 1, g.w, g.ow)
}

/// The largest values: `[n, c, oh, ow]`.
pub fn forward(isa: Isa, g: &Geometry, x: &[f32]) -> Vec<f32> {
    let (plane, results) = (g.h * g.w, g.oh * g.ow);
    let fill = |out: Output<'_>| {
        (0..g.n * g.c).into_par_iter().with_min_len(grain(g)).for_each(|i| {
            // SAFETY: each plane of results is written by its own unit, all of it.
            unsafe {
                let to = out.part(i * results, results).as_mut_ptr().cast();
                peaks_plane(isa, &x[i * plane..(i + 1) * plane], g, to);
            }
        });
    };
    // SAFETY: all planes are covered.
    unsafe { filled(g.n * g.c * results, fill) }
}

/// Gradient of the maps from the gradient `dy` of the largest values: each goes to the first of the largest pixels.
pub fn backward(g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (plane, results) = (g.h * g.w, g.oh * g.ow);
    let mut dx = vec![0.0_f32; g.n * g.c * plane];
    let planes = dx.par_chunks_exact_mut(plane).with_min_len(grain(g)).zip(x.par_chunks_exact(plane));
    planes.zip(dy.par_chunks_exact(results)).for_each(|((dx, x), dy)| {
        for (row, dy) in dy.chunks_exact(g.ow).enumerate() {
            for (column, d) in dy.iter().enumerate() {
                dx[place(g, x, row, column)] += d;
            }
        }
    });
    dx
}

/// The pixels `start .. end` of a window along one axis.
#[inline(always)]
fn reach(at: usize, stride: usize, padding: usize, kernel: usize, size: usize) -> std::ops::Range<usize> {
    let start = at * stride;
    start.saturating_sub(padding)..(start + kernel - padding).min(size)
}

/// Where the largest value of a window lies in its plane: the first of equal ones, the last NaN.
fn place(g: &Geometry, x: &[f32], row: usize, column: usize) -> usize {
    let rows = reach(row, g.stride[0], g.padding[0], g.kh, g.h);
    let columns = reach(column, g.stride[1], g.padding[1], g.kw, g.w);
    let mut best = rows.start * g.w + columns.start;
    for i in rows {
        for at in i * g.w + columns.start..i * g.w + columns.end {
            if x[at] > x[best] || x[at].is_nan() {
                best = at;
            }
        }
    }
    best
}

/// The larger value; a NaN is larger than any.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

per_isa! {
    /// One plane of [`forward`].
    unsafe fn peaks_plane(x: &[f32], g: &Geometry, to: *mut f32) => peaks_body
}

/// Takes no lanes by hand: comparisons are left to the compiler, for each instruction set.
#[inline(always)]
unsafe fn peaks_body<L: Lanes>(x: &[f32], g: &Geometry, to: *mut f32) {
    // SAFETY: the caller promises room for a plane of results.
    let results = unsafe { std::slice::from_raw_parts_mut(to.cast::<std::mem::MaybeUninit<f32>>(), g.oh * g.ow) };
    let padding = g.padding[1];
    // One row of a plane with its borders, and as much behind it as the last window may reach.
    let mut across = Scratch::take((g.w + padding).max((g.ow - 1) * g.stride[1] + g.kw) + g.stride[1]);
    across.fill(f32::NEG_INFINITY);
    for (row, results) in results.chunks_exact_mut(g.ow).enumerate() {
        let rows = reach(row, g.stride[0], g.padding[0], g.kh, g.h);
        let inside = &mut across[padding..padding + g.w];
        inside.copy_from_slice(&x[rows.start * g.w..][..g.w]);
        for other in x[(rows.start + 1) * g.w..rows.end * g.w].chunks_exact(g.w) {
            for (largest, &value) in inside.iter_mut().zip(other) {
                *largest = larger(*largest, value);
            }
        }
        match g.stride[1] {
            1 => neighbours::<1>(&across, g.kw, results),
            2 => neighbours::<2>(&across, g.kw, results),
            stride => {
                for (result, window) in results.iter_mut().zip(across.windows(g.kw).step_by(stride)) {
                    result.write(window.iter().copied().fold(f32::NEG_INFINITY, larger));
                }
            }
        }
    }
}

/// The largest of `count` neighbours, `STEP` apart.
#[inline(always)]
fn neighbours<const STEP: usize>(across: &[f32], count: usize, results: &mut [std::mem::MaybeUninit<f32>]) {
    for (result, first) in results.iter_mut().zip(across.as_chunks::<STEP>().0) {
        result.write(first[0]);
    }
    for tap in 1..count {
        for (result, value) in results.iter_mut().zip(across[tap..].as_chunks::<STEP>().0) {
            // SAFETY: all results were written above: the row has a chunk for each.
            let before = unsafe { result.assume_init() };
            result.write(larger(before, value[0]));
        }
    }
}
