//! Planes in work space: cut into grids, zeros around them, and where everything lies.

use std::ops::Range;

use super::super::geometry::Geometry;
use super::super::im2col::every;
use super::super::scratch::Scratch;
use super::super::simd::{LANES, Lanes};

/// Floats of maps that a task lays out (16 KiB), where one image has not more.
const HELD: usize = 4096;

/// An element of the filter, and how far from a result its pixel lies.
#[derive(Clone, Copy)]
pub struct Tap {
    /// Its place in the filter.
    pub element: usize,
    /// The distance, in floats.
    pub offset: usize,
}

/// Pixels of an input row that lie side by side in a grid, the stride apart in the row.
#[derive(Clone, Copy)]
pub struct Stretch {
    /// Place of the first in the plane.
    pub pixel: usize,
    /// Place of the first in the grids.
    pub at: usize,
    /// How many.
    pub count: usize,
}

/// The stretches of all rows, without the pixels that no window reads.
fn stretches(g: &Geometry, [rows, pitch]: [usize; 2], len: usize) -> Vec<Stretch> {
    let ([down, along], [above, before]) = (g.stride, g.padding);
    let mut all = Vec::new();
    for (y, phase) in (0..g.h).flat_map(|y| (0..along).map(move |phase| (y, phase))) {
        let (row, grid) = ((y + above) / down, (y + above) % down * along + phase);
        let skip = before.saturating_sub(phase).div_ceil(along);
        let first = skip * along + phase - before;
        let count = g.w.saturating_sub(first).div_ceil(along).min(pitch.saturating_sub(skip));
        if row < rows && count > 0 {
            all.push(Stretch { pixel: y * g.w + first, at: grid * len + row * pitch + skip, count });
        }
    }
    all
}

/// How the planes of a task lie in work space.
pub struct Grids<'a> {
    /// The sizes.
    pub g: &'a Geometry,
    /// Rows of one image in one grid; the first `g.oh` of them hold results.
    pub rows: usize,
    /// Floats between rows.
    pub pitch: usize,
    /// Images of a task.
    images: usize,
    /// Floats of one grid.
    pub len: usize,
    /// Elements of the filter with their offsets, for every grid.
    pub taps: Vec<Vec<Tap>>,
    /// The largest offset.
    pub reach: usize,
    /// Where the pixels of the first image go.
    pub stretches: Vec<Stretch>,
}

impl<'a> Grids<'a> {
    /// For a depthwise convolution.
    pub fn new(g: &'a Geometry) -> Self {
        let [down, along] = g.stride;
        let (rows, pitch) = (g.oh + (g.kh - 1) / down, g.ow + (g.kw - 1) / along);
        let images = (HELD / (rows * pitch * down * along)).clamp(1, g.n);
        let mut taps = vec![Vec::new(); down * along];
        for (i, j) in (0..g.kh).flat_map(|i| (0..g.kw).map(move |j| (i, j))) {
            let offset = i / down * pitch + j / along;
            taps[i % down * along + j % along].push(Tap { element: i * g.kw + j, offset });
        }
        let reach = (g.kh - 1) / down * pitch + (g.kw - 1) / along;
        let len = images * rows * pitch;
        Self { g, rows, pitch, images, len, taps, reach, stretches: stretches(g, [rows, pitch], len) }
    }

    /// All elements of the filter, with offsets from the start of the first grid.
    pub fn all_taps(&self) -> Vec<Tap> {
        let shifted = |(grid, taps): (usize, &Vec<Tap>)| {
            taps.iter().map(move |tap| Tap { offset: tap.offset + grid * self.len, ..*tap }).collect::<Vec<_>>()
        };
        self.taps.iter().enumerate().flat_map(shifted).collect()
    }

    /// Tasks: groups of images, the channels of each side by side.
    pub fn tasks(&self) -> usize {
        self.g.n.div_ceil(self.images) * self.g.c
    }

    /// The channel of a task, and its images.
    pub fn task(&self, task: usize) -> (usize, Range<usize>) {
        let first = task / self.g.c * self.images;
        (task % self.g.c, first..(first + self.images).min(self.g.n))
    }

    /// The input planes of a task, zeros around them.
    ///
    /// # Safety
    ///
    /// The running processor must have the instruction set of `L`.
    #[inline(always)]
    pub unsafe fn lay_maps<L: Lanes>(&self, x: &[f32], channel: usize, images: Range<usize>) -> Scratch {
        let g = self.g;
        let mut maps = Scratch::take(self.taps.len() * self.len + self.reach + LANES);
        maps.fill(0.0);
        for (i, image) in images.enumerate() {
            let plane = &x[(image * g.c + channel) * g.h * g.w..][..g.h * g.w];
            for stretch in &self.stretches {
                let to = &mut maps[i * self.rows * self.pitch + stretch.at..][..stretch.count];
                if g.stride[1] == 1 {
                    // SAFETY: the stretch lies inside the plane, and `to` is as long.
                    unsafe { copy::<L>(plane.as_ptr().add(stretch.pixel), to.as_mut_ptr(), stretch.count) };
                } else {
                    every(g.stride[1], &plane[stretch.pixel..], to);
                }
            }
        }
        maps
    }

    /// The gradients of a task's results, `before` zeros in front of them.
    ///
    /// # Safety
    ///
    /// The running processor must have the instruction set of `L`.
    #[inline(always)]
    pub unsafe fn lay_gradients<L: Lanes>(
        &self,
        dy: &[f32],
        channel: usize,
        images: Range<usize>,
        before: usize,
    ) -> Scratch {
        let g = self.g;
        let mut grid = Scratch::take(before + self.len + LANES);
        grid.fill(0.0);
        for (i, image) in images.enumerate() {
            let plane = &dy[(image * g.c + channel) * g.pixels()..][..g.pixels()];
            for (y, row) in plane.chunks_exact(g.ow).enumerate() {
                let to = &mut grid[before + (i * self.rows + y) * self.pitch..][..g.ow];
                // SAFETY: both are rows of results.
                unsafe { copy::<L>(row.as_ptr(), to.as_mut_ptr(), g.ow) };
            }
        }
        grid
    }
}

/// Copies `count` floats, few as a rule: without a call.
///
/// # Safety
///
/// `count` floats must be readable in `from` and writable in `to`, and the two must not overlap; the running processor must have
/// the instruction set of `L`.
#[inline(always)]
pub unsafe fn copy<L: Lanes>(from: *const f32, to: *mut f32, count: usize) {
    // SAFETY: every step stays below `count`; the caller answers for that.
    unsafe {
        if let Some(last) = count.checked_sub(LANES) {
            for at in (0..last).step_by(LANES) {
                L::load(from.add(at)).store(to.add(at));
            }
            // The last group may hold floats of the one before again.
            return L::load(from.add(last)).store(to.add(last));
        }
        let mut at = 0;
        if count & 8 != 0 {
            to.cast::<[f32; 8]>().write_unaligned(from.cast::<[f32; 8]>().read_unaligned());
            at = 8;
        }
        if count & 4 != 0 {
            to.add(at).cast::<[f32; 4]>().write_unaligned(from.add(at).cast::<[f32; 4]>().read_unaligned());
            at += 4;
        }
        for at in at..count {
            *to.add(at) = *from.add(at);
        }
    }
}
