//! `F(2 x 2, 3 x 3)`.
//!
//! ```text
//!       1  0 -1  0          1    0    0
//! B' =  0  1  1  0     G = 1/2  1/2  1/2      A' =  1  1  1  0
//!       0 -1  1  0         1/2 -1/2  1/2            0  1 -1 -1
//!       0  1  0 -1          0    0    1
//! ```

use super::super::simd::Lanes;
use super::tile::Passes;

/// Blocks of 2 x 2 results.
pub struct Two;

// The rules of [`Passes`] hold for every body.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Passes<2, 4> for Two {
    #[inline(always)]
    unsafe fn input<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 4] {
        unsafe { [a.sub(c), b.add(c), c.sub(b), b.sub(d)] }
    }

    #[inline(always)]
    unsafe fn output<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 2] {
        unsafe { [a.add(b).add(c), b.sub(c).sub(d)] }
    }

    #[inline(always)]
    unsafe fn output_gradient<L: Lanes>([a, b]: [L; 2]) -> [L; 4] {
        unsafe { [a, a.add(b), a.sub(b), L::splat(0.0).sub(b)] }
    }

    #[inline(always)]
    unsafe fn weights<L: Lanes>([a, b, c]: [L; 3]) -> [L; 4] {
        unsafe {
            let half = L::splat(0.5);
            [a, a.add(b).add(c).mul(half), a.sub(b).add(c).mul(half), c]
        }
    }

    #[inline(always)]
    unsafe fn weight_gradient<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 3] {
        unsafe {
            let half = L::splat(0.5);
            let (sum, difference) = (b.add(c).mul(half), b.sub(c).mul(half));
            [a.add(sum), difference, sum.add(d)]
        }
    }
}
