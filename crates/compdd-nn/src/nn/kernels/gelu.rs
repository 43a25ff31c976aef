//! GELU, `x Phi(x)` with the distribution `Phi` of the standard normal (arXiv 1606.08415), and its derivative `Phi(x) + x phi(x)`.
//!
//! The tail of the distribution is `erfc(z) / 2` at `z = |x| / sqrt(2)`, by formula 7.1.26 of Abramowitz and Stegun: a polynomial in
//! `1 / (1 + p z)` times `exp(-z^2)`, off by at most 1.5e-7. The density has the same exponential.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

use rayon::prelude::*;

use super::norm::{each_group, read, write};
use super::scratch::{Output, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};

/// Values of a task.
const GRAIN: usize = 16384;
/// `p` of the formula.
const SLOPE: f32 = 0.327_591_1;
/// Half of its coefficients, the highest power first.
const HALVES: [f32; 5] = [0.530_702_7, -0.726_576_03, 0.710_706_9, -0.142_248_37, 0.127_414_8];
/// `1 / sqrt(2 pi)`.
const PEAK: f32 = 0.398_942_3;
/// Beyond it an exponential is as good as zero.
const MOST: f32 = 87.0;
/// The natural logarithm of two, and what its nearest float with a short mantissa leaves.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Added and taken away, it leaves the nearest whole number.
const ROUND: f32 = 12_582_912.0;

/// GELU of all values.
pub fn forward(isa: Isa, x: &[f32]) -> Vec<f32> {
    let fill = |out: Output<'_>| {
        x.par_chunks(GRAIN).enumerate().for_each(|(i, x)| {
            // SAFETY: each chunk of results is written by its own unit, all of it.
            unsafe { values(isa, x, out.part(i * GRAIN, x.len()).as_mut_ptr().cast()) }
        });
    };
    // SAFETY: all chunks are covered.
    unsafe { filled(x.len(), fill) }
}

/// Gradient of the values from the gradient `dy` of the results.
pub fn backward(isa: Isa, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let fill = |out: Output<'_>| {
        x.par_chunks(GRAIN).zip(dy.par_chunks(GRAIN)).enumerate().for_each(|(i, (x, dy))| {
            // SAFETY: each chunk of gradients is written by its own unit, all of it.
            unsafe { slopes(isa, x, dy, out.part(i * GRAIN, x.len()).as_mut_ptr().cast()) }
        });
    };
    // SAFETY: all chunks are covered.
    unsafe { filled(x.len(), fill) }
}

/// `exp(-x)` of values of at least zero.
#[inline(always)]
unsafe fn decay<L: Lanes>(x: L) -> L {
    // SAFETY: arithmetic only; the power is within its range by the bound.
    unsafe {
        let x = L::splat(0.0).sub(x.at_most(L::splat(MOST)));
        let round = L::splat(ROUND);
        let power = x.mul_add(L::splat(LOG2_E), round).sub(round);
        let [high, low] = LN_2.map(|part| L::splat(-part));
        let rest = power.mul_add(low, power.mul_add(high, x));
        let mut sum = L::splat(1.0 / 5040.0);
        for factorial in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
            sum = sum.mul_add(rest, L::splat(1.0 / factorial));
        }
        sum.shifted(power)
    }
}

/// The distribution of the standard normal up to `x`, and `exp(-x^2 / 2)`.
#[inline(always)]
unsafe fn normal<L: Lanes>(x: L) -> (L, L) {
    // SAFETY: arithmetic only.
    unsafe {
        let (one, zero) = (L::splat(1.0), L::splat(0.0));
        let z = x.relu().add(zero.sub(x).relu()).mul(L::splat(FRAC_1_SQRT_2));
        let fraction = one.div(z.mul_add(L::splat(SLOPE), one));
        let mut sum = L::splat(HALVES[0]);
        for half in &HALVES[1..] {
            sum = sum.mul_add(fraction, L::splat(*half));
        }
        let bell = decay(z.mul(z));
        let tail = sum.mul(fraction).mul(bell);
        (tail.add(one.sub(tail).sub(tail).where_positive(x)), bell)
    }
}

per_isa! {
    /// A chunk of [`forward`].
    unsafe fn values(x: &[f32], to: *mut f32) => values_body
}

#[inline(always)]
unsafe fn values_body<L: Lanes>(x: &[f32], to: *mut f32) {
    // SAFETY: groups lie inside the chunk, and the caller promises as much room.
    unsafe {
        each_group!(x.len(), |at, count| {
            let x = read::<L>(x.as_ptr().add(at), count, 0.0);
            write(x.mul(normal(x).0), to.add(at), count);
        });
    }
}

per_isa! {
    /// A chunk of [`backward`].
    unsafe fn slopes(x: &[f32], dy: &[f32], to: *mut f32) => slopes_body
}

#[inline(always)]
unsafe fn slopes_body<L: Lanes>(x: &[f32], dy: &[f32], to: *mut f32) {
    // SAFETY: groups lie inside the chunks, and the caller promises as much room.
    unsafe {
        each_group!(x.len(), |at, count| {
            let x = read::<L>(x.as_ptr().add(at), count, 0.0);
            let (below, bell) = normal(x);
            let slope = x.mul(L::splat(PEAK)).mul_add(bell, below);
            write(slope.mul(read::<L>(dy.as_ptr().add(at), count, 0.0)), to.add(at), count);
        });
    }
}
