//! Convolution by filters of one pixel, stride 1, no padding: a matrix product over the pixels of all images, one after the
//! other, so that small maps fill whole panels together. Nothing is unrolled.
//!
//! The weights `[o, c]` are used where they lie, or turned on their side for the gradient of the input; thirty-two pixels of
//! all channels are gathered to a panel.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::plan::{Plan, Sums};
use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, LANES, padded};
use super::sums::Parts;
use super::tile::{COLUMNS, ROWS, Tile, product};
use super::transpose::transpose;

/// Floats of maps and gradients held for a piece of the gradient of the weights (256 KiB).
const HELD: usize = 65536;

/// Neighbouring pixels of one image among the pixels of a batch.
#[derive(Clone, Copy)]
struct Run {
    /// Place among the pixels asked for.
    at: usize,
    image: usize,
    pixel: usize,
    len: usize,
}

/// The pixels `start .. start + count` of a batch of maps of `pixels` pixels each.
fn runs(pixels: usize, start: usize, count: usize) -> impl Iterator<Item = Run> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (image, pixel) = ((start + at) / pixels, (start + at) % pixels);
        let run = Run { at, image, pixel, len: (pixels - pixel).min(count - at) };
        at += run.len;
        (run.len > 0).then_some(run)
    })
}

/// The results of a plan, `y[n, o] = sum over c of x[n, c] * w[o, c]` each. Shapes as in `g`, row-major.
pub fn forward(isa: Isa, g: &Geometry, plan: Plan<'_>) -> Vec<f32> {
    multiply(isa, [g.n, g.pixels()], [g.o, g.c], plan)
}

/// The results of a plan backwards: gradients of inputs `dx[n, c]` from gradients of outputs `dy[n, o]`.
pub fn input_gradient(isa: Isa, g: &Geometry, plan: Plan<'_>) -> Vec<f32> {
    let turned: Vec<Scratch> = plan.weights.iter().map(|weight| turn(isa, weight, [g.o, g.c])).collect();
    let weights: Vec<&[f32]> = turned.iter().map(|weight| &**weight).collect();
    multiply(isa, [g.n, g.pixels()], [g.c, g.o], Plan { weights: &weights, ..plan })
}

/// A matrix of `rows` and `columns` on its side.
fn turn(isa: Isa, matrix: &[f32], [rows, columns]: [usize; 2]) -> Scratch {
    let mut turned = Scratch::take(rows * columns);
    // SAFETY: both have `rows * columns` elements.
    unsafe { transpose(isa, matrix.as_ptr(), columns, rows, columns, turned.as_mut_ptr(), rows) };
    turned
}

/// Sums of products of weights `[rows, terms]` with maps `[n, terms, pixels]`: `[n, rows, pixels]` each.
fn multiply(isa: Isa, [n, pixels]: [usize; 2], [rows, terms]: [usize; 2], plan: Plan<'_>) -> Vec<f32> {
    let panels = (n * pixels).div_ceil(COLUMNS);
    let results = plan.sums.len();
    let fill = |out: Output<'_>| {
        (0..results * panels).into_par_iter().for_each(|unit| {
            let (result, start) = (unit / panels, unit % panels * COLUMNS);
            let width = COLUMNS.min(n * pixels - start);
            let sum: Sums = &plan.sums[result..=result];
            let mut gathered = Scratch::take(sum[0].len() * terms * COLUMNS);
            for (&(map, _), panel) in sum[0].iter().zip(gathered.chunks_exact_mut(terms * COLUMNS)) {
                if width < COLUMNS {
                    panel.fill(0.0);
                }
                for run in runs(pixels, start, width) {
                    gather(&plan.maps[map][run.image * terms * pixels + run.pixel..], pixels, run, panel);
                }
            }
            // A panel of one image goes to its place at once, others through a buffer.
            let first = Run { at: 0, image: start / pixels, pixel: start % pixels, len: COLUMNS };
            let at_once = pixels - first.pixel >= COLUMNS;
            let mut block = Scratch::take(ROWS * COLUMNS);
            for row in (0..rows).step_by(ROWS) {
                let count = ROWS.min(rows - row);
                let place = |run: Run, row: usize| ((result * n + run.image) * rows + row) * pixels + run.pixel;
                let (c, c_row) = if at_once {
                    // SAFETY: thirty-two pixels of row `row` lie inside the output.
                    (unsafe { out.as_ptr().add(place(first, row)) }, pixels)
                } else {
                    (block.as_mut_ptr(), COLUMNS)
                };
                for (i, (&(_, weight), panel)) in sum[0].iter().zip(gathered.chunks_exact(terms * COLUMNS)).enumerate()
                {
                    let tile = Tile {
                        a: plan.weights[weight][row * terms..].as_ptr(),
                        a_row: terms,
                        a_step: 1,
                        b: panel.as_ptr(),
                        b_step: COLUMNS,
                        terms,
                        c,
                        c_row,
                        accumulate: i > 0,
                    };
                    // SAFETY: `a` reads up to eight rows of the weights, `b` a panel; `c` is the buffer, or thirty-two
                    // pixels of these rows, which no other unit writes.
                    unsafe { product(isa, &tile, count, width.div_ceil(LANES)) };
                }
                if !at_once {
                    for run in runs(pixels, start, width) {
                        for (i, from) in block.chunks_exact(COLUMNS).take(count).enumerate() {
                            // SAFETY: these pixels are this unit's own.
                            unsafe { out.part(place(run, row + i), run.len) }
                                .write_copy_of_slice(&from[run.at..run.at + run.len]);
                        }
                    }
                }
            }
        });
    };
    // SAFETY: the panels of all results cover all pixels, for every row.
    unsafe { filled(results * n * rows * pixels, fill) }
}

