//! Turning a matrix on its side, between the framework's channel-first maps and the kernels' channel-last ones.

use std::ops::Range;

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
    let (whole_rows, whole_columns) = (rows / 8 * 8, columns / 8 * 8);
    // SAFETY: all indices stay below `rows` and `columns`; the caller answers for those.
    unsafe {
        for i in (0..whole_rows).step_by(8) {
            for j in (0..whole_columns).step_by(8) {
                L::transpose_8x8(from.add(i * from_row + j), from_row, to.add(j * to_row + i), to_row);
            }
        }
        small::<L>(from, from_row, [0..whole_rows, whole_columns..columns], to, to_row);
        small::<L>(from, from_row, [whole_rows..rows, 0..columns], to, to_row);
    }
}

/// A part of the matrix by blocks of 4 x 4, what they leave by elements.
#[inline(always)]
unsafe fn small<L: Lanes>(
    from: *const f32,
    from_row: usize,
    [rows, columns]: [Range<usize>; 2],
    to: *mut f32,
    to_row: usize,
) {
    let [last_row, last_column] = [&rows, &columns].map(|part| part.start + part.len() / 4 * 4);
    // SAFETY: the caller promises this part.
    unsafe {
        for i in (rows.start..last_row).step_by(4) {
            for j in (columns.start..last_column).step_by(4) {
                L::transpose_4x4(from.add(i * from_row + j), from_row, to.add(j * to_row + i), to_row);
            }
        }
        for i in rows {
            let first = if i < last_row { last_column } else { columns.start };
            for j in first..columns.end {
                *to.add(j * to_row + i) = *from.add(i * from_row + j);
            }
        }
    }
}
