//! 3 x 3 convolution (stride 1, padding 1) by Winograd's `F(2 x 2, 3 x 3)`: 2.25 times fewer multiplications than the definition.
//!
//! Maps are cut into 2 x 2 blocks of results. A task takes a few rows of blocks, turns the maps under them channel-last, transforms
//! them to sixteen points a block, multiplies each point's `[blocks, channels]` by that point's weights, and transforms back. The
//! transforms only add, subtract and halve, so the rounding is that of a direct convolution to within a small factor.

use rayon::prelude::*;

use super::geometry::Geometry;
use super::scratch::{Output, Scratch, filled};
use super::simd::{Isa, LANES, Lanes, padded, per_isa};
use super::sums::Parts;
use super::tile::{COLUMNS, ROWS, Tile, product};
use super::transpose::transpose;
use super::winograd_tile::{self as small, POINTS};

/// Transformed floats a task holds of one operand (256 KiB: a quarter to an eighth of a usual second-level cache).
const HELD: usize = 1 << 16;
/// Most transformed floats of both operands that a weight gradient gathers before it multiplies (32 MiB).
const GATHERED: usize = 1 << 23;
/// Blocks a weight gradient multiplies at a time when it has gathered all.
const SLAB: usize = 128;

/// How the rows of blocks of a batch of maps are cut into tasks.
#[derive(Clone, Copy)]
struct Cut {
    /// Height and width of a map.
    size: [usize; 2],
    /// Blocks in a column and in a row of a map.
    blocks: [usize; 2],
    /// Rows of blocks in the batch.
    rows: usize,
    /// Rows of blocks in one task.
    rows_each: usize,
}

/// Rows of blocks of one map.
#[derive(Clone, Copy)]
struct Span {
    image: usize,
    first: usize,
    rows: usize,
    /// Blocks of the same task that come before.
    at: usize,
}

impl Cut {
    fn new(n: usize, h: usize, w: usize, channels: usize) -> Self {
        let blocks = [h.div_ceil(2), w.div_ceil(2)];
        let rows = n * blocks[0];
        let most = (HELD / POINTS / padded(channels)).clamp(16, 128);
        // Small batches are cut finer, into at least four tasks.
        let rows_each = (most / blocks[1]).min(rows.div_ceil(4)).max(1);
        Self { size: [h, w], blocks, rows, rows_each }
    }

    fn tasks(&self) -> usize {
        self.rows.div_ceil(self.rows_each)
    }

    /// Blocks a task has at most.
    fn most_blocks(&self) -> usize {
        self.rows_each * self.blocks[1]
    }

    /// The rows of blocks of a task, map by map.
    fn spans(&self, task: usize) -> impl Iterator<Item = Span> {
        let (from, to) = (task * self.rows_each, self.rows.min((task + 1) * self.rows_each));
        let [down, across] = self.blocks;
        (from / down..to.div_ceil(down)).map(move |image| {
            let (first, last) = (from.max(image * down), to.min((image + 1) * down));
            Span { image, first: first - image * down, rows: last - first, at: (first - from) * across }
        })
    }

    /// Blocks of a task.
    fn blocks_of(&self, task: usize) -> usize {
        (self.rows.min((task + 1) * self.rows_each) - task * self.rows_each) * self.blocks[1]
    }
}

/// Copies the rows of `map` (`[channels, h, w]`) under a span to `to`, channel-last, with `border` zeros on the left and above:
/// `2 * rows + 2 * border` rows of `2 * across + 2 * border` pixels of `padded(channels)` floats, zero outside the map.
fn stage(isa: Isa, cut: &Cut, map: &[f32], channels: usize, span: Span, border: usize, to: &mut [f32]) {
    let ([h, w], deep) = (cut.size, padded(channels));
    let across = 2 * cut.blocks[1] + 2 * border;
    for (i, row) in to.chunks_exact_mut(across * deep).take(2 * span.rows + 2 * border).enumerate() {
        let Some(y) = (2 * span.first + i).checked_sub(border).filter(|&y| y < h) else {
            row.fill(0.0);
            continue;
        };
        row[..border * deep].fill(0.0);
        row[(border + w) * deep..].fill(0.0);
        let inside = &mut row[border * deep..(border + w) * deep];
        if deep > channels {
            inside.fill(0.0);
        }
        // SAFETY: row `y` of each of the `channels` planes has `w` floats; `inside` has `w` pixels of `deep` floats.
        unsafe { transpose(isa, map[y * w..].as_ptr(), h * w, channels, w, inside.as_mut_ptr(), deep) };
    }
}

