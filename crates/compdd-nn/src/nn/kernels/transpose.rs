//! Turning a matrix on its side, between the framework's channel-first maps and the kernels' channel-last ones.

use super::simd::{Lanes, per_isa};

per_isa! {
    /// `to[j * to_row + i] = from[i * from_row + j]` for `i < rows`, `j < columns`.
    ///
    /// # Safety
    ///
    /// All the elements named must be readable in `from` and writable in `to`, and the two must not overlap.
    pub unsafe fn transpose(from: *const f32, from_row: usize, rows: usize, columns: usize, to: *mut f32, to_row: usize) => body
}

#[inline(always)]
unsafe fn body<L: Lanes>(from: *const f32, from_row: usize, rows: usize, columns: usize, to: *mut f32, to_row: usize) {
    // SAFETY: all indices stay below `rows` and `columns`; the caller answers for those.
    unsafe {
        let (whole_rows, whole_columns) = (rows / 8 * 8, columns / 8 * 8);
        for i in (0..whole_rows).step_by(8) {
            for j in (0..whole_columns).step_by(8) {
                L::transpose_8x8(from.add(i * from_row + j), from_row, to.add(j * to_row + i), to_row);
            }
            for j in whole_columns..columns {
                for k in i..i + 8 {
                    *to.add(j * to_row + k) = *from.add(k * from_row + j);
                }
            }
        }
        for i in whole_rows..rows {
            for j in 0..columns {
                *to.add(j * to_row + i) = *from.add(i * from_row + j);
            }
        }
    }
}
