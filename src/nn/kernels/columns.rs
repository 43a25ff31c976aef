//! Convolution of any size as a matrix product over unrolled windows ("columns"), built panel by panel so that they stay in the
//! nearest cache and are never written to memory as a whole.
//!
//! The weights `[o, c, kh, kw]` are a matrix with `o` rows and `c * kh * kw` columns, used where they lie; a panel holds the
//! windows of thirty-two neighbouring output pixels.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, padded};
use super::sums::{add_parts, part_range, parts};
use super::tile::{COLUMNS, ROWS, Tile, product};
use super::transpose::transpose;

/// Terms taken at a time, so that a panel's slice stays in the first-level cache.
const TERMS: usize = 256;

/// A run of output pixels of one panel in one output row.
#[derive(Clone, Copy, Default)]
struct Run {
    row: usize,
    column: usize,
    len: usize,
    at: usize,
}

/// The output pixels of one panel.
struct Panel {
    runs: [Run; COLUMNS],
    count: usize,
    /// First pixel, in the order of the output map.
    start: usize,
    /// Pixels in use: 32 but for the last panel.
    width: usize,
}

impl Panel {
    fn new(geometry: &Geometry, start: usize) -> Self {
        let width = COLUMNS.min(geometry.pixels() - start);
        let mut panel = Self { runs: [Run::default(); COLUMNS], count: 0, start, width };
        let mut at = 0;
        while at < width {
            let (row, column) = ((start + at) / geometry.ow, (start + at) % geometry.ow);
            let len = (geometry.ow - column).min(width - at);
            panel.runs[panel.count] = Run { row, column, len, at };
            panel.count += 1;
            at += len;
        }
        panel
    }

    /// Calls `visit(at, len, source)` for every stretch of the window element `(ki, kj)` that lies inside the input plane:
    /// `at .. at + len` are pixels of the panel, `source` is the place of the first in the plane, `stride[1]` apart.
    #[inline(always)]
    fn stretches(&self, g: &Geometry, ki: usize, kj: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let step = g.stride[1];
        for run in &self.runs[..self.count] {
            let Some(y) = (run.row * g.stride[0] + ki).checked_sub(g.padding[0]).filter(|&y| y < g.h) else { continue };
            let first = run.column * step + kj;
            let skip = g.padding[1].saturating_sub(first).div_ceil(step);
            let room = (g.w + g.padding[1]).saturating_sub(first).div_ceil(step).min(run.len);
            if skip < room {
                visit(run.at + skip, room - skip, y * g.w + first + skip * step - g.padding[1]);
            }
        }
    }

    /// Unrolls the windows of one input map into `columns`, `terms` rows of thirty-two.
    fn unroll(&self, g: &Geometry, map: &[f32], columns: &mut [f32]) {
        let step = g.stride[1];
        let mut rows = columns.chunks_exact_mut(COLUMNS);
        for plane in map.chunks_exact(g.h * g.w) {
            for (tap, row) in (0..g.kh * g.kw).zip(&mut rows) {
                row.fill(0.0);
                self.stretches(g, tap / g.kw, tap % g.kw, |at, len, source| {
                    let to = &mut row[at..at + len];
                    if step == 1 {
                        to.copy_from_slice(&plane[source..source + len]);
                    } else {
                        for (value, from) in to.iter_mut().zip(plane[source..].iter().step_by(step)) {
                            *value = *from;
                        }
                    }
                });
            }
        }
    }

    /// The adjoint of [`Panel::unroll`]: adds the rows of `columns` to where they came from in the planes of `map`.
    fn roll(&self, g: &Geometry, columns: &[f32], map: &mut [f32]) {
        let step = g.stride[1];
        let mut rows = columns.chunks_exact(COLUMNS);
        for plane in map.chunks_exact_mut(g.h * g.w) {
            for (tap, row) in (0..g.kh * g.kw).zip(&mut rows) {
                self.stretches(g, tap / g.kw, tap % g.kw, |at, len, source| {
                    let from = &row[at..at + len];
                    if step == 1 {
                        for (to, value) in plane[source..source + len].iter_mut().zip(from) {
                            *to += value;
                        }
                    } else {
                        for (to, value) in plane[source..].iter_mut().step_by(step).zip(from) {
                            *to += value;
                        }
                    }
                });
            }
        }
    }
}