per_isa! {
    /// Transforms the staged pixels of `rows` x `across` blocks: block `(r, j)` goes to `to + (r * across + j) * deep`, its points
    /// `point` apart. With `border` the 4 x 4 blocks of an input, without the 2 x 2 blocks of an output gradient.
    unsafe fn transform(staged: *const f32, rows: usize, across: usize, deep: usize, border: bool, to: *mut f32, point: usize)
        => transform_body
}

#[inline(always)]
unsafe fn transform_body<L: Lanes>(
    staged: *const f32,
    rows: usize,
    across: usize,
    deep: usize,
    border: bool,
    to: *mut f32,
    point: usize,
) {
    let pitch = (2 * across + 2 * usize::from(border)) * deep;
    for r in 0..rows {
        for j in 0..across {
            for channel in (0..deep).step_by(LANES) {
                // SAFETY: the block's pixels are among the staged ones and its place among the points, by the caller's promise.
                unsafe {
                    let from = staged.add(2 * r * pitch + 2 * j * deep + channel);
                    let to = to.add((r * across + j) * deep + channel);
                    if border {
                        small::input::<L>(from, pitch, deep, to, point);
                    } else {
                        small::output_gradient::<L>(from, pitch, deep, to, point);
                    }
                }
            }
        }
    }
}

per_isa! {
    /// Transforms `rows` x `across` blocks of `width` channels back to pixels, `width` floats each, row by row.
    unsafe fn restore(from: *const f32, point: usize, rows: usize, across: usize, width: usize, to: *mut f32) => restore_body
}

#[inline(always)]
unsafe fn restore_body<L: Lanes>(
    from: *const f32,
    point: usize,
    rows: usize,
    across: usize,
    width: usize,
    to: *mut f32,
) {
    let pitch = 2 * across * width;
    for r in 0..rows {
        for j in 0..across {
            for channel in (0..width).step_by(LANES) {
                // SAFETY: the caller promises `rows * across` blocks in both.
                unsafe {
                    let from = from.add((r * across + j) * width + channel);
                    small::output::<L>(from, point, to.add(2 * r * pitch + 2 * j * width + channel), pitch, width);
                }
            }
        }
    }
}

per_isa! {
    /// Transforms the weights of `width` (a multiple of sixteen) results for one input channel, `turned` by half a turn or not.
    unsafe fn transform_weights(from: *const f32, tap: usize, turned: bool, to: *mut f32, point: usize, width: usize)
        => weights_body
}

#[inline(always)]
unsafe fn weights_body<L: Lanes>(from: *const f32, tap: usize, turned: bool, to: *mut f32, point: usize, width: usize) {
    for channel in (0..width).step_by(LANES) {
        // SAFETY: the caller promises `width` floats at each tap and point.
        unsafe { small::weights::<L>(from.add(channel), tap, turned, to.add(channel), point) };
    }
}

per_isa! {
    /// Transforms the sixteen points of a weight gradient back to nine taps, for `width` (a multiple of sixteen) results.
    unsafe fn restore_weights(from: *const f32, point: usize, to: *mut f32, tap: usize, width: usize) => restore_weights_body
}

#[inline(always)]
unsafe fn restore_weights_body<L: Lanes>(from: *const f32, point: usize, to: *mut f32, tap: usize, width: usize) {
    for channel in (0..width).step_by(LANES) {
        // SAFETY: the caller promises `width` floats at each point and tap.
        unsafe { small::weight_gradient::<L>(from.add(channel), point, to.add(channel), tap) };
    }
}

/// Which way a convolution runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the input to the output.
    Forward,
    /// From the output's gradient to the input's: the filters turned by half a turn, inputs and outputs exchanged.
    Backward,
}

