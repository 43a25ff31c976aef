//! What a task is, and the way of its maps to the points.

use super::super::scratch::Scratch;
use super::super::simd::{Isa, LANES, Lanes, padded, per_isa};
use super::super::transpose::transpose;
use super::four::Four;
use super::tile::{Blocks, Passes, Square, both_ways};
use super::two::Two;

/// Transformed floats a task holds of one operand (256 KiB: a quarter to an eighth of a usual second-level cache).
const HELD: usize = 1 << 16;

/// How the rows of blocks of a batch of maps are cut into tasks.
#[derive(Clone, Copy)]
pub struct Cut {
    /// The size of a block.
    pub form: Blocks,
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
    pub fn new(form: Blocks, n: usize, [h, w]: [usize; 2], channels: usize) -> Self {
        let blocks = [h, w].map(|size| size.div_ceil(form.side()));
        let rows = n * blocks[0];
        let most = (HELD / form.points() / padded(channels)).clamp(16, 128);
        // Small batches are cut finer, into at least four tasks.
        let rows_each = (most / blocks[1]).min(rows.div_ceil(4)).max(1);
        Self { form, size: [h, w], blocks, rows, rows_each }
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
/// and above: `side * rows + 2 * border` rows of `side * across + 2 * border` pixels of `padded(channels)` floats, zero
/// outside the map.
fn stage(isa: Isa, cut: &Cut, map: &[f32], channels: usize, span: Span, border: usize, to: &mut [f32]) {
    let ([h, w], deep, side) = (cut.size, padded(channels), cut.form.side());
    let across = side * cut.blocks[1] + 2 * border;
    for (i, row) in to.chunks_exact_mut(across * deep).take(side * span.rows + 2 * border).enumerate() {
        let Some(y) = (side * span.first + i).checked_sub(border).filter(|&y| y < h) else {
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
    /// Transforms the staged pixels of rows and columns of `blocks`, which follow one another at `to`, `deep` floats each, their points
    /// `point` apart. With `border` the blocks of an input, without those of an output gradient.
    unsafe fn transform(
        form: Blocks, staged: *const f32, blocks: [usize; 2], deep: usize, border: bool, to: *mut f32, point: usize,
    ) => transform_body
}

#[inline(always)]
unsafe fn transform_body<L: Lanes>(
    form: Blocks,
    staged: *const f32,
    blocks: [usize; 2],
    deep: usize,
    border: bool,
    to: *mut f32,
    point: usize,
) {
    // SAFETY: passed on from the caller.
    unsafe {
        match form {
            Blocks::Small => transform_blocks::<L, Two, 2, 4>(staged, blocks, deep, border, to, point),
            Blocks::Large => transform_blocks::<L, Four, 4, 6>(staged, blocks, deep, border, to, point),
        }
    }
}

#[inline(always)]
unsafe fn transform_blocks<L: Lanes, F: Passes<B, S>, const B: usize, const S: usize>(
    staged: *const f32,
    blocks: [usize; 2],
    deep: usize,
    border: bool,
    to: *mut f32,
    point: usize,
) {
    let [rows, across] = blocks;
    let pitch = (B * across + 2 * usize::from(border)) * deep;
    for r in 0..rows {
        for j in 0..across {
            for channel in (0..deep).step_by(LANES) {
                // SAFETY: the block's pixels are among the staged ones and its place among the points, by the caller's
                // promise.
                unsafe {
                    let from = Square::new(staged.add(B * r * pitch + B * j * deep + channel), pitch, deep);
                    let to = Square::new(to.add((r * across + j) * deep + channel), S * point, point);
                    if border {
                        both_ways!(F::input::<L>, S => S, from, to);
                    } else {
                        both_ways!(F::output_gradient::<L>, B => S, from, to);
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
    /// Whether blocks reach one pixel beyond the results on every side.
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
        let (form, side) = (cut.form, cut.form.side());
        let mut staged = Scratch::take((side * cut.rows_each + 2) * (side * across + 2) * deep);
        for span in cut.spans(task) {
            let map = &self.maps[span.image * size..][..size];
            stage(isa, cut, map, self.channels, span, usize::from(self.border), &mut staged);
            // SAFETY: the span was staged as the transform expects; the caller answers for `to`.
            unsafe {
                transform(
                    isa,
                    form,
                    staged.as_ptr(),
                    [span.rows, across],
                    deep,
                    self.border,
                    to.add(span.at * deep),
                    point,
                );
            };
        }
    }
}
