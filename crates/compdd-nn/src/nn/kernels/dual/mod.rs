//! Room: dual kernels. A dual is a value with a tangent, stacked along the batch: `[2n, c, h, w]`, the `n` values first,
//! then their tangents. Parameters come as a value, which gradients flow to, and a tangent, which is a constant. The
//! second-order engine reads a network's derivatives off these ([`dual_conv2d`], [`dual_norm_relu_pool`]): the loss's
//! tangent is an inner product of a gradient, and its own gradient a Hessian-vector product. Operations of the CPU
//! backend ([`ops`], [`tracked`]) with the normalisation's formulas in [`norm`]; convolutions are sums of the house's
//! own. Each has its composed form ([`composed`]), used where the kernels do not serve, and in the tests. Depthwise convolutions
//! have no kernel here: they are put together from up to three plain ones.

mod composed;
pub(super) mod norm;
mod ops;
#[cfg(test)]
mod tests;
mod tracked;
mod way;

use burn::backend::Dispatch;
use burn::tensor::{DType, Tensor};

use super::geometry::Geometry;
use super::norm::Epilogue;
use super::norm_ops::NormOps as _;
use super::winograd::Blocks;
use super::{normalises, serves};
use ops::DualOps;

/// Convolution of duals without bias: `conv(x, w)`, and its tangent `conv(x', w) + conv(x, w')`.
///
/// Gradients flow to `x` and `w`, never to `tangent`.
///
/// # Shapes
///
/// `x`: `[2n, c, h, w]` when `stacked`, else `[n, c, h, w]`: values only, whose tangent is zero (images). `w` and
/// `tangent`: `[o, c, kh, kw]`. Result: `[2n, o, oh, ow]` with sizes as in [`conv2d`](super::conv2d). Where they do not
/// fit, the framework's own operations say so.
pub fn dual_conv2d(
    x: Tensor<4>,
    stacked: bool,
    w: Tensor<4>,
    tangent: Tensor<4>,
    stride: [usize; 2],
    padding: [usize; 2],
    blocks: Blocks,
) -> Tensor<4> {
    let [maps, channels, height, width] = x.dims();
    let n = if stacked { maps / 2 } else { maps };
    let fits = (!stacked || maps.is_multiple_of(2)) && w.dims() == tangent.dims();
    match Geometry::new([n, channels, height, width], w.dims(), stride, padding) {
        Some(geometry) if fits && serves(&x) && serves(&w) && serves(&tangent) => {
            let (x, w, tangent) = (x.into_dispatch(), w.into_dispatch(), tangent.inner().into_dispatch());
            let geometry = geometry.in_blocks(blocks);
            Tensor::from_dispatch(Dispatch::dual_convolve(x, w, tangent, geometry, stacked))
        }
        _ => composed::conv2d(x, stacked, w, tangent, stride, padding),
    }
}

/// Instance normalisation of duals, with scale and shift: biased variance, epsilon 1e-5.
///
/// With `xh` the normalised value, its tangent is `xh' = (c(z') - xh mean(xh c(z'))) / sqrt(var + epsilon)`, `c` taking
/// the mean away; the results are `gamma xh + beta` and `gamma xh' + gamma' xh + beta'`. Gradients flow to `z`, `gamma`
/// and `beta`, never to the tangents of the parameters.
///
/// # Shapes
///
/// `z`: `[2n, c, h, w]`, parameters and their tangents: `[c]`, result: `[2n, c, h, w]`.
pub fn dual_instance_norm(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    gamma_tangent: Tensor<1>,
    beta_tangent: Tensor<1>,
) -> Tensor<4> {
    normalise(z, [gamma, beta], [gamma_tangent, beta_tangent], Epilogue::Nothing)
}

/// [`dual_instance_norm`], then `ReLU`: tangents pass where the value is positive.
///
/// # Shapes
///
/// `z`: `[2n, c, h, w]`, parameters and their tangents: `[c]`, result: `[2n, c, h, w]`.
pub fn dual_norm_relu(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    gamma_tangent: Tensor<1>,
    beta_tangent: Tensor<1>,
) -> Tensor<4> {
    normalise(z, [gamma, beta], [gamma_tangent, beta_tangent], Epilogue::Relu)
}

/// [`dual_norm_relu`], then the mean of 2 x 2 blocks. Odd sizes lose their last row or column to the pooling, in the
/// composed form.
///
/// # Shapes
///
/// `z`: `[2n, c, h, w]`, parameters and their tangents: `[c]`, result: `[2n, c, h / 2, w / 2]`.
pub fn dual_norm_relu_pool(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    gamma_tangent: Tensor<1>,
    beta_tangent: Tensor<1>,
) -> Tensor<4> {
    normalise(z, [gamma, beta], [gamma_tangent, beta_tangent], Epilogue::ReluPool)
}

/// `affine` is gamma and beta, `tangents` theirs.
fn normalise(z: Tensor<4>, affine: [Tensor<1>; 2], tangents: [Tensor<1>; 2], after: Epilogue) -> Tensor<4> {
    let [n, c, h, w] = z.dims();
    let pairs = n * c * h * w > 0 && n.is_multiple_of(2);
    let blocks = after != Epilogue::ReluPool || (h.is_multiple_of(2) && w.is_multiple_of(2));
    let fits = affine.iter().chain(&tangents).all(|v| v.dims() == [c] && v.dtype() == DType::F32);
    if pairs && blocks && fits && z.dtype() == DType::F32 && normalises(&z.device()) {
        let ([gamma, beta], [gamma_tangent, beta_tangent]) = (affine, tangents.map(Tensor::inner));
        Tensor::from_dispatch(Dispatch::dual_normalise(
            z.into_dispatch(),
            gamma.into_dispatch(),
            beta.into_dispatch(),
            gamma_tangent.into_dispatch(),
            beta_tangent.into_dispatch(),
            after,
        ))
    } else {
        composed::normalise(z, affine, tangents, after)
    }
}