/// Transformed weights: for each panel of up to thirty-two results `[point][input channel][result of the panel]`.
fn transformed_weights(isa: Isa, g: &Geometry, weight: &[f32], way: Way) -> Vec<f32> {
    let (inputs, results) = if way == Way::Forward { (g.c, g.o) } else { (g.o, g.c) };
    // Distance in `weight` from one input channel to the next, and from one result to the next.
    let (input_step, result_step) = if way == Way::Forward { (9, 9 * g.c) } else { (9 * g.c, 9) };
    let wide = padded(results);
    let fill = |out: Output<'_>| {
        (0..inputs).into_par_iter().with_min_len(8).for_each(|input| {
            let mut taps = Scratch::take(9 * wide);
            if wide > results {
                taps.fill(0.0);
            }
            let from = weight[input * input_step..].as_ptr();
            // SAFETY: nine taps of this input channel in each of the results' filters, to nine rows of `wide`.
            unsafe { transpose(isa, from, result_step, results, 9, taps.as_mut_ptr(), wide) };
            for first in (0..wide).step_by(COLUMNS) {
                let width = COLUMNS.min(wide - first);
                // SAFETY: the panel starts at `first * inputs * POINTS` and holds `POINTS * inputs * width` floats, of which this
                // unit writes those of its own input channel.
                unsafe {
                    let to = out.as_ptr().add(first * inputs * POINTS + input * width);
                    transform_weights(
                        isa,
                        taps[first..].as_ptr(),
                        wide,
                        way == Way::Backward,
                        to,
                        inputs * width,
                        width,
                    );
                }
            }
        });
    };
    // SAFETY: every input channel writes its row of every point of every panel.
    unsafe { filled(POINTS * inputs * wide, fill) }
}

/// `y[n, o, h, w]` from `x[n, c, h, w]`, or the gradient of the input from that of the output. `weight` is `[o, c, 3, 3]` both times.
pub fn convolve(isa: Isa, g: &Geometry, x: &[f32], weight: &[f32], way: Way) -> Vec<f32> {
    let (inputs, results) = if way == Way::Forward { (g.c, g.o) } else { (g.o, g.c) };
    let points = transformed_weights(isa, g, weight, way);
    let cut = Cut::new(g.n, g.h, g.w, inputs);
    let (plane, deep, wide) = (g.h * g.w, padded(inputs), padded(results));
    let across = cut.blocks[1];
    let fill = |out: Output<'_>| {
        (0..cut.tasks()).into_par_iter().for_each(|task| {
            let blocks = cut.blocks_of(task);
            let mut moved = Scratch::take(POINTS * blocks * deep);
            // SAFETY: there is room for the task's blocks at each point.
            unsafe { transform_task(isa, &cut, task, x, inputs, true, moved.as_mut_ptr(), blocks * deep) };
            let mut products = Scratch::take(POINTS * blocks * COLUMNS);
            let mut pixels = Scratch::take(4 * blocks * COLUMNS);
            for first in (0..wide).step_by(COLUMNS) {
                let width = COLUMNS.min(wide - first);
                for point in 0..POINTS {
                    for block in (0..blocks).step_by(ROWS) {
                        let tile = Tile {
                            a: moved[(point * blocks + block) * deep..].as_ptr(),
                            a_row: deep,
                            a_step: 1,
                            b: points[(first * POINTS + point * width) * inputs..].as_ptr(),
                            b_step: width,
                            terms: inputs,
                            c: products[(point * blocks + block) * width..].as_mut_ptr(),
                            c_row: width,
                            accumulate: false,
                        };
                        // SAFETY: up to eight blocks of `deep` floats, the weights of one point, and the products' rows.
                        unsafe { product(isa, &tile, ROWS.min(blocks - block), width / LANES) };
                    }
                }
                let used = width.min(results - first);
                for span in cut.spans(task) {
                    let from = products[span.at * width..].as_ptr();
                    // SAFETY: the span's blocks at each point, and room for four pixels of each.
                    unsafe { restore(isa, from, blocks * width, span.rows, across, width, pixels.as_mut_ptr()) };
                    let rows = (2 * span.rows).min(g.h - 2 * span.first);
                    for i in 0..rows {
                        let start = (span.image * results + first) * plane + (2 * span.first + i) * g.w;
                        // SAFETY: `w` pixels of `width` floats are read; row `2 * first + i` of `used` planes is written, by this
                        // task alone.
                        unsafe {
                            let to = out.as_ptr().add(start);
                            transpose(isa, pixels[2 * i * across * width..].as_ptr(), width, g.w, used, to, plane);
                        }
                    }
                }
            }
        });
    };
    // SAFETY: the tasks cover all rows of all maps, each for all results.
    unsafe { filled(g.n * results * plane, fill) }
}

