//! The small transforms of Winograd's minimal filtering `F(2 x 2, 3 x 3)`, sixteen channels at a time.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), section 4.1. With
//!
//! ```text
//!       1  0 -1  0          1    0    0                   1  1  1  0
//! B' =  0  1  1  0     G = 1/2  1/2  1/2            A' =  0  1 -1 -1
//!       0 -1  1  0         1/2 -1/2  1/2
//!       0  1  0 -1          0    0    1
//! ```
//!
//! a 2 x 2 block of results is `A' [(G w G') * (B' x B)] A` with `x` the 4 x 4 block of the input under it (`*`
//! elementwise): sixteen multiplications instead of thirty-six. The gradient of the weights is the transpose, `G' [(A
//! dy A') * (B' x B)] G`.

use super::super::simd::Lanes;

/// Elements of a transformed block.
pub const POINTS: usize = 16;

/// Reads an `N x N` block of groups.
#[inline(always)]
unsafe fn read<L: Lanes, const N: usize>(from: *const f32, row: usize, column: usize) -> [[L; N]; N] {
    // SAFETY: the caller promises the block.
    unsafe {
        let mut block = [[L::splat(0.0); N]; N];
        for i in 0..N {
            for j in 0..N {
                block[i][j] = L::load(from.add(i * row + j * column));
            }
        }
        block
    }
}

/// `B' x B`: from the 4 x 4 block at `from` to the sixteen points at `to`, `point` apart.
///
/// # Safety
///
/// The block must be readable and the points writable, sixteen floats each.
#[inline(always)]
pub unsafe fn input<L: Lanes>(from: *const f32, row: usize, column: usize, to: *mut f32, point: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        let x = read::<L, 4>(from, row, column);
        let mut half = x;
        for j in 0..4 {
            half[0][j] = x[0][j].sub(x[2][j]);
            half[1][j] = x[1][j].add(x[2][j]);
            half[2][j] = x[2][j].sub(x[1][j]);
            half[3][j] = x[1][j].sub(x[3][j]);
        }
        for (i, t) in half.iter().enumerate() {
            let to = to.add(i * 4 * point);
            t[0].sub(t[2]).store(to);
            t[1].add(t[2]).store(to.add(point));
            t[2].sub(t[1]).store(to.add(2 * point));
            t[1].sub(t[3]).store(to.add(3 * point));
        }
    }
}

/// `A' m A`: from sixteen points to a 2 x 2 block of results.
///
/// # Safety
///
/// The points must be readable and the block writable, sixteen floats each.
#[inline(always)]
pub unsafe fn output<L: Lanes>(from: *const f32, point: usize, to: *mut f32, row: usize, column: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        let m = read::<L, 4>(from, 4 * point, point);
        for i in 0..2 {
            let mut t = m[0];
            for j in 0..4 {
                t[j] = if i == 0 { m[0][j].add(m[1][j]).add(m[2][j]) } else { m[1][j].sub(m[2][j]).sub(m[3][j]) };
            }
            t[0].add(t[1]).add(t[2]).store(to.add(i * row));
            t[1].sub(t[2]).sub(t[3]).store(to.add(i * row + column));
        }
    }
}

/// `A dy A'`: from a 2 x 2 block of output gradients to sixteen points.
///
/// # Safety
///
/// The block must be readable and the points writable, sixteen floats each.
#[inline(always)]
pub unsafe fn output_gradient<L: Lanes>(from: *const f32, row: usize, column: usize, to: *mut f32, point: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        let d = read::<L, 2>(from, row, column);
        let zero = L::splat(0.0);
        for i in 0..4 {
            let mut t = d[0];
            for j in 0..2 {
                t[j] = match i {
                    0 => d[0][j],
                    1 => d[0][j].add(d[1][j]),
                    2 => d[0][j].sub(d[1][j]),
                    _ => zero.sub(d[1][j]),
                };
            }
            let to = to.add(i * 4 * point);
            t[0].store(to);
            t[0].add(t[1]).store(to.add(point));
            t[0].sub(t[1]).store(to.add(2 * point));
            zero.sub(t[1]).store(to.add(3 * point));
        }
    }
}

/// `G w G'`: from the nine taps at `from`, `tap` apart, to sixteen points; the last tap first when `turned`.
///
/// # Safety
///
/// The taps must be readable and the points writable, sixteen floats each.
#[inline(always)]
pub unsafe fn weights<L: Lanes>(from: *const f32, tap: usize, turned: bool, to: *mut f32, point: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        let mut w = read::<L, 3>(from, 3 * tap, tap);
        if turned {
            w.reverse();
            for row in &mut w {
                row.reverse();
            }
        }
        let half = L::splat(0.5);
        for i in 0..4 {
            let mut t = w[0];
            for j in 0..3 {
                t[j] = match i {
                    0 => w[0][j],
                    1 => w[0][j].add(w[1][j]).add(w[2][j]).mul(half),
                    2 => w[0][j].sub(w[1][j]).add(w[2][j]).mul(half),
                    _ => w[2][j],
                };
            }
            let to = to.add(i * 4 * point);
            t[0].store(to);
            t[0].add(t[1]).add(t[2]).mul(half).store(to.add(point));
            t[0].sub(t[1]).add(t[2]).mul(half).store(to.add(2 * point));
            t[2].store(to.add(3 * point));
        }
    }
}

/// `G' u G`: from sixteen points of the weight gradient to nine taps, `tap` apart.
///
/// # Safety
///
/// The points must be readable and the taps writable, sixteen floats each.
#[inline(always)]
pub unsafe fn weight_gradient<L: Lanes>(from: *const f32, point: usize, to: *mut f32, tap: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        let u = read::<L, 4>(from, 4 * point, point);
        let half = L::splat(0.5);
        for i in 0..3 {
            let mut t = u[0];
            for j in 0..4 {
                let (sum, difference) = (u[1][j].add(u[2][j]).mul(half), u[1][j].sub(u[2][j]).mul(half));
                t[j] = match i {
                    0 => u[0][j].add(sum),
                    1 => difference,
                    _ => sum.add(u[3][j]),
                };
            }
            let (sum, difference) = (t[1].add(t[2]).mul(half), t[1].sub(t[2]).mul(half));
            t[0].add(sum).store(to.add(3 * i * tap));
            difference.store(to.add((3 * i + 1) * tap));
            sum.add(t[3]).store(to.add((3 * i + 2) * tap));
        }
    }
}
