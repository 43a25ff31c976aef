//! Sixteen floats in the registers of x86: one of AVX-512, or two of AVX2.

use super::Lanes;
use std::arch::x86_64::{
    __m256, __m512, _CMP_GT_OQ, _MM_TRANSPOSE4_PS, _mm_loadu_ps, _mm_setzero_ps, _mm_storeu_ps, _mm256_add_epi32,
    _mm256_add_ps, _mm256_and_ps, _mm256_castpd_ps, _mm256_castps_pd, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_cvtps_epi32, _mm256_div_ps, _mm256_fmadd_ps, _mm256_hadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps,
    _mm256_mul_ps, _mm256_permute2f128_ps, _mm256_permute4x64_pd, _mm256_permutevar8x32_ps, _mm256_set1_epi32,
    _mm256_set1_ps, _mm256_setr_epi32, _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_slli_epi32, _mm256_storeu_ps,
    _mm256_sub_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_ps, _mm512_cmp_ps_mask, _mm512_div_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_maskz_mov_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
    _mm512_permutex2var_ps, _mm512_permutexvar_ps, _mm512_scalef_ps, _mm512_set1_ps, _mm512_setr_epi32,
    _mm512_setzero_ps, _mm512_storeu_ps, _mm512_sub_ps,
};

// SAFETY (this module): each body is one or two instructions of the set the type stands for; the trait's contract
// makes the caller answer for the processor and for the pointers.
impl Lanes for __m512 {
    const WIDE: bool = true;
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm512_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { _mm512_sub_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { _mm512_mul_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { _mm512_div_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { _mm512_fmadd_ps(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn shifted(self, power: Self) -> Self {
        unsafe { _mm512_scalef_ps(self, power) }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // The second operand is the result when one is NaN.
        unsafe { _mm512_max_ps(_mm512_setzero_ps(), self) }
    }
    #[inline(always)]
    unsafe fn at_most(self, bound: Self) -> Self {
        unsafe { _mm512_min_ps(bound, self) }
    }
    #[inline(always)]
    unsafe fn where_positive(self, condition: Self) -> Self {
        unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(condition, _mm512_setzero_ps()), self) }
    }
    #[inline(always)]
    unsafe fn add_neighbours(self, next: Self) -> Self {
        unsafe {
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            _mm512_add_ps(_mm512_permutex2var_ps(self, even, next), _mm512_permutex2var_ps(self, odd, next))
        }
    }
    #[inline(always)]
    unsafe fn twice(self) -> [Self; 2] {
        unsafe {
            let first = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
            let last = _mm512_setr_epi32(8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
            [_mm512_permutexvar_ps(first, self), _mm512_permutexvar_ps(last, self)]
        }
    }
    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe { transpose(from, from_row, to, to_row) }
    }
    #[inline(always)]
    unsafe fn transpose_4x4(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe { transpose_small(from, from_row, to, to_row) }
    }
}

/// Sixteen floats in two 256-bit registers.
#[derive(Clone, Copy)]
pub struct Pair(__m256, __m256);

impl Lanes for Pair {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        let half = unsafe { _mm256_set1_ps(value) };
        Self(half, half)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Self(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Self(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Self(_mm256_div_ps(self.0, other.0), _mm256_div_ps(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Self(_mm256_fmadd_ps(self.0, factor.0, term.0), _mm256_fmadd_ps(self.1, factor.1, term.1)) }
    }
    #[inline(always)]
    unsafe fn shifted(self, power: Self) -> Self {
        unsafe { Self(_mm256_mul_ps(self.0, power_of_two(power.0)), _mm256_mul_ps(self.1, power_of_two(power.1))) }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // The second operand is the result when one is NaN.
        unsafe { Self(_mm256_max_ps(_mm256_setzero_ps(), self.0), _mm256_max_ps(_mm256_setzero_ps(), self.1)) }
    }
    #[inline(always)]
    unsafe fn at_most(self, bound: Self) -> Self {
        unsafe { Self(_mm256_min_ps(bound.0, self.0), _mm256_min_ps(bound.1, self.1)) }
    }
    #[inline(always)]
    unsafe fn where_positive(self, condition: Self) -> Self {
        unsafe {
            let zero = _mm256_setzero_ps();
            Self(
                _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(condition.0, zero), self.0),
                _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(condition.1, zero), self.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn add_neighbours(self, next: Self) -> Self {
        unsafe { Self(neighbours(self.0, self.1), neighbours(next.0, next.1)) }
    }
    #[inline(always)]
    unsafe fn twice(self) -> [Self; 2] {
        unsafe {
            let first = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
            let last = _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7);
            let (a, b) = (self.0, self.1);
            [
                Self(_mm256_permutevar8x32_ps(a, first), _mm256_permutevar8x32_ps(a, last)),
                Self(_mm256_permutevar8x32_ps(b, first), _mm256_permutevar8x32_ps(b, last)),
            ]
        }
    }
    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe { transpose(from, from_row, to, to_row) }
    }
    #[inline(always)]
    unsafe fn transpose_4x4(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe { transpose_small(from, from_row, to, to_row) }
    }
}

/// `2^power`, from the bits of an exponent.
#[inline(always)]
unsafe fn power_of_two(power: __m256) -> __m256 {
    unsafe {
        let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(power), _mm256_set1_epi32(127));
        _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
    }
}

/// Sums of neighbours: four of `first`, then four of `next`.
#[inline(always)]
unsafe fn neighbours(first: __m256, next: __m256) -> __m256 {
    unsafe {
        let sums = _mm256_hadd_ps(first, next);
        _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_castps_pd(sums)))
    }
}

/// Four rows of four.
#[inline(always)]
unsafe fn transpose_small(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
    unsafe {
        let mut r = [_mm_setzero_ps(); 4];
        for (i, row) in r.iter_mut().enumerate() {
            *row = _mm_loadu_ps(from.add(i * from_row));
        }
        let [a, b, c, d] = &mut r;
        _MM_TRANSPOSE4_PS(a, b, c, d);
        for (i, row) in r.into_iter().enumerate() {
            _mm_storeu_ps(to.add(i * to_row), row);
        }
    }
}

/// Pairs, then quads, then halves: twenty-four shuffles for sixty-four elements.
#[inline(always)]
unsafe fn transpose(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
    unsafe {
        let mut r = [_mm256_setzero_ps(); 8];
        for (i, row) in r.iter_mut().enumerate() {
            *row = _mm256_loadu_ps(from.add(i * from_row));
        }
        let mut pairs = r;
        for i in 0..4 {
            pairs[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
        let mut quads = pairs;
        for i in 0..2 {
            for k in 0..2 {
                let (low, high) = (pairs[4 * i + k], pairs[4 * i + k + 2]);
                quads[4 * i + 2 * k] = _mm256_shuffle_ps::<0x44>(low, high);
                quads[4 * i + 2 * k + 1] = _mm256_shuffle_ps::<0xee>(low, high);
            }
        }
        for i in 0..4 {
            _mm256_storeu_ps(to.add(i * to_row), _mm256_permute2f128_ps::<0x20>(quads[i], quads[i + 4]));
            _mm256_storeu_ps(to.add((i + 4) * to_row), _mm256_permute2f128_ps::<0x31>(quads[i], quads[i + 4]));
        }
    }
}
