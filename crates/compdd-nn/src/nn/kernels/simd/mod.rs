//! Sixteen floats at a time, on whatever the processor offers.
//!
//! Every kernel is written once against [`Lanes`], a group of sixteen floats, and compiled for AVX-512, for AVX2 with
//! FMA and for the baseline of the target; [`Isa::detect`] picks one when the program runs. The group is sixteen wide
//! everywhere, so sums are taken in the same order on every instruction set.

#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

/// Floats in one group; channel counts are padded to a multiple of it.
pub const LANES: usize = 16;

/// Rounds up to a whole number of groups.
pub const fn padded(n: usize) -> usize {
    n.div_ceil(LANES) * LANES
}

/// An instruction set the kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// 512-bit vectors (x86-64-v4).
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 256-bit vectors with fused multiply-add (x86-64-v3).
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler makes of plain arrays.
    Portable,
}

impl Isa {
    /// The best instruction set of the running processor.
    pub fn detect() -> Self {
        static FOUND: OnceLock<Isa> = OnceLock::new();
        *FOUND.get_or_init(|| Self::supported()[0])
    }

    /// Every instruction set the running processor has, best first.
    pub fn supported() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                found.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Self::Avx2);
            }
        }
        found.push(Self::Portable);
        found
    }
}

/// Sixteen floats.
///
/// # Safety
///
/// `load` reads and `store` writes sixteen floats at the pointer (no alignment needed). The x86 implementations may
/// only be used by code that runs on a processor with the instruction set, which [`per_isa!`] sees to.
pub trait Lanes: Copy {
    /// Whether one group is one register and there are thirty-two of them.
    const WIDE: bool = false;
    /// All lanes equal to `value`.
    unsafe fn splat(value: f32) -> Self;
    /// Reads sixteen consecutive floats.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes sixteen consecutive floats.
    unsafe fn store(self, to: *mut f32);
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self - other`.
    unsafe fn sub(self, other: Self) -> Self;
    /// `self * other`.
    unsafe fn mul(self, other: Self) -> Self;
    /// `self / other`.
    unsafe fn div(self, other: Self) -> Self;
    /// `self * factor + term`, in one rounding where the processor can.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `self * 2^power`, for whole powers from -126 to 127.
    unsafe fn shifted(self, power: Self) -> Self;
    /// `max(self, 0)`, except that NaN stays NaN, so that a diverged run shows.
    unsafe fn relu(self) -> Self;
    /// `min(self, bound)`, except that NaN stays NaN.
    unsafe fn at_most(self, bound: Self) -> Self;
    /// `self` where `condition > 0`, zero elsewhere.
    unsafe fn where_positive(self, condition: Self) -> Self;
    /// Sums of neighbours: eight of `self`, then eight of `next`.
    unsafe fn add_neighbours(self, next: Self) -> Self;
    /// Every lane twice: the first eight, then the last eight.
    unsafe fn twice(self) -> [Self; 2];
    /// Transposes an 8 x 8 matrix whose rows are `from_row` and `to_row` apart.
    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        // SAFETY: the caller promises both matrices.
        unsafe { turn::<8>(from, from_row, to, to_row) }
    }
    /// Transposes a 4 x 4 matrix likewise.
    #[inline(always)]
    unsafe fn transpose_4x4(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        // SAFETY: the caller promises both matrices.
        unsafe { turn::<4>(from, from_row, to, to_row) }
    }
}

/// Transposes an `N x N` matrix, element by element.
#[inline(always)]
unsafe fn turn<const N: usize>(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
    for j in 0..N {
        for i in 0..N {
            // SAFETY: the caller promises both matrices.
            unsafe { *to.add(j * to_row + i) = *from.add(i * from_row + j) }
        }
    }
}

impl Lanes for [f32; LANES] {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        [value; LANES]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises sixteen readable floats.
        unsafe { from.cast::<Self>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises sixteen writable floats.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }
    #[inline(always)]
    unsafe fn add(mut self, other: Self) -> Self {
        for (a, b) in self.iter_mut().zip(other) {
            *a += b;
        }
        self
    }
    #[inline(always)]
    unsafe fn sub(mut self, other: Self) -> Self {
        for (a, b) in self.iter_mut().zip(other) {
            *a -= b;
        }
        self
    }
    #[inline(always)]
    unsafe fn mul(mut self, other: Self) -> Self {
        for (a, b) in self.iter_mut().zip(other) {
            *a *= b;
        }
        self
    }
    #[inline(always)]
    unsafe fn div(mut self, other: Self) -> Self {
        for (a, b) in self.iter_mut().zip(other) {
            *a /= b;
        }
        self
    }
    #[inline(always)]
    unsafe fn shifted(mut self, power: Self) -> Self {
        for (a, b) in self.iter_mut().zip(power) {
            *a *= f32::from_bits(((b as i32 + 127) as u32) << 23);
        }
        self
    }
    #[inline(always)]
    unsafe fn mul_add(mut self, factor: Self, term: Self) -> Self {
        for ((a, b), c) in self.iter_mut().zip(factor).zip(term) {
            // Without the instruction, `f32::mul_add` is a library call.
            *a = if cfg!(target_arch = "aarch64") { a.mul_add(b, c) } else { *a * b + c };
        }
        self
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        self.map(|a| if a < 0.0 { 0.0 } else { a })
    }
    #[inline(always)]
    unsafe fn at_most(mut self, bound: Self) -> Self {
        for (a, b) in self.iter_mut().zip(bound) {
            *a = if *a > b { b } else { *a };
        }
        self
    }
    #[inline(always)]
    unsafe fn where_positive(mut self, condition: Self) -> Self {
        for (a, c) in self.iter_mut().zip(condition) {
            *a = if c > 0.0 { *a } else { 0.0 };
        }
        self
    }
    #[inline(always)]
    unsafe fn add_neighbours(self, next: Self) -> Self {
        std::array::from_fn(|i| if i < 8 { self[2 * i] + self[2 * i + 1] } else { next[2 * i - 16] + next[2 * i - 15] })
    }
    #[inline(always)]
    unsafe fn twice(self) -> [Self; 2] {
        [std::array::from_fn(|i| self[i / 2]), std::array::from_fn(|i| self[8 + i / 2])]
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::Pair;

/// Compiles `$body::<L>` (a generic function over [`Lanes`], marked `#[inline(always)]`) for each instruction set and
/// makes `$name` call the one named by its first argument.
macro_rules! per_isa {
    ($(#[$doc:meta])* $vis:vis unsafe fn $name:ident($($arg:ident: $ty:ty),* $(,)?) => $body:ident) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis unsafe fn $name(isa: $crate::nn::kernels::simd::Isa, $($arg: $ty),*) {
            use $crate::nn::kernels::simd::{Isa, LANES};
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            unsafe fn avx512($($arg: $ty),*) {
                // SAFETY: the instruction set was detected; the rest is the caller's promise.
                unsafe { $body::<std::arch::x86_64::__m512>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $ty),*) {
                // SAFETY: the instruction set was detected; the rest is the caller's promise.
                unsafe { $body::<$crate::nn::kernels::simd::Pair>($($arg),*) }
            }
            // SAFETY: `Isa` values come from detection; the rest is the caller's promise.
            unsafe {
                match isa {
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 => avx512($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => avx2($($arg),*),
                    Isa::Portable => $body::<[f32; LANES]>($($arg),*),
                }
            }
        }
    };
}
pub(crate) use per_isa;
