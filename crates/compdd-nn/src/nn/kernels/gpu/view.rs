//! One step of differentiable siamese augmentation in one launch, and its transpose in another; every image has a step of its own.
//!
//! A step is a row of [`FIELDS`] numbers, of which the first says what is done. **0**, `shift, f, g`: `x + shift`, blended with the mean over channels of
//! each pixel by `f` and with the mean of the image, which the first blend leaves as it is, by `g`. **1**, `top, bottom, left, right`: zero
//! inside a window. **2**, `a, b, c, d, e, f`: bilinear sampling with zero fill at column `a j + b i + c` and row `d j + e i + f`, of coordinates from the centre.
//!
//! The transposes gather: a pixel asks the results that may have read it, which lie around its place under the inverse map. Nothing is
//! added atomically.

use burn::backend::TensorMetadata;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::norm::mean;
use super::{cubes, empty, units};

/// Numbers of a step.
pub const FIELDS: usize = 7;
/// Pixels of a plane that a cube sees to, about.
const SHARE: usize = 1024;
/// A map that shrinks areas beyond it has no inverse worth the name: every result is asked.
const FLAT: f32 = 1e-6;

/// The share of a pixel that lies so far from a place, on one axis.
#[cube]
fn share(distance: f32) -> f32 {
    let near = 1.0f32 - magnitude(distance);
    select(near > 0.0f32, near, 0.0f32)
}

#[cube]
fn magnitude(x: f32) -> f32 {
    select(x < 0.0f32, -x, x)
}

/// The colour of a pixel of an image of shifted mean `grey`; `first` is where its first channel lies.
#[cube]
fn colour(
    x: &[f32],
    y: &mut [f32],
    first: usize,
    plane: usize,
    channels: usize,
    grey: f32,
    shift: f32,
    pixel: f32,
    image: f32,
) {
    let mut sum = 0.0f32;
    for k in 0..channels {
        sum += x[first + k * plane];
    }
    let mean = sum / f32::cast_from(channels) + shift;
    for k in 0..channels {
        let at = first + k * plane;
        let blended = (x[at] + shift - mean) * pixel + mean;
        y[at] = (blended - grey) * image + grey;
    }
}

/// Whether a pixel lies in the window of a step.
#[cube]
fn erased(steps: &[f32], row: usize, i: f32, j: f32) -> bool {
    i >= steps[row + 1] && i < steps[row + 2] && j >= steps[row + 3] && j < steps[row + 4]
}

/// What a pixel samples of the plane that begins at `start`.
#[cube]
fn sampled(x: &[f32], steps: &[f32], row: usize, start: usize, right: f32, bottom: f32, i: f32, j: f32) -> f32 {
    let (j, i) = (j - right * 0.5f32, i - bottom * 0.5f32);
    let column = j * steps[row + 1] + i * steps[row + 2] + steps[row + 3];
    let line = j * steps[row + 4] + i * steps[row + 5] + steps[row + 6];
    let (left, top) = (column.floor(), line.floor());
    let mut sum = 0.0f32;
    #[unroll]
    for corner in 0..4usize {
        let at_column = left + f32::cast_from(corner % 2);
        let at_line = top + f32::cast_from(corner / 2);
        if at_column >= 0.0f32 && at_column <= right && at_line >= 0.0f32 && at_line <= bottom {
            let at = usize::cast_from(at_line * (right + 1.0f32) + at_column);
            sum += x[start + at] * (share(column - at_column) * share(line - at_line));
        }
    }
    sum
}

