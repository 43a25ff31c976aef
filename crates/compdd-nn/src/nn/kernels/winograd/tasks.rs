//! What a task is, and the way of its maps to the sixteen points.

use super::super::scratch::Scratch;
use super::super::simd::{Isa, LANES, Lanes, padded, per_isa};
use super::super::transpose::transpose;
use super::tile::{self, POINTS};

/// Transformed floats a task holds of one operand (256 KiB: a quarter to an eighth of a usual second-level cache).
const HELD: usize = 1 << 16;

/// How the rows of blocks of a batch of maps are cut into tasks.
#[derive(Clone, Copy)]
pub struct Cut {
    /// Height and width of a map.
    pub size: [usize; 2],
    /// Blocks in a column and in a row of a map.
    pub blocks: [usize; 2],
    /// Rows of blocks in the batch.
    pub rows: usize,
    /// Rows of blocks in one task.
    pub rows_each: usize,
}

/// Rows of blocks of one map.
#[derive(Clone, Copy)]
pub struct Span {
    /// The map.
    pub image: usize,
    /// Its first row of blocks here.
    pub first: usize,
    /// How many rows of blocks.
    pub rows: usize,
    /// Blocks of the same task that come before.
    pub at: usize,
}

impl Cut {
    /// Cuts `n` maps so that a task holds about a cache's worth of `channels` transformed channels.
    pub fn new(n: usize, h: usize, w: usize, channels: usize) -> Self {
        let blocks = [h.div_ceil(2), w.div_ceil(2)];
        let rows = n * blocks[0];
        let most = (HELD / POINTS / padded(channels)).clamp(16, 128);
        // Small batches are cut finer, into at least four tasks.
        let rows_each = (most / blocks[1]).min(rows.div_ceil(4)).max(1);
        Self { size: [h, w], blocks, rows, rows_each }
    }

    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        self.rows.div_ceil(self.rows_each)
    }

    /// Blocks a task has at most.
    pub fn most_blocks(&self) -> usize {
        self.rows_each * self.blocks[1]
    }

    /// The rows of blocks of a task, map by map.
    pub fn spans(&self, task: usize) -> impl Iterator<Item = Span> {
        let (from, to) = (task * self.rows_each, self.rows.min((task + 1) * self.rows_each));
        let [down, across] = self.blocks;
        (from / down..to.div_ceil(down)).map(move |image| {
            let (first, last) = (from.max(image * down), to.min((image + 1) * down));
            Span { image, first: first - image * down, rows: last - first, at: (first - from) * across }
        })
    }

    /// Blocks of a task.
    pub fn blocks_of(&self, task: usize) -> usize {
        (self.rows.min((task + 1) * self.rows_each) - task * self.rows_each) * self.blocks[1]
    }
}

/// Copies the rows of `map` (`[channels, h, w]`) under a span to `to`, channel-last, with `border` zeros on the left
/// and above: `2 * rows + 2 * border` rows of `2 * across + 2 * border` pixels of `padded(channels)` floats, zero
/// outside the map.
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
    /// Transforms the staged pixels of `rows` x `across` blocks: block `(r, j)` goes to `to + (r * across + j) * deep`,
    /// its points `point` apart. With `border` the 4 x 4 blocks of an input, without the 2 x 2 blocks of an output
    /// gradient.
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
                // SAFETY: the block's pixels are among the staged ones and its place among the points, by the caller's
                // promise.
                unsafe {
                    let from = staged.add(2 * r * pitch + 2 * j * deep + channel);
                    let to = to.add((r * across + j) * deep + channel);
                    if border {
                        tile::input::<L>(from, pitch, deep, to, point);
                    } else {
                        tile::output_gradient::<L>(from, pitch, deep, to, point);
                    }
                }
            }
        }
    }
}

/// Maps to be transformed: those of an input, with a border, or of an output's gradient, without.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// `[n, channels, h, w]`.
    pub maps: &'a [f32],
    /// Channels of a map.
    pub channels: usize,
    /// Whether blocks are 4 x 4, one pixel beyond the results on every side.
    pub border: bool,
}

impl Source<'_> {
    /// Transforms the maps of a task to `to`, `[block][padded(channels)]` at each point, points `point` apart.
    ///
    /// # Safety
    ///
    /// `to` must have room for the task's blocks at each point.
    pub unsafe fn transform(&self, isa: Isa, cut: &Cut, task: usize, to: *mut f32, point: usize) {
        let (deep, size, across) = (padded(self.channels), self.channels * cut.size[0] * cut.size[1], cut.blocks[1]);
        let mut staged = Scratch::take((2 * cut.rows_each + 2) * (2 * across + 2) * deep);
        for span in cut.spans(task) {
            let map = &self.maps[span.image * size..][..size];
            stage(isa, cut, map, self.channels, span, usize::from(self.border), &mut staged);
            // SAFETY: the span was staged as the transform expects; the caller answers for `to`.
            unsafe {
                transform(isa, staged.as_ptr(), span.rows, across, deep, self.border, to.add(span.at * deep), point);
            };
        }
    }
}
