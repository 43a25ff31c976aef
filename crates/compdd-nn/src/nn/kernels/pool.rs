//! Average pooling of 2 x 2 blocks, by itself: where a map is asked for between the `ReLU` and the pooling, or the
//! normalisation is another. Even sizes.

use rayon::prelude::*;

use super::norm::{Maps, each_group, halve_rows, read, spread, write};
use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};

/// The means of the blocks: `[n, c, h / 2, w / 2]`.
pub fn forward(isa: Isa, maps: Maps, x: &[f32]) -> Vec<f32> {
    let (plane, results) = (maps.h * maps.w, maps.h * maps.w / 4);
    let fill = |out: Output<'_>| {
        (0..maps.n * maps.c).into_par_iter().with_min_len(maps.grain()).for_each(|i| {
            // SAFETY: each plane of results is written by its own unit, all of it.
            unsafe {
                let to = out.part(i * results, results).as_mut_ptr().cast();
                halve_plane(isa, &x[i * plane..(i + 1) * plane], maps.w, to);
            }
        });
    };
    // SAFETY: all planes are covered.
    unsafe { filled(maps.n * maps.c * results, fill) }
}

/// Gradient of the maps `maps` from the gradient `dy` of the means.
pub fn backward(isa: Isa, maps: Maps, dy: &[f32]) -> Vec<f32> {
    let (plane, results) = (maps.h * maps.w, maps.h * maps.w / 4);
    let fill = |out: Output<'_>| {
        (0..maps.n * maps.c).into_par_iter().with_min_len(maps.grain()).for_each(|i| {
            // SAFETY: each plane of gradients is written by its own unit, all of it.
            unsafe {
                let to = out.part(i * plane, plane).as_mut_ptr().cast();
                spread_plane(isa, &dy[i * results..(i + 1) * results], maps.w, to);
            }
        });
    };
    // SAFETY: all planes are covered.
    unsafe { filled(maps.n * maps.c * plane, fill) }
}

per_isa! {
    /// One plane of [`forward`].
    unsafe fn halve_plane(x: &[f32], w: usize, to: *mut f32) => halve_plane_body
}

#[inline(always)]
unsafe fn halve_plane_body<L: Lanes>(x: &[f32], w: usize, to: *mut f32) {
    // SAFETY: groups lie inside the rows; the caller promises room for a quarter as many results.
    unsafe {
        let mut sums = Scratch::take(x.len() / 2);
        for (i, rows) in x.chunks_exact(2 * w).enumerate() {
            let (upper, lower, sum) = (rows.as_ptr(), rows.as_ptr().add(w), sums.as_mut_ptr().add(i * w));
            each_group!(w, |at, count| {
                let above = read::<L>(upper.add(at), count, 0.0);
                write(above.add(read(lower.add(at), count, 0.0)), sum.add(at), count);
            });
        }
        halve_rows::<L>(&sums, to);
    }
}

per_isa! {
    /// One plane of [`backward`].
    unsafe fn spread_plane(dy: &[f32], w: usize, to: *mut f32) => spread_plane_body
}

#[inline(always)]
unsafe fn spread_plane_body<L: Lanes>(dy: &[f32], w: usize, to: *mut f32) {
    // SAFETY: the caller promises room for four times as many gradients.
    unsafe { spread::<L>(dy, w, to) }
}