/// The gradient of a pixel of the plane that begins at `start`, from those of its samples.
#[cube]
fn gathered(
    dy: &[f32],
    steps: &[f32],
    row: usize,
    start: usize,
    right: f32,
    bottom: f32,
    line: f32,
    column: f32,
) -> f32 {
    let (a, b, c) = (steps[row + 1], steps[row + 2], steps[row + 3]);
    let (d, e, f) = (steps[row + 4], steps[row + 5], steps[row + 6]);
    let area = a * e - b * d;
    let flat = magnitude(area) < FLAT;
    let inverse = select(flat, 0.0f32, 1.0f32 / select(flat, 1.0f32, area));
    // What reads a pixel lies within one pixel of it on both axes; a little more for what rounding takes.
    let across = (magnitude(e) + magnitude(b)) * magnitude(inverse) + 0.01f32;
    let down = (magnitude(d) + magnitude(a)) * magnitude(inverse) + 0.01f32;
    let (u, v) = (column - c, line - f);
    let near_j = (e * u - b * v) * inverse + right * 0.5f32;
    let near_i = (a * v - d * u) * inverse + bottom * 0.5f32;
    let first_j = select(flat || near_j - across < 0.0f32, 0.0f32, (near_j - across).ceil());
    let last_j = select(flat || near_j + across > right, right, near_j + across);
    let last_i = select(flat || near_i + down > bottom, bottom, near_i + down);
    let mut i = select(flat || near_i - down < 0.0f32, 0.0f32, (near_i - down).ceil());
    let mut sum = 0.0f32;
    while i <= last_i {
        let mut j = first_j;
        while j <= last_j {
            let (over, under) = (j - right * 0.5f32, i - bottom * 0.5f32);
            let weight = share(over * a + under * b + c - column) * share(over * d + under * e + f - line);
            sum += dy[start + usize::cast_from(i * (right + 1.0f32) + j)] * weight;
            j += 1.0f32;
        }
        i += 1.0f32;
    }
    sum
}

#[cube(launch)]
fn view_kernel(
    x: &[f32],
    steps: &[f32],
    y: &mut [f32],
    channels: usize,
    height: usize,
    width: usize,
    parts: usize,
    #[comptime] units: usize,
    #[comptime] coloured: bool,
    #[comptime] transposed: bool,
) {
    let image = CUBE_POS / parts;
    let row = image * FIELDS;
    if row >= steps.len() {
        terminate!();
    }
    let plane = height * width;
    let start = image * channels * plane;
    let mut grey = 0.0f32;
    // Of all images or of none: units that wait for each other may not stand behind a value.
    if comptime!(coloured) {
        let mut shared = Shared::<[f32]>::new_slice(units);
        grey = mean(x, start, channels * plane, &mut shared, units);
    }
    let part = CUBE_POS % parts;
    let (from, to) = (part * plane / parts, (part + 1) * plane / parts);
    let (right, bottom) = (f32::cast_from(width - 1), f32::cast_from(height - 1));
    let mut shift = 0.0f32;
    if comptime!(!transposed) {
        shift = steps[row + 1];
    }
    let mut p = from + UNIT_POS as usize;
    while p < to {
        let (i, j) = (f32::cast_from(p / width), f32::cast_from(p % width));
        if steps[row] == 0.0f32 {
            colour(x, y, start + p, plane, channels, grey + shift, shift, steps[row + 2], steps[row + 3]);
        } else {
            for k in 0..channels {
                let at = start + k * plane;
                if steps[row] == 1.0f32 {
                    y[at + p] = select(erased(steps, row, i, j), 0.0f32, x[at + p]);
                } else if comptime!(transposed) {
                    y[at + p] = gathered(x, steps, row, at, right, bottom, i, j);
                } else {
                    y[at + p] = sampled(x, steps, row, at, right, bottom, i, j);
                }
            }
        }
        p += units;
    }
}

/// A step of every image of `x[n, c, h, w]`, or its transpose; `steps` is `[n, FIELDS]`, and `coloured` says whether one of them is a colour.
pub fn view([x, steps]: [CubeTensor; 2], coloured: bool, transposed: bool) -> CubeTensor {
    let [n, channels, height, width] = x.shape().dims();
    let (y, plane) = (empty(&x, x.shape()), height * width);
    let (parts, units) = (plane.div_ceil(SHARE), units(plane));
    view_kernel::launch(
        &y.client,
        cubes(n * parts),
        CubeDim::new_1d(units as u32),
        x.into_buffer_arg(),
        steps.into_buffer_arg(),
        y.clone().into_buffer_arg(),
        channels,
        height,
        width,
        parts,
        units,
        coloured,
        transposed,
    );
    y
}
