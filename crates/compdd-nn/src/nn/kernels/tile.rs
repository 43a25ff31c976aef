//! The one matrix product everything else is built from: a block of at most 8 x 32 results kept in registers.

use super::simd::{Lanes, per_isa};

/// Most rows of results in one block.
pub const ROWS: usize = 8;
/// Most columns of results in one block.
pub const COLUMNS: usize = 32;

/// Where the operands of one block lie: `c[i, j] (+)= sum over k of a[i, k] * b[k, j]`.
///
/// Element `(i, k)` of `a` is at `a + i * a_row + k * a_step`; row `k` of `b` starts at `b + k * b_step`; row `i` of
/// the result starts at `c + i * c_row`. Columns are adjacent in `b` and `c`.
#[derive(Clone, Copy)]
pub struct Tile {
    /// Left operand.
    pub a: *const f32,
    /// Distance between rows of the left operand.
    pub a_row: usize,
    /// Distance between its consecutive terms.
    pub a_step: usize,
    /// Right operand.
    pub b: *const f32,
    /// Distance between its consecutive terms.
    pub b_step: usize,
    /// Number of terms.
    pub terms: usize,
    /// Result.
    pub c: *mut f32,
    /// Distance between rows of the result.
    pub c_row: usize,
    /// Add to the result instead of replacing it.
    pub accumulate: bool,
}

per_isa! {
    /// Computes a block of `rows` (1 to 8) by `groups * 16` (`groups` is 1 or 2) results.
    ///
    /// Each result is summed in the order of `k`, whatever the block's size, so results do not depend on how a matrix
    /// is cut.
    ///
    /// # Safety
    ///
    /// All elements the fields describe must be readable (`a`, `b`) or writable (`c`), `c` initialised when
    /// accumulating.
    pub unsafe fn product(tile: &Tile, rows: usize, groups: usize) => product_body
}

#[inline(always)]
unsafe fn product_body<L: Lanes>(tile: &Tile, rows: usize, groups: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        if L::WIDE {
            if groups == 2 { by_rows::<L, 2>(tile, rows) } else { by_rows::<L, 1>(tile, rows) }
        } else {
            // Sixteen registers: blocks of 4 x 16.
            for group in 0..groups {
                let mut part = Tile { b: tile.b.add(group * 16), c: tile.c.add(group * 16), ..*tile };
                let mut left = rows;
                while left > 0 {
                    let now = left.min(4);
                    by_rows::<L, 1>(&part, now);
                    part.a = part.a.add(now * part.a_row);
                    part.c = part.c.add(now * part.c_row);
                    left -= now;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn by_rows<L: Lanes, const G: usize>(tile: &Tile, rows: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        match rows {
            8 => block::<L, 8, G>(tile),
            7 => block::<L, 7, G>(tile),
            6 => block::<L, 6, G>(tile),
            5 => block::<L, 5, G>(tile),
            4 => block::<L, 4, G>(tile),
            3 => block::<L, 3, G>(tile),
            2 => block::<L, 2, G>(tile),
            _ => block::<L, 1, G>(tile),
        }
    }
}

#[inline(always)]
unsafe fn block<L: Lanes, const R: usize, const G: usize>(tile: &Tile) {
    // SAFETY: passed on from the caller; `R` and `G` are the block's size.
    unsafe {
        let mut sums = [[L::splat(0.0); G]; R];
        if tile.accumulate {
            for i in 0..R {
                for g in 0..G {
                    sums[i][g] = L::load(tile.c.add(i * tile.c_row + g * 16));
                }
            }
        }
        let mut rows = [tile.a; R];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = tile.a.add(i * tile.a_row);
        }
        let (mut b, mut at) = (tile.b, 0);
        for _ in 0..tile.terms {
            let mut right = [L::splat(0.0); G];
            for g in 0..G {
                right[g] = L::load(b.add(g * 16));
            }
            for i in 0..R {
                let left = L::splat(*rows[i].add(at));
                for g in 0..G {
                    sums[i][g] = left.mul_add(right[g], sums[i][g]);
                }
            }
            at += tile.a_step;
            b = b.add(tile.b_step);
        }
        for i in 0..R {
            for g in 0..G {
                sums[i][g].store(tile.c.add(i * tile.c_row + g * 16));
            }
        }
    }
}
