//! Spatial attention: where in a map there is much. Per image, `A[p] = sum_c |x[c, p]|^power` over the channels `c` of
//! every pixel `p` (`DataDAM`, arXiv 2310.00093, before its normalisation), with its gradient
//! `dx = power |x|^(power - 1) sign(x) dA`, zero where `x` is zero. Forward, the maps are read once; backward they are
//! read once and their gradients written once.

use rayon::prelude::*;

use super::norm::{Maps, each_group, read, write};
use super::scratch::{Output, filled};
use super::simd::{Isa, LANES, Lanes, per_isa};

/// Pixels whose sums stay in the first cache while the channels go by.
const BLOCK: usize = 1024;
/// Channels that are added at a time.
const CHANNELS: usize = 4;
/// The largest whole power that is taken by multiplication.
const MOST: f32 = 16.0;

/// The power of the magnitudes, and how it is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Power {
    /// By multiplication.
    Whole(u32),
    /// By the power function, value by value.
    Real(f32),
}

impl Power {
    /// The quickest way to a power.
    pub fn new(power: f32) -> Self {
        let whole = power.fract() == 0.0 && (1.0..=MOST).contains(&power);
        if whole { Self::Whole(power as u32) } else { Self::Real(power) }
    }
}

/// Sums over the channels: `[n, h * w]`.
pub fn forward(isa: Isa, maps: Maps, x: &[f32], power: Power) -> Vec<f32> {
    let (plane, image) = (maps.h * maps.w, maps.c * maps.h * maps.w);
    let blocks = plane.div_ceil(BLOCK);
    let fill = |out: Output<'_>| {
        (0..maps.n * blocks).into_par_iter().for_each(|i| {
            let (number, start) = (i / blocks, i % blocks * BLOCK);
            let x = &x[number * image + start..(number + 1) * image];
            let pixels = BLOCK.min(plane - start);
            // SAFETY: each block of sums is written by its own unit, all of it.
            unsafe {
                let to = out.part(number * plane + start, pixels).as_mut_ptr().cast();
                sum_block(isa, x, plane, pixels, power, to);
            }
        });
    };
    // SAFETY: the blocks of all images are covered.
    unsafe { filled(maps.n * plane, fill) }
}

/// Gradient of the maps from the gradient `da` of the sums.
pub fn backward(isa: Isa, maps: Maps, x: &[f32], da: &[f32], power: Power) -> Vec<f32> {
    let plane = maps.h * maps.w;
    let fill = |out: Output<'_>| {
        (0..maps.n * maps.c).into_par_iter().with_min_len(maps.grain()).for_each(|i| {
            let (x, da) = (&x[i * plane..(i + 1) * plane], &da[i / maps.c * plane..][..plane]);
            // SAFETY: each plane of gradients is written by its own unit, all of it.
            unsafe {
                let to = out.part(i * plane, plane).as_mut_ptr().cast();
                slope_plane(isa, x, da, power, to);
            }
        });
    };
    // SAFETY: all planes are covered.
    unsafe { filled(maps.n * maps.c * plane, fill) }
}

/// A power and its derivative, of sixteen values.
trait Raise: Copy {
    /// `|x|^power`.
    unsafe fn raise<L: Lanes>(self, x: L) -> L;
    /// `power |x|^(power - 1) sign(x) d`, zero where `x` is.
    unsafe fn slope<L: Lanes>(self, x: L, d: L) -> L;
}

/// `d` with the sign of `x`, zero where `x` is.
#[inline(always)]
unsafe fn signed<L: Lanes>(d: L, x: L) -> L {
    // SAFETY: arithmetic only.
    unsafe { d.where_positive(x).sub(d.where_positive(L::splat(0.0).sub(x))) }
}

/// `x` times itself, `power` at least one times in all.
#[inline(always)]
unsafe fn product<L: Lanes>(x: L, power: u32) -> L {
    // SAFETY: arithmetic only.
    unsafe {
        let (mut square, mut rest, mut result) = (x, power >> 1, if power & 1 == 1 { x } else { L::splat(1.0) });
        while rest > 0 {
            square = square.mul(square);
            if rest & 1 == 1 {
                result = result.mul(square);
            }
            rest >>= 1;
        }
        result
    }
}

impl Raise for u32 {
    #[inline(always)]
    unsafe fn raise<L: Lanes>(self, x: L) -> L {
        // SAFETY: arithmetic only.
        unsafe {
            let odd = self & 1 == 1;
            product(if odd { x.relu().add(L::splat(0.0).sub(x).relu()) } else { x }, self)
        }
    }

    #[inline(always)]
    unsafe fn slope<L: Lanes>(self, x: L, d: L) -> L {
        // SAFETY: arithmetic only.
        unsafe {
            let d = d.mul(L::splat(self as f32));
            match self {
                1 => signed(d, x),
                odd if odd & 1 == 1 => signed(product(x, odd - 1).mul(d), x),
                even => product(x, even - 1).mul(d),
            }
        }
    }
}