/// Copies one run of every plane, `pixels` apart, to the rows of a panel.
fn gather(planes: &[f32], pixels: usize, run: Run, panel: &mut [f32]) {
    let rows = planes.chunks(pixels).zip(panel.chunks_exact_mut(COLUMNS));
    match run.len {
        COLUMNS => rows.for_each(|(from, to)| to.copy_from_slice(&from[..COLUMNS])),
        16 => rows.for_each(|(from, to)| to[run.at..run.at + 16].copy_from_slice(&from[..16])),
        4 => rows.for_each(|(from, to)| to[run.at..run.at + 4].copy_from_slice(&from[..4])),
        len => rows.for_each(|(from, to)| to[run.at..run.at + len].copy_from_slice(&from[..len])),
    }
}

/// Gradient of the weights: `dw[o, c]` from `x` and `dy`.
pub fn weight_gradient(isa: Isa, g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (pixels, width) = (g.pixels(), padded(g.c));
    let chunk = if HELD / (g.o + width) < 256 { 64 } else { 256 };
    // Pieces of one image are read where they lie.
    let inside = pixels.is_multiple_of(chunk);
    let columns = g.n * pixels;
    let sum = Parts::new(columns.div_ceil(chunk), g.o * width).sum(|range, sum| {
        let mut left = Scratch::take(if inside { 0 } else { g.o * chunk });
        let mut right = Scratch::take(width * chunk);
        right.fill(0.0);
        for start in range.map(|unit| unit * chunk) {
            let count = chunk.min(columns - start);
            for run in runs(pixels, start, count) {
                let planes = &dy[run.image * g.o * pixels + run.pixel..];
                for (from, to) in planes.chunks(pixels).zip(left.chunks_exact_mut(chunk)) {
                    to[run.at..run.at + run.len].copy_from_slice(&from[..run.len]);
                }
                for k in (0..g.c).step_by(COLUMNS) {
                    let columns = COLUMNS.min(width - k);
                    let planes = &x[(run.image * g.c + k) * pixels + run.pixel..];
                    let to = &mut right[k * chunk + run.at * columns..];
                    // SAFETY: up to thirty-two planes from `k` on are read, `run.len` pixels each; `to` is the place of these
                    // pixels in the block of channels `k..`, as wide as the block.
                    unsafe {
                        transpose(
                            isa,
                            planes.as_ptr(),
                            pixels,
                            columns.min(g.c - k),
                            run.len,
                            to.as_mut_ptr(),
                            columns,
                        );
                    }
                }
            }
            let (left, left_row) =
                if inside { (&dy[start / pixels * g.o * pixels + start % pixels..], pixels) } else { (&*left, chunk) };
            for k in (0..g.c).step_by(COLUMNS) {
                let columns = COLUMNS.min(width - k);
                for o in (0..g.o).step_by(ROWS) {
                    let tile = Tile {
                        a: left[o * left_row..].as_ptr(),
                        a_row: left_row,
                        a_step: 1,
                        b: right[k * chunk..].as_ptr(),
                        b_step: columns,
                        terms: count,
                        c: sum[o * width + k..].as_mut_ptr(),
                        c_row: width,
                        accumulate: true,
                    };
                    // SAFETY: `a` reads `count` pixels of up to eight channels, `b` the block of `columns` written above, `c`
                    // whole groups of the padded rows of `sum`.
                    unsafe { product(isa, &tile, ROWS.min(g.o - o), columns / LANES) };
                }
            }
        }
    });
    sum.chunks_exact(width).flat_map(|row| &row[..g.c]).copied().collect()
}