/// `y[n, o] = sum over the window of x * w`. Shapes as in `geometry`, row-major.
pub fn forward(isa: Isa, g: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
    let (terms, pixels) = (g.terms(), g.pixels());
    let panels = pixels.div_ceil(COLUMNS);
    let fill = |out: Output<'_>| {
        (0..g.n * panels).into_par_iter().with_min_len(grain(g)).for_each(|unit| {
            let (image, panel) = (unit / panels, Panel::new(g, unit % panels * COLUMNS));
            let mut columns = Scratch::take(terms * COLUMNS);
            panel.unroll(g, &x[image * g.c * g.h * g.w..][..g.c * g.h * g.w], &mut columns);
            let whole = panel.width % 16 == 0;
            let mut edge = Scratch::take(if whole { 0 } else { g.o * COLUMNS });
            let start = image * g.o * pixels + panel.start;
            for from in (0..terms).step_by(TERMS) {
                for o in (0..g.o).step_by(ROWS) {
                    let tile = Tile {
                        a: weight[o * terms + from..].as_ptr(),
                        a_row: terms,
                        a_step: 1,
                        b: columns[from * COLUMNS..].as_ptr(),
                        b_step: COLUMNS,
                        terms: TERMS.min(terms - from),
                        // SAFETY: the first pixel of the panel in channel `o` lies inside the output.
                        c: if whole {
                            unsafe { out.as_ptr().add(start + o * pixels) }
                        } else {
                            edge[o * COLUMNS..].as_mut_ptr()
                        },
                        c_row: if whole { pixels } else { COLUMNS },
                        accumulate: from > 0,
                    };
                    // SAFETY: `a` covers rows `o..` of the weights, `b` the unrolled panel, `c` either whole groups of this
                    // panel's pixels, which no other unit writes, or the edge buffer of thirty-two columns.
                    unsafe { product(isa, &tile, ROWS.min(g.o - o), panel.width.div_ceil(16)) };
                }
            }
            if !whole {
                for (o, row) in edge.chunks_exact(COLUMNS).enumerate() {
                    // SAFETY: this panel's pixels in channel `o`, written by no other unit.
                    unsafe { out.part(start + o * pixels, panel.width) }.write_copy_of_slice(&row[..panel.width]);
                }
            }
        });
    };
    // SAFETY: the panels of all images cover all pixels, for every `o`.
    unsafe { filled(g.n * g.o * pixels, fill) }
}

/// Gradient with respect to the input: `dx[n, c, h, w]` from `dy[n, o, oh, ow]`.
pub fn input_gradient(isa: Isa, g: &Geometry, dy: &[f32], weight: &[f32]) -> Vec<f32> {
    let (terms, pixels, taps, plane) = (g.terms(), g.pixels(), g.kh * g.kw, g.h * g.w);
    // Small batches are cut into groups of channels too.
    let group = if g.n >= 8 { g.c } else { g.c.div_ceil(4) };
    let groups = g.c.div_ceil(group);
    let fill = |out: Output<'_>| {
        (0..g.n * groups).into_par_iter().for_each(|unit| {
            let (image, first) = (unit / groups, unit % groups * group);
            let channels = group.min(g.c - first);
            let mut map = Scratch::take(channels * plane);
            map.fill(0.0);
            let mut right = Scratch::take(g.o * COLUMNS);
            let mut columns = Scratch::take(channels * taps * COLUMNS);
            for start in (0..pixels).step_by(COLUMNS) {
                let panel = Panel::new(g, start);
                let maps = &dy[image * g.o * pixels..][..g.o * pixels];
                for (row, from) in right.chunks_exact_mut(COLUMNS).zip(maps.chunks_exact(pixels)) {
                    row[..panel.width].copy_from_slice(&from[start..start + panel.width]);
                    row[panel.width..].fill(0.0);
                }
                for k in (0..channels * taps).step_by(ROWS) {
                    let tile = Tile {
                        a: weight[first * taps + k..].as_ptr(),
                        a_row: 1,
                        a_step: terms,
                        b: right.as_ptr(),
                        b_step: COLUMNS,
                        terms: g.o,
                        c: columns[k * COLUMNS..].as_mut_ptr(),
                        c_row: COLUMNS,
                        accumulate: false,
                    };
                    // SAFETY: `a` reads columns `first * taps + k ..` of the weights, `b` and `c` are whole panels of this unit.
                    unsafe { product(isa, &tile, ROWS.min(channels * taps - k), 2) };
                }
                panel.roll(g, &columns, &mut map);
            }
            // SAFETY: this unit's channels of this image, written by no other.
            unsafe { out.part((image * g.c + first) * plane, channels * plane) }.write_copy_of_slice(&map);
        });
    };
    // SAFETY: the units cover all channels of all images.
    unsafe { filled(g.n * g.c * plane, fill) }
}