impl Raise for f32 {
    #[inline(always)]
    unsafe fn raise<L: Lanes>(self, x: L) -> L {
        let mut values = [0.0_f32; LANES];
        // SAFETY: sixteen lanes.
        unsafe {
            x.store(values.as_mut_ptr());
            for value in &mut values {
                *value = value.abs().powf(self);
            }
            L::load(values.as_ptr())
        }
    }

    #[inline(always)]
    unsafe fn slope<L: Lanes>(self, x: L, d: L) -> L {
        // SAFETY: arithmetic only.
        unsafe { signed((self - 1.0).raise(x).mul(d).mul(L::splat(self)), x) }
    }
}

per_isa! {
    /// Sums of `pixels` pixels over the channels in `x`, `plane` apart.
    unsafe fn sum_block(x: &[f32], plane: usize, pixels: usize, power: Power, to: *mut f32) => sum_block_body
}

#[inline(always)]
unsafe fn sum_block_body<L: Lanes>(x: &[f32], plane: usize, pixels: usize, power: Power, to: *mut f32) {
    // SAFETY: the caller's promise. The powers that occur most have their code to themselves.
    unsafe {
        match power {
            Power::Whole(1) => sum_channels::<L, u32>(x, plane, pixels, 1, to),
            Power::Whole(2) => sum_channels::<L, u32>(x, plane, pixels, 2, to),
            Power::Whole(4) => sum_channels::<L, u32>(x, plane, pixels, 4, to),
            Power::Whole(power) => sum_channels::<L, u32>(x, plane, pixels, power, to),
            Power::Real(power) => sum_channels::<L, f32>(x, plane, pixels, power, to),
        }
    }
}

/// The powers of `count` values.
#[inline(always)]
unsafe fn term<L: Lanes, R: Raise>(from: *const f32, count: usize, power: R) -> L {
    // SAFETY: the caller promises `count` readable values.
    unsafe { power.raise(read::<L>(from, count, 0.0)) }
}

#[inline(always)]
unsafe fn sum_channels<L: Lanes, R: Raise>(x: &[f32], plane: usize, pixels: usize, power: R, to: *mut f32) {
    for (number, x) in x.chunks(CHANNELS * plane).enumerate() {
        // SAFETY: the caller promises `pixels` values of every channel and room for as many sums.
        unsafe {
            if x.len() > (CHANNELS - 1) * plane {
                each_group!(pixels, |at, count| {
                    let from = x.as_ptr().add(at);
                    let first = term::<L, R>(from, count, power).add(term(from.add(plane), count, power));
                    let from = from.add(2 * plane);
                    let next = term::<L, R>(from, count, power).add(term(from.add(plane), count, power));
                    let before = if number == 0 { L::splat(0.0) } else { read(to.add(at), count, 0.0) };
                    write(before.add(first.add(next)), to.add(at), count);
                });
            } else {
                for (channel, x) in x.chunks(plane).enumerate() {
                    each_group!(pixels, |at, count| {
                        let value = term::<L, R>(x.as_ptr().add(at), count, power);
                        let first = number == 0 && channel == 0;
                        let before = if first { L::splat(0.0) } else { read(to.add(at), count, 0.0) };
                        write(before.add(value), to.add(at), count);
                    });
                }
            }
        }
    }
}

per_isa! {
    /// One plane of [`backward`].
    unsafe fn slope_plane(x: &[f32], da: &[f32], power: Power, to: *mut f32) => slope_plane_body
}

#[inline(always)]
unsafe fn slope_plane_body<L: Lanes>(x: &[f32], da: &[f32], power: Power, to: *mut f32) {
    // SAFETY: the caller's promise. The powers that occur most have their code to themselves.
    unsafe {
        match power {
            Power::Whole(1) => slopes::<L, u32>(x, da, 1, to),
            Power::Whole(2) => slopes::<L, u32>(x, da, 2, to),
            Power::Whole(4) => slopes::<L, u32>(x, da, 4, to),
            Power::Whole(power) => slopes::<L, u32>(x, da, power, to),
            Power::Real(power) => slopes::<L, f32>(x, da, power, to),
        }
    }
}

#[inline(always)]
unsafe fn slopes<L: Lanes, R: Raise>(x: &[f32], da: &[f32], power: R, to: *mut f32) {
    // SAFETY: groups lie inside the plane; the caller promises room for as many gradients.
    unsafe {
        each_group!(x.len(), |at, count| {
            let x = read::<L>(x.as_ptr().add(at), count, 0.0);
            let d = read::<L>(da.as_ptr().add(at), count, 0.0);
            write(power.slope(x, d), to.add(at), count);
        });
    }
}