/// Gradient with respect to the weights: `dw[o, c, 3, 3]` from `x[n, c, h, w]` and `dy[n, o, h, w]`.
pub fn weight_gradient(isa: Isa, g: &Geometry, x: &[f32], dy: &[f32]) -> Vec<f32> {
    // Larger tasks than forward: each reads and writes the whole sum once.
    let cut = Cut::new(g.n, g.h, g.w, g.c.max(g.o) / 4);
    let wide = padded(g.o);
    // Gathering pays when there are few blocks for so many weights.
    let (gathered, products) = (POINTS * cut.rows * cut.blocks[1] * (padded(g.c) + wide), POINTS * g.c * wide);
    let gather = gathered <= GATHERED.min(4 * products);
    let sum = if gather { gathered_sum(isa, g, &cut, x, dy) } else { partial_sums(isa, g, &cut, x, dy) };
    let fill = |out: Output<'_>| {
        (0..g.c).into_par_iter().with_min_len(8).for_each(|channel| {
            let mut taps = Scratch::take(9 * wide);
            // SAFETY: `wide` floats at each of the sixteen points of this channel, and at each of the nine taps.
            unsafe { restore_weights(isa, sum[channel * wide..].as_ptr(), g.c * wide, taps.as_mut_ptr(), wide, wide) };
            // SAFETY: nine taps of `o` results are read; the nine weights of this channel in each filter are written.
            unsafe { transpose(isa, taps.as_ptr(), wide, 9, g.o, out.as_ptr().add(9 * channel), 9 * g.c) };
        });
    };
    // SAFETY: every channel writes its nine weights in each of the `o` filters.
    unsafe { filled(g.o * g.c * 9, fill) }
}

/// Transforms the maps of a task, with a border (inputs) or without (output gradients), to `to`: points `point` apart.
///
/// # Safety
///
/// `to` must have room for the task's blocks at each point.
unsafe fn transform_task(
    isa: Isa,
    cut: &Cut,
    task: usize,
    x: &[f32],
    channels: usize,
    border: bool,
    to: *mut f32,
    point: usize,
) {
    let (deep, size, across) = (padded(channels), channels * cut.size[0] * cut.size[1], cut.blocks[1]);
    let edge = usize::from(border);
    let mut staged = Scratch::take((2 * cut.rows_each + 2) * (2 * across + 2) * deep);
    for span in cut.spans(task) {
        stage(isa, cut, &x[span.image * size..][..size], channels, span, edge, &mut staged);
        // SAFETY: the span was staged as the transform expects; the caller answers for `to`.
        unsafe { transform(isa, staged.as_ptr(), span.rows, across, deep, border, to.add(span.at * deep), point) };
    }
}

/// Operands of the sixteen products of a weight gradient: `blocks` transformed blocks, inputs `[point][block][deep]` and output
/// gradients `[point][block][wide]`.
struct Operands<'a> {
    inputs: &'a [f32],
    results: &'a [f32],
    blocks: usize,
    deep: usize,
    wide: usize,
}

