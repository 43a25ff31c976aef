//! Gradient of the weights.

use std::ops::Range;

use rayon::prelude::*;

use super::super::geometry::Geometry;
use super::super::scratch::{Output, Scratch, filled};
use super::super::simd::{Isa, LANES, Lanes, padded, per_isa};
use super::super::sums::Parts;
use super::super::tile::{COLUMNS, ROWS, Tile, product};
use super::super::transpose::transpose;
use super::four::Four;
use super::tasks::{Cut, Source};
use super::tile::{Blocks, Passes, Square, both_ways};
use super::two::Two;

/// Most transformed floats of both operands that a weight gradient gathers before it multiplies (32 MiB).
const GATHERED: usize = 1 << 23;
/// Blocks multiplied at a time when all are gathered.
const SLAB: usize = 128;

per_isa! {
    /// Transforms the points of a weight gradient back to nine taps, for `width` (a multiple of sixteen) results.
    unsafe fn restore_weights(form: Blocks, from: *const f32, point: usize, to: *mut f32, tap: usize, width: usize)
        => restore_weights_body
}

#[inline(always)]
unsafe fn restore_weights_body<L: Lanes>(
    form: Blocks,
    from: *const f32,
    point: usize,
    to: *mut f32,
    tap: usize,
    width: usize,
) {
    // SAFETY: passed on from the caller.
    unsafe {
        match form {
            Blocks::Small => restore_taps::<L, Two, 2, 4>(from, point, to, tap, width),
            Blocks::Large => restore_taps::<L, Four, 4, 6>(from, point, to, tap, width),
        }
    }
}

#[inline(always)]
unsafe fn restore_taps<L: Lanes, F: Passes<B, S>, const B: usize, const S: usize>(
    from: *const f32,
    point: usize,
    to: *mut f32,
    tap: usize,
    width: usize,
) {
    for channel in (0..width).step_by(LANES) {
        // SAFETY: the caller promises `width` floats at each point and tap.
        unsafe {
            let (from, to) = (from.add(channel), to.add(channel));
            both_ways!(F::weight_gradient::<L>, S => 3, Square::new(from, S * point, point), Square::new(to, 3 * tap, tap));
        }
    }
}

/// Gradient with respect to the weights: `dw[o, c, 3, 3]` from `x[n, c, h, w]` and `dy[n, o, h, w]`.
pub fn weight_gradient(isa: Isa, g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    // Larger tasks than forward: each reads and writes the whole sum once.
    let form = g.blocks;
    let cut = Cut::new(form, g.n, [g.h, g.w], g.c.max(g.o) / 4);
    let wide = padded(g.o);
    // Gathering pays when there are few blocks for so many weights.
    let (gathered, products) =
        (form.points() * cut.rows * cut.blocks[1] * (padded(g.c) + wide), form.points() * g.c * wide);
    let gather = gathered <= GATHERED.min(4 * products);
    let x = Source { maps: x, channels: g.c, border: true };
    let dy = Source { maps: dy, channels: g.o, border: false };
    let sum = if gather { gathered_sum(isa, g, &cut, x, dy) } else { partial_sums(isa, g, &cut, x, dy) };
    let fill = |out: Output<'_>| {
        (0..g.c).into_par_iter().with_min_len(8).for_each(|channel| {
            let mut taps = Scratch::take(9 * wide);
            // SAFETY: `wide` floats at each point of this channel, and at each of the nine taps.
            unsafe {
                restore_weights(isa, form, sum[channel * wide..].as_ptr(), g.c * wide, taps.as_mut_ptr(), wide, wide);
            };
            // SAFETY: nine taps of `o` results are read; the nine weights of this channel in each filter are written.
            unsafe { transpose(isa, taps.as_ptr(), wide, 9, g.o, out.as_ptr().add(9 * channel), 9 * g.c) };
        });
    };
    // SAFETY: every channel writes its nine weights in each of the `o` filters.
    unsafe { filled(g.o * g.c * 9, fill) }
}

/// Operands of the products of a weight gradient: `blocks` transformed blocks, inputs `[point][block][deep]`
/// and output gradients `[point][block][wide]`.
struct Operands<'a> {
    isa: Isa,
    inputs: &'a [f32],
    results: &'a [f32],
    blocks: usize,
    deep: usize,
    wide: usize,
}

