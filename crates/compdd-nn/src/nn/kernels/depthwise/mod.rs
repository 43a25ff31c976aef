//! Depthwise convolution: every channel has a filter of its own and sees no other channel (Howard et al., arXiv 1704.04861,
//! section 3.1). Any kernel, stride and padding.
//!
//! A task takes some images of one channel. Their planes are laid out one behind the other with the zeros around them, as one
//! grid for every phase of the stride: grid `(a, b)` holds rows `a, a + stride, ..` and columns `b, b + stride, ..`. Results
//! are laid out with the same distance between rows. Every element of the filter then lies at one distance from the result it
//! goes into, whatever the pixel, so that all three passes run along memory, whole vectors even where rows are short; what is
//! computed between the rows is dropped, or multiplied by zeros. Filters are not turned and windows not unrolled.

mod grids;

use std::mem::MaybeUninit;

use rayon::prelude::*;

use super::geometry::Geometry;
use super::norm::total;
use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};
use grids::{Grids, Tap, copy};

/// Groups of results computed together.
const GROUPS: usize = 4;

/// `y[n, c] = sum over the window of x[n, c] * w[c]`. Shapes as in `g`, row-major; `w`: `[c, kh, kw]`.
pub fn forward(isa: Isa, g: &Geometry, x: &[f32], w: &[f32]) -> Vec<f32> {
    let grids = Grids::new(g);
    let taps = grids.all_taps();
    let fill = |out: Output<'_>| {
        (0..grids.tasks()).into_par_iter().for_each(|task| {
            // SAFETY: each task writes the planes of its own images and channel.
            unsafe { forward_task(isa, &grids, &taps, x, w, task, out) };
        });
    };
    // SAFETY: the tasks cover all planes.
    unsafe { filled(g.n * g.c * g.pixels(), fill) }
}

/// Gradient of the input: `dx[n, c, h, w]` from `dy[n, c, oh, ow]`.
pub fn input_gradient(isa: Isa, g: &Geometry, dy: &[f32], w: &[f32]) -> Vec<f32> {
    let grids = Grids::new(g);
    // A pixel collects from the results whose windows hold it, which lie before it.
    let back = |tap: &Tap| Tap { offset: grids.reach - tap.offset, ..*tap };
    let taps: Vec<Vec<Tap>> = grids.taps.iter().map(|taps| taps.iter().map(back).collect()).collect();
    let fill = |out: Output<'_>| {
        (0..grids.tasks()).into_par_iter().for_each(|task| {
            // SAFETY: each task writes the planes of its own images and channel.
            unsafe { input_task(isa, &grids, &taps, dy, w, task, out) };
        });
    };
    // SAFETY: the tasks cover all planes.
    unsafe { filled(g.n * g.c * g.h * g.w, fill) }
}

/// Gradient of the filters: `dw[c, kh, kw]` from `x` and `dy`. Groups of images are summed first to last.
pub fn weight_gradient(isa: Isa, g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let grids = Grids::new(g);
    let (taps, size) = (grids.all_taps(), g.kh * g.kw);
    let mut parts = vec![0.0; grids.tasks() * size];
    parts.par_chunks_exact_mut(size).enumerate().for_each(|(task, part)| {
        // SAFETY: a place for every element of the filter.
        unsafe { weight_task(isa, &grids, &taps, x, dy, task, part) };
    });
    let mut sum = vec![0.0; g.c * size];
    for part in parts.chunks_exact(sum.len()) {
        for (sum, value) in sum.iter_mut().zip(part) {
            *sum += value;
        }
    }
    sum
}

per_isa! {
    /// The planes of one task of [`forward`].
    unsafe fn forward_task(grids: &Grids<'_>, taps: &[Tap], x: &[f32], w: &[f32], task: usize, out: Output<'_>) => forward_body
}

#[inline(always)]
unsafe fn forward_body<L: Lanes>(grids: &Grids<'_>, taps: &[Tap], x: &[f32], w: &[f32], task: usize, out: Output<'_>) {
    let (g, (channel, images)) = (grids.g, grids.task(task));
    // SAFETY: copies between slices.
    let maps = unsafe { grids.lay_maps::<L>(x, channel, images.clone()) };
    let mut results = Scratch::take(grids.len + LANES);
    let weight = &w[channel * g.kh * g.kw..][..g.kh * g.kw];
    // SAFETY: offsets reach from the grids into what lies behind them, results are rounded up to a group; the planes
    // written are the task's own.
    unsafe {
        correlate::<L>(&maps, taps, weight, &mut results, grids.len);
        for (i, image) in images.enumerate() {
            let plane = out.part((image * g.c + channel) * g.pixels(), g.pixels());
            for (y, row) in plane.chunks_exact_mut(g.ow).enumerate() {
                let from = &results[(i * grids.rows + y) * grids.pitch..][..g.ow];
                copy::<L>(from.as_ptr(), row.as_mut_ptr().cast(), g.ow);
            }
        }
    }
}

per_isa! {
    /// The planes of one task of [`input_gradient`].
    unsafe fn input_task(grids: &Grids<'_>, taps: &[Vec<Tap>], dy: &[f32], w: &[f32], task: usize, out: Output<'_>) => input_body
}