/// Gradient with respect to the weights: `dw[o, c, kh, kw]` from `x` and `dy`.
pub fn weight_gradient(isa: Isa, g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (terms, pixels) = (g.terms(), g.pixels());
    let width = padded(terms);
    // As many pixels at a time as keep the unrolled windows in the second-level cache.
    let chunk = (16384 / width / COLUMNS * COLUMNS).clamp(COLUMNS, 512);
    let chunks = pixels.div_ceil(chunk);
    let units = g.n * chunks;
    let parts: Vec<Vec<f32>> = (0..parts(units))
        .into_par_iter()
        .map(|part| {
            let mut sum = vec![0.0; g.o * width];
            let mut columns = Scratch::take(terms * COLUMNS);
            let mut windows = Scratch::take(width * chunk);
            if width > terms {
                windows.fill(0.0);
            }
            for unit in part_range(units, part) {
                let (image, first) = (unit / chunks, unit % chunks * chunk);
                let count = chunk.min(pixels - first);
                for start in (first..first + count).step_by(COLUMNS) {
                    let panel = Panel::new(g, start);
                    panel.unroll(g, &x[image * g.c * g.h * g.w..][..g.c * g.h * g.w], &mut columns);
                    for k in (0..terms).step_by(COLUMNS) {
                        let to = &mut windows[k * chunk + (start - first) * COLUMNS.min(width - k)..];
                        // SAFETY: the panel has `terms` rows of which these are at most thirty-two; `to` is the place of this
                        // panel's pixels in the block of columns `k..`, as wide as the block.
                        unsafe {
                            transpose(
                                isa,
                                columns[k * COLUMNS..].as_ptr(),
                                COLUMNS,
                                COLUMNS.min(terms - k),
                                panel.width,
                                to.as_mut_ptr(),
                                COLUMNS.min(width - k),
                            );
                        }
                    }
                }
                for k in (0..terms).step_by(COLUMNS) {
                    let columns = COLUMNS.min(width - k);
                    for o in (0..g.o).step_by(ROWS) {
                        let tile = Tile {
                            a: dy[(image * g.o + o) * pixels + first..].as_ptr(),
                            a_row: pixels,
                            a_step: 1,
                            b: windows[k * chunk..].as_ptr(),
                            b_step: columns,
                            terms: count,
                            c: sum[o * width + k..].as_mut_ptr(),
                            c_row: width,
                            accumulate: true,
                        };
                        // SAFETY: `a` reads `count` pixels of up to eight channels, `b` the block of `columns` written above,
                        // `c` whole groups of the padded rows of `sum`.
                        unsafe { product(isa, &tile, ROWS.min(g.o - o), columns / 16) };
                    }
                }
            }
            sum
        })
        .collect();
    let sum = add_parts(parts);
    sum.chunks_exact(width).flat_map(|row| &row[..terms]).copied().collect()
}

/// Panels a task should take at least, so that a task is worth starting (about a million multiplications).
fn grain(g: &Geometry) -> usize {
    (1_000_000 / (g.terms() * g.o * COLUMNS)).max(1)
}
