//! The direct path: the same lowered operations over host memory, image by image in parallel.
//!
//! Training a student needs no gradient in the pixels; on the CPU this costs a few passes over the batch instead of some
//! twenty small tensors per operation.

use rayon::prelude::*;

use super::{
    draws::{Lowered, Over},
    geometry::{Map, Window, centre},
};

/// Applies `ops` in order to a batch `[n, c, h, w]` in place.
pub(super) fn apply(ops: &[Lowered], batch: &mut [f32], [c, h, w]: [usize; 3]) {
    batch.par_chunks_mut(c * h * w).enumerate().for_each_init(Vec::new, |scratch, (i, image)| {
        for op in ops {
            match op {
                Lowered::Shift(shift) => image.iter_mut().for_each(|v| *v += shift[i]),
                Lowered::Blend { over: Over::Pixel, factor } => blend_pixels(image, c, factor[i]),
                Lowered::Blend { over: Over::Image, factor } => blend_image(image, factor[i]),
                Lowered::Erase(windows) => erase(image, windows[i], h, w),
                Lowered::Sample { maps, whole } => {
                    scratch.clear();
                    scratch.extend_from_slice(image);
                    if *whole {
                        shift_pixels(scratch, image, maps[i], [c, h, w]);
                    } else {
                        bilinear(scratch, image, maps[i], [c, h, w]);
                    }
                }
            }
        }
    });
}

pub(super) fn blend_pixels(image: &mut [f32], c: usize, factor: f32) {
    let plane = image.len() / c;
    for p in 0..plane {
        let mean = (0..c).map(|k| image[k * plane + p]).sum::<f32>() / c as f32;
        for k in 0..c {
            let value = &mut image[k * plane + p];
            *value = (*value - mean) * factor + mean;
        }
    }
}

pub(super) fn blend_image(image: &mut [f32], factor: f32) {
    let mean = (image.iter().map(|&v| f64::from(v)).sum::<f64>() / image.len() as f64) as f32;
    for value in image.iter_mut() {
        *value = (*value - mean) * factor + mean;
    }
}

pub(super) fn erase(image: &mut [f32], window: Window, h: usize, w: usize) {
    for plane in image.chunks_exact_mut(h * w) {
        for row in window.rows[0]..window.rows[1] {
            plane[row * w + window.columns[0]..row * w + window.columns[1]].fill(0.0);
        }
    }
}

/// The source pixel of an output pixel, `(column, row)`.
fn source(map: Map, j: f32, i: f32) -> (f32, f32) {
    (j * map.x[0] + i * map.x[1] + map.x[2], j * map.y[0] + i * map.y[1] + map.y[2])
}

/// Maps that land on whole pixels and do not mix the axes.
fn shift_pixels(from: &[f32], to: &mut [f32], map: Map, [c, h, w]: [usize; 3]) {
    let columns = whole_columns(map, h, w);
    for i in 0..h {
        let row = whole_row(map, i, h, w);
        for k in 0..c {
            let out = &mut to[(k * h + i) * w..][..w];
            match row {
                None => out.fill(0.0),
                Some(row) => {
                    let line = &from[(k * h + row) * w..][..w];
                    for (value, column) in out.iter_mut().zip(&columns) {
                        *value = column.map_or(0.0, |column| line[column]);
                    }
                }
            }
        }
    }
}

fn inside(coordinate: f32, side: usize) -> Option<usize> {
    (coordinate >= 0.0 && coordinate <= side as f32 - 1.0).then_some(coordinate as usize)
}

/// The column read by every output column of a map that lands on whole pixels, none outside the image.
pub(super) fn whole_columns(map: Map, h: usize, w: usize) -> Vec<Option<usize>> {
    let [cx, _] = centre(h, w);
    (0..w).map(|j| inside(source(map, j as f32 - cx, 0.0).0, w)).collect()
}

/// The row read by output row `i` of such a map.
pub(super) fn whole_row(map: Map, i: usize, h: usize, w: usize) -> Option<usize> {
    let [_, cy] = centre(h, w);
    inside(source(map, 0.0, i as f32 - cy).1, h)
}

/// The four pixels output pixel `(i, j)` reads, by their place in the plane, and their shares: zero outside the image.
pub(super) fn taps(map: Map, i: usize, j: usize, h: usize, w: usize) -> [(usize, f32); 4] {
    let [cx, cy] = centre(h, w);
    let (x, y) = source(map, j as f32 - cx, i as f32 - cy);
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (x - left, y - top);
    let mut taps = [(0, 0.0); 4];
    let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
    for (tap, (dx, dy)) in taps.iter_mut().zip(corners) {
        let weight = (if dx == 0.0 { 1.0 - across } else { across }) * (if dy == 0.0 { 1.0 - down } else { down });
        if let (Some(column), Some(row)) = (inside(left + dx, w), inside(top + dy, h)) {
            *tap = (row * w + column, weight);
        }
    }
    taps
}

fn bilinear(from: &[f32], to: &mut [f32], map: Map, [c, h, w]: [usize; 3]) {
    let plane = h * w;
    for p in 0..plane {
        let taps = taps(map, p / w, p % w, h, w);
        for k in 0..c {
            let source = &from[k * plane..][..plane];
            to[k * plane + p] = taps.iter().map(|&(index, weight)| source[index] * weight).sum();
        }
    }
}
