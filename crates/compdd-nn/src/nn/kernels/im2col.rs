//! Convolution of any size as a matrix product over unrolled windows ("columns"), built panel by panel so that they
//! stay in the nearest cache and are never written to memory as a whole.
//!
//! The weights `[o, c, kh, kw]` are a matrix with `o` rows and `c * kh * kw` columns, used where they lie; a panel
//! holds the windows of thirty-two neighbouring output pixels.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::plan::Plan;
use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, LANES, Lanes, padded, per_isa};
use super::sums::Parts;
use super::tile::{COLUMNS, ROWS, Tile, product};
use super::transpose::transpose;

/// Terms taken at a time, so that a panel's slice stays in the first-level cache.
const TERMS: usize = 256;
/// Floats of unrolled windows held at a time (64 KiB).
const HELD: usize = 16384;

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
    /// Pixels in use: 32 but for the last panel.
    width: usize,
}

impl Panel {
    fn new(geometry: &Geometry, start: usize) -> Self {
        let width = COLUMNS.min(geometry.pixels() - start);
        let mut panel = Self { runs: [Run::default(); COLUMNS], count: 0, width };
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

    /// Calls `visit(at, len, source)` for every stretch of the window element `(ki, kj)` that lies inside the input
    /// plane: `at .. at + len` are pixels of the panel, `source` is the place of the first in the plane, `stride[1]`
    /// apart.
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
    fn unroll(&self, isa: Isa, g: &Geometry, map: &[f32], columns: &mut [f32]) {
        let taps = g.kh * g.kw;
        for tap in 0..taps {
            // Where a tap reads is the same in every plane.
            let mut tap = Tap { number: tap, stretches: [(0, 0, 0); COLUMNS], count: 0, covered: 0 };
            self.stretches(g, tap.number / g.kw, tap.number % g.kw, |at, len, source| {
                tap.stretches[tap.count] = (at, len, source);
                (tap.count, tap.covered) = (tap.count + 1, tap.covered + len);
            });
            // SAFETY: copies between slices.
            unsafe { unroll_tap(isa, &tap, g, map, columns) };
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

/// The stretches of one window element in a panel, as [`Panel::stretches`] has them.
struct Tap {
    number: usize,
    stretches: [(usize, usize, usize); COLUMNS],
    count: usize,
    /// Pixels of the panel that are read; the others lie outside the input.
    covered: usize,
}

per_isa! {
    /// The rows of one window element, a row for every plane.
    unsafe fn unroll_tap(tap: &Tap, g: &Geometry, map: &[f32], columns: &mut [f32]) => unroll_tap_body
}

/// Takes no lanes by hand: copies are left to the compiler, for each instruction set.
#[inline(always)]
unsafe fn unroll_tap_body<L: Lanes>(tap: &Tap, g: &Geometry, map: &[f32], columns: &mut [f32]) {
    let rows = columns.chunks_exact_mut(COLUMNS).skip(tap.number).step_by(g.kh * g.kw);
    for (plane, row) in map.chunks_exact(g.h * g.w).zip(rows) {
        if tap.covered < COLUMNS {
            row.fill(0.0);
        }
        for &(at, len, source) in &tap.stretches[..tap.count] {
            every(g.stride[1], &plane[source..], &mut row[at..at + len]);
        }
    }
}

/// Copies values that are `step` apart, the first at the start of `from`.
#[inline(always)]
pub fn every(step: usize, from: &[f32], to: &mut [f32]) {
    match (step, to.split_last_mut()) {
        (1, _) => to.copy_from_slice(&from[..to.len()]),
        // Pairs, of which the last may be cut short by the end of the plane.
        (2, Some((last, before))) => {
            for (value, pair) in before.iter_mut().zip(from.as_chunks::<2>().0) {
                *value = pair[0];
            }
            *last = from[2 * before.len()];
        }
        _ => {
            for (value, from) in to.iter_mut().zip(from.iter().step_by(step)) {
                *value = *from;
            }
        }
    }
}

/// The results of a plan, `y[n, o] = sum over the window of x * w` each. Shapes as in `geometry`, row-major.
pub fn forward(isa: Isa, g: &Geometry, plan: Plan<'_>) -> Vec<f32> {
    let (terms, pixels) = (g.terms(), g.pixels());
    let chunk = chunk(g, HELD);
    let chunks = pixels.div_ceil(chunk);
    let images = plan.sums.len() * g.n;
    let fill = |out: Output<'_>| {
        (0..images * chunks).into_par_iter().for_each(|unit| {
            let (image, first) = (unit / chunks, unit % chunks * chunk);
            let count = chunk.min(pixels - first);
            let mut columns = Scratch::take(terms * chunk);
            // Pixels that do not fill a group go through a buffer.
            let (whole, rest) = (count / LANES * LANES, count % LANES);
            let mut edge = Scratch::take(g.o * LANES);
            let start = image * g.o * pixels + first;
            for (k, &(map, weight)) in plan.sums[image / g.n].iter().enumerate() {
                let (x, weight) = (plan.maps[map], plan.weights[weight]);
                for (start, columns) in (0..count).step_by(COLUMNS).zip(columns.chunks_exact_mut(terms * COLUMNS)) {
                    let panel = Panel::new(g, first + start);
                    panel.unroll(isa, g, &x[image % g.n * g.c * g.h * g.w..][..g.c * g.h * g.w], columns);
                }
                for (from, o) in
                    (0..terms).step_by(TERMS).flat_map(|from| (0..g.o).step_by(ROWS).map(move |o| (from, o)))
                {
                    let rows = ROWS.min(g.o - o);
                    for at in (0..count).step_by(COLUMNS) {
                        let mut tile = Tile {
                            a: weight[o * terms + from..].as_ptr(),
                            a_row: terms,
                            a_step: 1,
                            b: columns[at * terms + from * COLUMNS..].as_ptr(),
                            b_step: COLUMNS,
                            terms: TERMS.min(terms - from),
                            // SAFETY: pixel `first + at` of channel `o` lies inside the output.
                            c: unsafe { out.as_ptr().add(start + o * pixels + at) },
                            c_row: pixels,
                            accumulate: k > 0 || from > 0,
                        };
                        let groups = (whole.saturating_sub(at) / LANES).min(2);
                        // SAFETY: `a` covers rows `o..` of the weights, `b` an unrolled panel, `c` whole groups of this
                        // unit's pixels, which no other unit writes, or the edge buffer's rows.
                        unsafe {
                            if groups > 0 {
                                product(isa, &tile, rows, groups);
                            }
                            if groups < 2 && rest > 0 {
                                tile.b = tile.b.add(groups * LANES);
                                (tile.c, tile.c_row) = (edge[o * LANES..].as_mut_ptr(), LANES);
                                product(isa, &tile, rows, 1);
                            }
                        }
                    }
                }
            }
            for (o, row) in edge.chunks_exact(LANES).enumerate().take(if rest > 0 { g.o } else { 0 }) {
                // SAFETY: this unit's last pixels in channel `o`, written by no other unit.
                unsafe { out.part(start + o * pixels + whole, rest) }.write_copy_of_slice(&row[..rest]);
            }
        });
    };
    // SAFETY: the chunks of all images of all results cover all pixels, for every `o`.
    unsafe { filled(images * g.o * pixels, fill) }
}

/// Pixels to unroll at a time, so that their windows take about `held` floats: whole panels. Small batches are cut
/// finer.
fn chunk(g: &Geometry, held: usize) -> usize {
    let few = if g.n < 8 { g.pixels().div_ceil(4) } else { g.pixels() };
    (held / padded(g.terms())).min(512).min(few).next_multiple_of(COLUMNS)
}

/// The results of a plan backwards: gradients of inputs `dx[n, c, h, w]` from gradients of outputs `dy[n, o, oh, ow]`.
pub fn input_gradient(isa: Isa, g: &Geometry, plan: Plan<'_>) -> Vec<f32> {
    let (terms, pixels, taps, plane) = (g.terms(), g.pixels(), g.kh * g.kw, g.h * g.w);
    // Small batches are cut into groups of channels too.
    let group = if g.n >= 8 { g.c } else { g.c.div_ceil(4) };
    let groups = g.c.div_ceil(group);
    let images = plan.sums.len() * g.n;
    let fill = |out: Output<'_>| {
        (0..images * groups).into_par_iter().for_each(|unit| {
            let (image, offset) = (unit / groups, unit % groups * group);
            let (sum, channels) = (plan.sums[image / g.n], group.min(g.c - offset));
            let mut map = Scratch::take(channels * plane);
            map.fill(0.0);
            let chunk = (4 * HELD / g.o).min(512).min(pixels).next_multiple_of(COLUMNS);
            let mut right = Scratch::take(sum.len() * g.o * chunk);
            let mut columns = Scratch::take(channels * taps * COLUMNS);
            for first in (0..pixels).step_by(chunk) {
                let count = chunk.min(pixels - first);
                for (&(dy, _), right) in sum.iter().zip(right.chunks_exact_mut(g.o * chunk)) {
                    let maps = &plan.maps[dy][image % g.n * g.o * pixels..][..g.o * pixels];
                    gather(&maps[first..], pixels, g.o, count, right);
                }
                for start in (0..count).step_by(COLUMNS) {
                    for (i, &(_, weight)) in sum.iter().enumerate() {
                        for k in (0..channels * taps).step_by(ROWS) {
                            let tile = Tile {
                                a: plan.weights[weight][offset * taps + k..].as_ptr(),
                                a_row: 1,
                                a_step: terms,
                                b: right[(i * chunk + start) * g.o..].as_ptr(),
                                b_step: COLUMNS,
                                terms: g.o,
                                c: columns[k * COLUMNS..].as_mut_ptr(),
                                c_row: COLUMNS,
                                accumulate: i > 0,
                            };
                            // SAFETY: `a` reads columns of the weights from `k` of this group on, `b` and `c` are whole
                            // panels.
                            unsafe { product(isa, &tile, ROWS.min(channels * taps - k), 2) };
                        }
                    }
                    Panel::new(g, first + start).roll(g, &columns, &mut map);
                }
            }
            // SAFETY: this unit's channels of this image, written by no other.
            unsafe { out.part((image * g.c + offset) * plane, channels * plane) }.write_copy_of_slice(&map);
        });
    };
    // SAFETY: the units cover all channels of all images of all results.
    unsafe { filled(images * g.c * plane, fill) }
}

/// Copies `count` pixels of `channels` planes to panels of thirty-two pixels, `channels` rows each, filled up with
/// zeros.
fn gather(planes: &[f32], plane: usize, channels: usize, count: usize, panels: &mut [f32]) {
    for (channel, from) in planes.chunks(plane).take(channels).enumerate() {
        for (panel, from) in panels.chunks_exact_mut(channels * COLUMNS).zip(from[..count].chunks(COLUMNS)) {
            let row = &mut panel[channel * COLUMNS..(channel + 1) * COLUMNS];
            row[..from.len()].copy_from_slice(from);
            row[from.len()..].fill(0.0);
        }
    }
}

/// Gradient with respect to the weights: `dw[o, c, kh, kw]` from `x` and `dy`.
pub fn weight_gradient(isa: Isa, g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (terms, pixels) = (g.terms(), g.pixels());
    let width = padded(terms);
    let chunk = chunk(g, HELD);
    let chunks = pixels.div_ceil(chunk);
    let units = g.n * chunks;
    let sum = Parts::new(units, g.o * width).sum(|range, sum| {
        let mut columns = Scratch::take(terms * COLUMNS);
        let mut windows = Scratch::take(width * chunk);
        if width > terms {
            windows.fill(0.0);
        }
        for unit in range {
            let (image, first) = (unit / chunks, unit % chunks * chunk);
            let count = chunk.min(pixels - first);
            for start in (first..first + count).step_by(COLUMNS) {
                let panel = Panel::new(g, start);
                panel.unroll(isa, g, &x[image * g.c * g.h * g.w..][..g.c * g.h * g.w], &mut columns);
                for k in (0..terms).step_by(COLUMNS) {
                    let to = &mut windows[k * chunk + (start - first) * COLUMNS.min(width - k)..];
                    // SAFETY: the panel has `terms` rows of which these are at most thirty-two; `to` is the place of
                    // this panel's pixels in the block of columns `k..`, as wide as the block.
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
                    // SAFETY: `a` reads `count` pixels of up to eight channels, `b` the block of `columns` written
                    // above, `c` whole groups of the padded rows of `sum`.
                    unsafe { product(isa, &tile, ROWS.min(g.o - o), columns / 16) };
                }
            }
        }
    });
    sum.chunks_exact(width).flat_map(|row| &row[..terms]).copied().collect()
}
