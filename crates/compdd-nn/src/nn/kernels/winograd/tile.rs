//! The small transforms of Winograd's minimal filtering, sixteen channels at a time.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), sections 4.1 and 4.3. A square block of
//! results is `A' [(G w G') * (B' x B)] A` with `x` the block of the input under it, one pixel larger on every side (`*`
//! elementwise). The gradient of the weights is the transpose, `G' [(A dy A') * (B' x B)] G`. Every transform is one pass
//! ([`Passes`]) over the columns of a square, then over its rows.

use super::super::simd::Lanes;

/// The blocks of results that a 3 x 3 convolution (stride 1, padding 1) computes at once on a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// 2 x 2 results: sixteen multiplications instead of thirty-six, which only additions and halvings go with, and no more
    /// rounding than the definition has.
    Small,
    /// 4 x 4 results: thirty-six instead of a hundred and forty-four, and about four times its rounding.
    Large,
}

impl Blocks {
    /// Results in a row of a block.
    pub const fn side(self) -> usize {
        match self {
            Self::Small => 2,
            Self::Large => 4,
        }
    }

    /// Elements of a transformed block.
    pub const fn points(self) -> usize {
        (self.side() + 2) * (self.side() + 2)
    }
}

/// One pass of each transform, over a row or a column of blocks of `BLOCK` results a side.
///
/// # Safety
///
/// As for [`Lanes`].
pub trait Passes<const BLOCK: usize, const SIDE: usize> {
    /// `B' x`.
    unsafe fn input<L: Lanes>(x: [L; SIDE]) -> [L; SIDE];
    /// `A' m`.
    unsafe fn output<L: Lanes>(m: [L; SIDE]) -> [L; BLOCK];
    /// `A dy`.
    unsafe fn output_gradient<L: Lanes>(dy: [L; BLOCK]) -> [L; SIDE];
    /// `G w`.
    unsafe fn weights<L: Lanes>(w: [L; 3]) -> [L; SIDE];
    /// `G' u`.
    unsafe fn weight_gradient<L: Lanes>(u: [L; SIDE]) -> [L; 3];
}

/// A square of groups of sixteen floats, of which the caller of [`both_ways`] answers for all.
#[derive(Clone, Copy)]
pub struct Square<P> {
    /// The first one.
    pub at: P,
    /// Steps between its rows.
    pub row: isize,
    /// Steps between its columns.
    pub column: isize,
}

impl<P> Square<P> {
    /// One whose rows and columns lie that far apart.
    #[inline(always)]
    pub const fn new(at: P, row: usize, column: usize) -> Self {
        Self { at, row: row.cast_signed(), column: column.cast_signed() }
    }
}

impl Square<*const f32> {
    /// The same of `size` a side, turned by half a turn.
    ///
    /// # Safety
    ///
    /// All of it must lie in one allocation.
    #[inline(always)]
    pub const unsafe fn turned(self, size: isize) -> Self {
        // SAFETY: the last element is one of the square's.
        let at = unsafe { self.at.offset((size - 1) * (self.row + self.column)) };
        Self { at, row: -self.row, column: -self.column }
    }
}

/// Passes the columns of a square of `$n` a side through `$pass`, then the rows of what results, and writes the square of `$m` a
/// side. A function that took the pass as a value would not be compiled into the caller's instruction set.
macro_rules! both_ways {
    ($pass:expr, $n:expr => $m:expr, $from:expr, $to:expr) => {{
        let (from, to) = ($from, $to);
        let mut half = [[L::splat(0.0); $n]; $m];
        for j in 0..$n {
            let mut column = [L::splat(0.0); $n];
            for i in 0..$n {
                column[i] = L::load(from.at.offset(i as isize * from.row + j as isize * from.column));
            }
            for (half, value) in half.iter_mut().zip($pass(column)) {
                half[j] = value;
            }
        }
        for (i, row) in half.into_iter().enumerate() {
            for (j, value) in $pass(row).into_iter().enumerate() {
                value.store(to.at.offset(i as isize * to.row + j as isize * to.column));
            }
        }
    }};
}
pub(super) use both_ways;
