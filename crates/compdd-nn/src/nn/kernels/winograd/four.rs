//! `F(4 x 4, 3 x 3)`.
//!
//! ```text
//!       4  0 -5  0  1  0           6   0   0
//!       0 -4 -4  1  1  0          -4  -4  -4            1  1  1  1  1  0
//! B' =  0  4 -4 -1  1  0   24 G = -4   4  -4      A' =  0  1 -1  2 -2  0
//!       0 -2 -1  2  1  0           1   2   4            0  1  1  4  4  0
//!       0  2 -1 -2  1  0           1  -2   4            0  1 -1  8 -8  1
//!       0  4  0 -5  0  1           0   0  24
//! ```

use super::super::simd::Lanes;
use super::tile::Passes;

/// Blocks of 4 x 4 results.
pub struct Four;

// The rules of [`Passes`] hold for every body.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Passes<4, 6> for Four {
    #[inline(always)]
    unsafe fn input<L: Lanes>([a, b, c, d, e, f]: [L; 6]) -> [L; 6] {
        unsafe {
            let (two, four, five) = (L::splat(2.0), L::splat(4.0), L::splat(-5.0));
            let minus = L::splat(-4.0);
            let (even, odd) = (c.mul_add(minus, e), b.mul_add(minus, d));
            let (near, far) = (e.sub(c), d.sub(b));
            [
                c.mul_add(five, a.mul_add(four, e)),
                even.add(odd),
                even.sub(odd),
                far.mul_add(two, near),
                far.mul_add(L::splat(-2.0), near),
                d.mul_add(five, b.mul_add(four, f)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn output<L: Lanes>([a, b, c, d, e, f]: [L; 6]) -> [L; 4] {
        unsafe {
            let (sum, difference) = (b.add(c), b.sub(c));
            let (far, across) = (d.add(e), d.sub(e));
            [
                a.add(sum).add(far),
                across.mul_add(L::splat(2.0), difference),
                far.mul_add(L::splat(4.0), sum),
                across.mul_add(L::splat(8.0), difference).add(f),
            ]
        }
    }

    #[inline(always)]
    unsafe fn output_gradient<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 6] {
        unsafe {
            let (even, odd) = (a.add(c), b.add(d));
            let (far_even, far_odd) = (c.mul_add(L::splat(4.0), a), d.mul_add(L::splat(8.0), b.add(b)));
            [a, even.add(odd), even.sub(odd), far_even.add(far_odd), far_even.sub(far_odd), d]
        }
    }

    #[inline(always)]
    unsafe fn weights<L: Lanes>([a, b, c]: [L; 3]) -> [L; 6] {
        unsafe {
            let (sixth, twelfth) = (L::splat(-1.0 / 6.0), L::splat(1.0 / 12.0));
            let even = a.add(c);
            let far = c.mul_add(L::splat(4.0), a).mul(L::splat(1.0 / 24.0));
            [
                a.mul(L::splat(0.25)),
                even.add(b).mul(sixth),
                even.sub(b).mul(sixth),
                b.mul_add(twelfth, far),
                b.mul_add(L::splat(-1.0 / 12.0), far),
                c,
            ]
        }
    }

    #[inline(always)]
    unsafe fn weight_gradient<L: Lanes>([a, b, c, d, e, f]: [L; 6]) -> [L; 3] {
        unsafe {
            let (sixth, twelfth) = (L::splat(1.0 / 6.0), L::splat(1.0 / 12.0));
            let (near, far) = (b.add(c), d.add(e));
            [
                far.mul_add(L::splat(1.0 / 24.0), near.mul_add(L::splat(-1.0 / 6.0), a.mul(L::splat(0.25)))),
                d.sub(e).mul_add(twelfth, c.sub(b).mul(sixth)),
                far.sub(near).mul_add(sixth, f),
            ]
        }
    }
}
