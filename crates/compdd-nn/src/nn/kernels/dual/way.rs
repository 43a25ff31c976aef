//! The way of output gradients to the pixels of a plane, with or without pooling.

use super::super::norm::Epilogue;
use super::super::simd::LANES;

/// Where the gradients of the pixels of a plane come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One gradient for each pixel.
    Each,
    /// Pooled gradients, each read for its four pixels: whole groups of them.
    Pooled,
    /// Pooled gradients, spread over the pixels first.
    Spread,
}

impl Way {
    /// The way for a plane of `len` pixels, `w` in a row.
    pub fn new(len: usize, w: usize, after: Epilogue) -> Self {
        if after != Epilogue::ReluPool {
            Self::Each
        } else if w.is_multiple_of(2 * LANES) || (w == LANES && len.is_multiple_of(4 * LANES)) {
            Self::Pooled
        } else {
            Self::Spread
        }
    }
}

/// Calls `$body` (generic over `L: Lanes`) for every group of a plane's pixels with the gradients of both halves, `$at` and `$count` as in
/// [`each_group!`].
macro_rules! each_gradient {
    ($way:expr, $len:expr, $w:expr, $source:expr, |$at:ident, $count:ident, $p:ident, $q:ident| $body:block) => {
        if $way == Way::Pooled {
            let quarter = L::splat(0.25);
            // A group of results lies in one row of them, or is two rows of eight.
            let next = if $w == LANES { 2 * $w } else { LANES };
            for group in (0..$len / 4).step_by(LANES) {
                let first = group / ($w / 2) * 2 * $w + 2 * (group % ($w / 2));
                let p = L::load($source[0].add(group)).mul(quarter).twice();
                let q = L::load($source[1].add(group)).mul(quarter).twice();
                for (half, start) in [first, first + next].into_iter().enumerate() {
                    for $at in [start, start + $w] {
                        let ($count, $p, $q) = (LANES, p[half], q[half]);
                        $body
                    }
                }
            }
        } else {
            each_group!($len, |$at, $count| {
                let $p = read::<L>($source[0].add($at), $count, 0.0);
                let $q = read::<L>($source[1].add($at), $count, 0.0);
                $body
            });
        }
    };
}
pub(super) use each_gradient;