#[inline(always)]
unsafe fn input_body<L: Lanes>(
    grids: &Grids<'_>,
    taps: &[Vec<Tap>],
    dy: &[f32],
    w: &[f32],
    task: usize,
    out: Output<'_>,
) {
    let (g, (channel, images)) = (grids.g, grids.task(task));
    // SAFETY: copies between slices.
    let gradients = unsafe { grids.lay_gradients::<L>(dy, channel, images.clone(), grids.reach) };
    let mut maps = Scratch::take(taps.len() * grids.len + LANES);
    // Pixels that no window reads have no gradient.
    let whole = grids.stretches.iter().map(|stretch| stretch.count).sum::<usize>() == g.h * g.w;
    let weight = &w[channel * g.kh * g.kw..][..g.kh * g.kw];
    // SAFETY: offsets stay within what lies in front of the gradients, a grid rounded up to a group ends inside the work
    // space and before the next is written; the planes written are the task's own, and all of each is.
    unsafe {
        for (grid, taps) in taps.iter().enumerate() {
            correlate::<L>(&gradients, taps, weight, &mut maps[grid * grids.len..], grids.len);
        }
        for (i, image) in images.enumerate() {
            let plane = out.part((image * g.c + channel) * g.h * g.w, g.h * g.w);
            if !whole {
                plane.fill(MaybeUninit::new(0.0));
            }
            for stretch in &grids.stretches {
                let from = &maps[i * grids.rows * grids.pitch + stretch.at..][..stretch.count];
                let to = &mut plane[stretch.pixel..];
                if g.stride[1] == 1 {
                    copy::<L>(from.as_ptr(), to.as_mut_ptr().cast(), stretch.count);
                } else {
                    for (to, value) in to.iter_mut().step_by(g.stride[1]).zip(from) {
                        to.write(*value);
                    }
                }
            }
        }
    }
}

/// `to[i] = sum over the taps of weight[element] * from[i + offset]` for `i < len`, and up to the end of the last group.
///
/// # Safety
///
/// `to` must have room for whole groups, and `from` for as many from the largest offset on.
#[inline(always)]
unsafe fn correlate<L: Lanes>(from: &[f32], taps: &[Tap], weight: &[f32], to: &mut [f32], len: usize) {
    let whole = len / (GROUPS * LANES) * (GROUPS * LANES);
    // SAFETY: the caller promises both ranges.
    unsafe {
        for at in (0..whole).step_by(GROUPS * LANES) {
            correlate_groups::<L, GROUPS>(from.as_ptr().add(at), taps, weight, to.as_mut_ptr().add(at));
        }
        for at in (whole..len).step_by(LANES) {
            correlate_groups::<L, 1>(from.as_ptr().add(at), taps, weight, to.as_mut_ptr().add(at));
        }
    }
}

#[inline(always)]
unsafe fn correlate_groups<L: Lanes, const G: usize>(from: *const f32, taps: &[Tap], weight: &[f32], to: *mut f32) {
    // SAFETY: passed on from the caller.
    unsafe {
        let mut sums = [L::splat(0.0); G];
        for tap in taps {
            let (factor, from) = (L::splat(*weight.get_unchecked(tap.element)), from.add(tap.offset));
            for (group, sum) in sums.iter_mut().enumerate() {
                *sum = L::load(from.add(group * LANES)).mul_add(factor, *sum);
            }
        }
        for (group, sum) in sums.into_iter().enumerate() {
            sum.store(to.add(group * LANES));
        }
    }
}

per_isa! {
    /// The share of one task in the gradient of its channel's filter.
    unsafe fn weight_task(grids: &Grids<'_>, taps: &[Tap], x: &[f32], dy: &[f32], task: usize, part: &mut [f32]) => weight_body
}

#[inline(always)]
unsafe fn weight_body<L: Lanes>(grids: &Grids<'_>, taps: &[Tap], x: &[f32], dy: &[f32], task: usize, part: &mut [f32]) {
    let (channel, images) = grids.task(task);
    // SAFETY: copies between slices.
    let (maps, gradients) =
        unsafe { (grids.lay_maps::<L>(x, channel, images.clone()), grids.lay_gradients::<L>(dy, channel, images, 0)) };
    // SAFETY: offsets reach from the grids into what lies behind them, and gradients are followed by a group of zeros.
    unsafe {
        match taps.len() {
            9 => inner_products::<L, 9>(&maps, taps, &gradients, grids.len, part),
            25 => inner_products::<L, 5>(&maps, taps, &gradients, grids.len, part),
            49 => inner_products::<L, 7>(&maps, taps, &gradients, grids.len, part),
            _ => inner_products::<L, 1>(&maps, taps, &gradients, grids.len, part),
        }
    }
}

/// `part[element] = sum over i < len of gradients[i] * maps[i + offset]`, `T` taps at a time.
///
/// # Safety
///
/// Whole groups are read: beyond `len`, `gradients` must be zero and `maps` finite.
#[inline(always)]
unsafe fn inner_products<L: Lanes, const T: usize>(
    maps: &[f32],
    taps: &[Tap],
    gradients: &[f32],
    len: usize,
    part: &mut [f32],
) {
    for taps in taps.as_chunks::<T>().0 {
        // SAFETY: passed on from the caller.
        unsafe {
            let mut sums = [L::splat(0.0); T];
            for at in (0..len).step_by(LANES) {
                let gradient = L::load(gradients.as_ptr().add(at));
                for (sum, tap) in sums.iter_mut().zip(taps) {
                    *sum = L::load(maps.as_ptr().add(at + tap.offset)).mul_add(gradient, *sum);
                }
            }
            for (sum, tap) in sums.into_iter().zip(taps) {
                part[tap.element] = total(sum);
            }
        }
    }
}
