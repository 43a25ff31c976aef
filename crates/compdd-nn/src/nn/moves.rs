//! Layers that only move values.

use super::{attention::constant, tensor_ops::TensorOps};

/// Channels as a table of `groups` rows, read by columns (arXiv 1707.01083, section 3.1).
///
/// # Shapes
/// `x [N, C, H, W]` -> `[N, C, H, W]`.
pub(super) fn shuffle<N: TensorOps>(x: N::T<4>, groups: usize) -> N::T<4> {
    let shape @ [n, c, h, w] = N::dims(&x);
    let table = N::reshape(x, [n, groups, c / groups, h * w]);
    N::reshape(N::permute(table, [0, 2, 1, 3]), shape)
}

/// Even and odd rows and columns as channels, in Swin's order.
///
/// # Shapes
/// `x [N, C, H, W]` -> `[N, 4C, H/2, W/2]`.
pub(super) fn space_to_depth<N: TensorOps>(x: N::T<4>) -> N::T<4> {
    let [n, c, h, w] = N::dims(&x);
    let cut = N::permute(N::reshape(x, [n, c, h / 2, 2, w / 2, 2]), [0, 5, 3, 1, 2, 4]);
    N::reshape(cut, [n, 4 * c, h / 2, w / 2])
}

/// Tokens as the map that they came from.
///
/// # Shapes
/// `x [N, H W, C]` -> `[N, C, H, W]`.
pub(super) fn map<N: TensorOps>(x: N::T<3>, [h, w]: [usize; 2]) -> N::T<4> {
    let [n, _, c] = N::dims(&x);
    N::reshape(N::permute(x, [0, 2, 1]), [n, c, h, w])
}

/// A map with zeros at the bottom and at the right, or without what is beyond the size.
///
/// # Shapes
/// `x [N, C, H, W]` -> `[N, C, size]`.
pub(super) fn fit<N: TensorOps>(x: N::T<4>, size: [usize; 2]) -> N::T<4> {
    size.into_iter().enumerate().fold(x, |x, (axis, wanted)| {
        let (axis, mut shape) = (axis + 2, N::dims(&x));
        match wanted.checked_sub(shape[axis]) {
            Some(0) => x,
            None => N::narrow(x, axis, 0, wanted),
            Some(more) => {
                shape[axis] = more;
                let zeros = constant::<N, 4, 4>(&x, vec![0.0; shape.iter().product()], shape);
                N::cat(vec![x, zeros], axis)
            }
        }
    })
}