impl Operands<'_> {
    /// Sums blocks `range` of the products of one point and up to eight input channels, to the rows at `sum`: in place
    /// of what is there when the range starts at the first block and `fresh`, on top of it otherwise.
    ///
    /// # Safety
    ///
    /// `sum` must have room for as many rows of `wide` floats as there are channels.
    unsafe fn add(&self, point: usize, channels: Range<usize>, range: Range<usize>, fresh: bool, sum: *mut f32) {
        let first_block = point * self.blocks + range.start;
        for first in (0..self.wide).step_by(COLUMNS) {
            let tile = Tile {
                a: self.inputs[first_block * self.deep + channels.start..].as_ptr(),
                a_row: 1,
                a_step: self.deep,
                b: self.results[first_block * self.wide + first..].as_ptr(),
                b_step: self.wide,
                terms: range.len(),
                // SAFETY: column `first` of the first row.
                c: unsafe { sum.add(first) },
                c_row: self.wide,
                accumulate: !fresh || range.start > 0,
            };
            // SAFETY: the channels of these blocks, whole groups of the padded results, and the rows the caller
            // promises.
            unsafe { product(self.isa, &tile, channels.len(), COLUMNS.min(self.wide - first) / LANES) };
        }
    }
}

/// The products `[point][c][padded(o)]` summed over all blocks, for small work: transforms everything first and then
/// shares out the products, so that nothing is added up twice.
fn gathered_sum(isa: Isa, g: &Geometry, cut: &Cut, x: Source, dy: Source) -> Vec<f32> {
    let (deep, wide, blocks) = (padded(g.c), padded(g.o), cut.rows * cut.blocks[1]);
    let points = cut.form.points();
    let all = |source: Source| {
        let deep = padded(source.channels);
        let fill = |out: Output<'_>| {
            (0..cut.tasks()).into_par_iter().for_each(|task| {
                // SAFETY: each task has its own blocks at each point.
                unsafe {
                    let to = out.as_ptr().add(task * cut.most_blocks() * deep);
                    source.transform(isa, cut, task, to, blocks * deep);
                }
            });
        };
        // SAFETY: the tasks cover all blocks.
        unsafe { filled(points * blocks * deep, fill) }
    };
    let (inputs, results) = (all(x), all(dy));
    let operands = Operands { isa, inputs: &inputs, results: &results, blocks, deep, wide };
    let groups = g.c.div_ceil(ROWS);
    let fill = |out: Output<'_>| {
        (0..points * groups).into_par_iter().with_min_len(4).for_each(|unit| {
            let (point, first) = (unit / groups, unit % groups * ROWS);
            for from in (0..blocks).step_by(SLAB) {
                let (channels, range) = (first..g.c.min(first + ROWS), from..blocks.min(from + SLAB));
                // SAFETY: these channels' rows of this point belong to this unit.
                unsafe { operands.add(point, channels, range, true, out.as_ptr().add((point * g.c + first) * wide)) };
            }
        });
    };
    // SAFETY: the units cover all rows of all points.
    unsafe { filled(points * g.c * wide, fill) }
}

/// The products `[point][c][padded(o)]` summed over all blocks, for large work: each part of the batch is transformed
/// and added up while it is in the cache, then the parts are added.
fn partial_sums(isa: Isa, g: &Geometry, cut: &Cut, x: Source, dy: Source) -> Vec<f32> {
    let (deep, wide, most) = (padded(g.c), padded(g.o), cut.most_blocks());
    let points = cut.form.points();
    Parts::new(cut.tasks(), points * g.c * wide).sum(|range, sum| {
        let mut inputs = Scratch::take(points * most * deep);
        let mut results = Scratch::take(points * most * wide);
        for task in range {
            let blocks = cut.blocks_of(task);
            // SAFETY: there is room for the most blocks of a task.
            unsafe {
                x.transform(isa, cut, task, inputs.as_mut_ptr(), blocks * deep);
                dy.transform(isa, cut, task, results.as_mut_ptr(), blocks * wide);
            }
            let operands = Operands { isa, inputs: &inputs, results: &results, blocks, deep, wide };
            for (point, first) in (0..points).flat_map(|p| (0..g.c).step_by(ROWS).map(move |c| (p, c))) {
                let rows = sum[(point * g.c + first) * wide..].as_mut_ptr();
                // SAFETY: the sum has a row for each channel of each point.
                unsafe { operands.add(point, first..g.c.min(first + ROWS), 0..blocks, false, rows) };
            }
        }
    })
}