impl Operands<'_> {
    /// Adds blocks `from .. from + count` to (or, not accumulating, puts them in) the products of one point and up to eight input
    /// channels from `channel`, at `sum`.
    ///
    /// # Safety
    ///
    /// `sum` must have room for as many rows of `wide` floats.
    unsafe fn add(
        &self,
        isa: Isa,
        point: usize,
        channels: std::ops::Range<usize>,
        from: usize,
        count: usize,
        accumulate: bool,
        sum: *mut f32,
    ) {
        let first_block = point * self.blocks + from;
        for first in (0..self.wide).step_by(COLUMNS) {
            let tile = Tile {
                a: self.inputs[first_block * self.deep + channels.start..].as_ptr(),
                a_row: 1,
                a_step: self.deep,
                b: self.results[first_block * self.wide + first..].as_ptr(),
                b_step: self.wide,
                terms: count,
                // SAFETY: column `first` of the first row.
                c: unsafe { sum.add(first) },
                c_row: self.wide,
                accumulate,
            };
            // SAFETY: the channels of `count` blocks, whole groups of the padded results, and the rows the caller promises.
            unsafe { product(isa, &tile, channels.len(), COLUMNS.min(self.wide - first) / LANES) };
        }
    }
}

/// The products `[point][c][padded(o)]` summed over all blocks, for small work: transforms everything first and then shares out
/// the products, so that nothing is added up twice.
fn gathered_sum(isa: Isa, g: &Geometry, cut: &Cut, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (deep, wide, blocks) = (padded(g.c), padded(g.o), cut.rows * cut.blocks[1]);
    let all = |values: &[f32], channels: usize, border: bool| {
        let deep = padded(channels);
        let fill = |out: Output<'_>| {
            (0..cut.tasks()).into_par_iter().for_each(|task| {
                let first = task * cut.most_blocks();
                // SAFETY: each task has its own blocks at each point.
                unsafe {
                    let to = out.as_ptr().add(first * deep);
                    transform_task(isa, cut, task, values, channels, border, to, blocks * deep);
                }
            });
        };
        // SAFETY: the tasks cover all blocks.
        unsafe { filled(POINTS * blocks * deep, fill) }
    };
    let (inputs, results) = (all(x, g.c, true), all(dy, g.o, false));
    let operands = Operands { inputs: &inputs, results: &results, blocks, deep, wide };
    let groups = g.c.div_ceil(ROWS);
    let fill = |out: Output<'_>| {
        (0..POINTS * groups).into_par_iter().with_min_len(4).for_each(|unit| {
            let (point, first) = (unit / groups, unit % groups * ROWS);
            for from in (0..blocks).step_by(SLAB) {
                let (channels, count) = (first..g.c.min(first + ROWS), SLAB.min(blocks - from));
                // SAFETY: these channels' rows of this point belong to this unit.
                unsafe {
                    let sum = out.as_ptr().add((point * g.c + first) * wide);
                    operands.add(isa, point, channels, from, count, from > 0, sum);
                }
            }
        });
    };
    // SAFETY: the units cover all rows of all points.
    unsafe { filled(POINTS * g.c * wide, fill) }
}

/// The products `[point][c][padded(o)]` summed over all blocks, for large work: each part of the batch is transformed and added up
/// while it is in the cache, then the parts are added.
fn partial_sums(isa: Isa, g: &Geometry, cut: &Cut, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let (deep, wide, most) = (padded(g.c), padded(g.o), cut.most_blocks());
    let parts = Parts::new(cut.tasks(), POINTS * g.c * wide);
    parts.sum(|range, sum| {
        let mut inputs = Scratch::take(POINTS * most * deep);
        let mut results = Scratch::take(POINTS * most * wide);
        for task in range {
            let blocks = cut.blocks_of(task);
            // SAFETY: there is room for the most blocks of a task.
            unsafe {
                transform_task(isa, cut, task, x, g.c, true, inputs.as_mut_ptr(), blocks * deep);
                transform_task(isa, cut, task, dy, g.o, false, results.as_mut_ptr(), blocks * wide);
            }
            let operands = Operands { inputs: &inputs, results: &results, blocks, deep, wide };
            for point in 0..POINTS {
                for first in (0..g.c).step_by(ROWS) {
                    let rows = sum[(point * g.c + first) * wide..].as_mut_ptr();
                    // SAFETY: the sum has a row for each channel of each point.
                    unsafe { operands.add(isa, point, first..g.c.min(first + ROWS), 0, blocks, true, rows) };
                }
            }
        }
    })
}
