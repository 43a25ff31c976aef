//! The value trait: every operation of every layer, once.

use burn::tensor::{DType, Device, Tensor};

use super::{
    kernels::{Blocks, Rectifier},
    layer::{Activation, PoolKind},
};

/// The constant added to variances, for every normalisation that does not say otherwise (`PyTorch`'s default).
pub(crate) const EPSILON: f64 = 1e-5;

/// A sliding window: its side, its stride and the padding on every border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Side of the square kernel, in pixels.
    pub kernel: usize,
    /// Step between windows, in pixels.
    pub stride: usize,
    /// Border added on every side, in pixels.
    pub padding: usize,
}

impl Window {
    /// A window of `kernel` pixels that moves by `stride` over an image with `padding` pixels added on every side.
    pub const fn new(kernel: usize, stride: usize, padding: usize) -> Self {
        Self { kernel, stride, padding }
    }

    /// One pixel.
    pub const POINT: Self = Self::new(1, 1, 0);
    /// The 3x3 window that keeps the size of the map.
    pub const SAME3: Self = Self::new(3, 1, 1);
    /// The 2x2 window that halves the map.
    pub const HALVE: Self = Self::new(2, 2, 0);

    /// Side of the output map, `None` when the window does not fit once.
    pub const fn output(self, side: usize) -> Option<usize> {
        match (side + 2 * self.padding).checked_sub(self.kernel) {
            Some(room) => Some(room / self.stride + 1),
            None => None,
        }
    }
}

/// What a batch norm in train mode measured; constants as far as differentiation is concerned.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Mean of every channel `[C]` over the batch and the map.
    pub mean: Tensor<1>,
    /// **Unbiased** variance of every channel `[C]`: what the running variance is updated with.
    pub variance: Tensor<1>,
}

impl Moments {
    /// From the mean and the **biased** variance of every channel over `count` values. One value has no unbiased variance;
    /// `PyTorch` refuses it, here the running variance keeps the biased one (zero).
    pub(crate) fn measured(mean: Tensor<1>, variance: Tensor<1>, count: usize) -> Self {
        let count = count as f64;
        let unbias = if count > 1.0 { count / (count - 1.0) } else { 1.0 };
        Self { mean, variance: variance * unbias }
    }
}

/// Tensor operations a network can be computed with.
///
/// [`Primal`](super::Primal) is a tensor. Another implementation may carry a tangent beside the value: parameters and
/// activations are both [`Self::T`], so either may have one. Only what is constant under differentiation (running
/// statistics) is a bare tensor.
pub trait TensorOps: 'static {
    /// A value of rank `D`.
    type T<const D: usize>: Clone;

    /// A value that nothing is differentiated by.
    fn constant<const D: usize>(x: Tensor<D>) -> Self::T<D>;

    /// The shape of `x`.
    fn dims<const D: usize>(x: &Self::T<D>) -> [usize; D];

    /// Where `x` is, and the kind of its numbers.
    fn place<const D: usize>(x: &Self::T<D>) -> (Device, DType);

    /// The same numbers, row-major, in another shape.
    fn reshape<const D: usize, const E: usize>(x: Self::T<D>, shape: [usize; E]) -> Self::T<E>;

    /// The axes in another order; the first stays the first.
    fn permute<const D: usize>(x: Self::T<D>, axes: [usize; D]) -> Self::T<D>;

    /// `length` entries of `axis` (not the first) from `start` on.
    fn narrow<const D: usize>(x: Self::T<D>, axis: usize, start: usize, length: usize) -> Self::T<D>;

    /// Values one behind the other along `axis` (not the first).
    fn cat<const D: usize>(parts: Vec<Self::T<D>>, axis: usize) -> Self::T<D>;

    /// Sum of two values; axes of length one are stretched.
    fn add<const D: usize>(a: Self::T<D>, b: Self::T<D>) -> Self::T<D>;

    /// Product element by element; axes of length one are stretched.
    fn multiply<const D: usize>(a: Self::T<D>, b: Self::T<D>) -> Self::T<D>;

    /// Matrix product of the last two axes.
    ///
    /// # Shapes
    /// `a [.., M, K]`, `b [.., K, N]` -> `[.., M, N]`.
    fn matmul<const D: usize>(a: Self::T<D>, b: Self::T<D>) -> Self::T<D>;

    /// Softmax over the last axis.
    fn softmax<const D: usize>(x: Self::T<D>) -> Self::T<D>;

    /// Every row of the last axis divided by its length; one of zeros stays as it is.
    fn unit<const D: usize>(x: Self::T<D>) -> Self::T<D>;

    /// `exp(min(x, most))`.
    fn exp_up_to<const D: usize>(x: Self::T<D>, most: f64) -> Self::T<D>;

    /// Every row of the last axis with mean 0 and variance `v / (v + epsilon)`, biased variance.
    fn standardise(x: Self::T<3>, epsilon: f64) -> Self::T<3>;

    /// Layer norm of the rows of the last axis: [`standardise`](Self::standardise), then scaled and shifted per value of a row.
    ///
    /// # Shapes
    /// `x [N, T, C]`, `gamma` and `beta` `[C]` -> `[N, T, C]`.
    fn token_norm(x: Self::T<3>, gamma: Self::T<1>, beta: Self::T<1>, epsilon: f64) -> Self::T<3> {
        let [width] = Self::dims(&gamma);
        let [gamma, beta] = [gamma, beta].map(|row| Self::reshape(row, [1, 1, width]));
        Self::add(Self::multiply(Self::standardise(x, epsilon), gamma), beta)
    }

    /// Convolution (cross-correlation): output channels of a group see only the input channels of that group. `blocks` is how a CPU
    /// computes it.
    ///
    /// # Shapes
    /// `x [N, I, H, W]`, `weight [O, I / groups, K, K]`, `bias [O]` -> `[N, O, H', W']`.
    fn conv2d(
        x: Self::T<4>,
        weight: Self::T<4>,
        bias: Option<Self::T<1>>,
        window: Window,
        groups: usize,
        blocks: Blocks,
    ) -> Self::T<4>;

    /// Group norm: every image is standardised over the pixels of each group of channels (biased variance, epsilon
    /// 1e-5), then scaled and shifted per channel. With as many groups as channels it is the instance norm.
    ///
    /// # Shapes
    /// `x [N, C, H, W]`, `gamma [C]`, `beta [C]` -> `[N, C, H, W]`.
    fn group_norm(x: Self::T<4>, groups: usize, gamma: Self::T<1>, beta: Self::T<1>) -> Self::T<4>;

    /// Layer norm: every image is standardised over all its values, then scaled and shifted per value.
    ///
    /// # Shapes
    /// `x [N, C, H, W]`, `gamma [C*H*W]`, `beta [C*H*W]` -> `[N, C, H, W]`.
    fn layer_norm(x: Self::T<4>, gamma: Self::T<1>, beta: Self::T<1>) -> Self::T<4>;

    /// Batch norm with the statistics of this batch (biased variance), and what it measured.
    ///
    /// # Shapes
    /// `x [N, C, H, W]`, `gamma [C]`, `beta [C]` -> `[N, C, H, W]`.
    fn batch_norm_train(x: Self::T<4>, gamma: Self::T<1>, beta: Self::T<1>) -> (Self::T<4>, Moments);

    /// Batch norm with given statistics `running.mean [C]`, `running.variance [C]`.
    ///
    /// # Shapes
    /// `x [N, C, H, W]`, `gamma [C]`, `beta [C]` -> `[N, C, H, W]`.
    fn batch_norm_eval(x: Self::T<4>, gamma: Self::T<1>, beta: Self::T<1>, running: Moments) -> Self::T<4>;

    /// [`batch_norm_eval`](Self::batch_norm_eval), then the rectifier.
    ///
    /// # Shapes
    /// `x [N, C, H, W]`, `gamma [C]`, `beta [C]` -> `[N, C, H, W]`.
    fn batch_norm_rectified_eval(
        x: Self::T<4>,
        gamma: Self::T<1>,
        beta: Self::T<1>,
        running: Moments,
        rectifier: Rectifier,
    ) -> Self::T<4> {
        Self::activate(Self::batch_norm_eval(x, gamma, beta, running), rectifier.into())
    }

    /// The nonlinearity, element by element.
    fn activate<const D: usize>(x: Self::T<D>, activation: Activation) -> Self::T<D>;

    /// Pooling over windows; the border counts as minus infinity (max) or as zero (average).
    ///
    /// # Shapes
    /// `x [N, C, H, W]` -> `[N, C, H', W']`.
    fn pool(x: Self::T<4>, kind: PoolKind, window: Window) -> Self::T<4>;

    /// Average pooling to `[N, C, side, side]`, whatever the size of the map.
    fn adaptive_avg_pool(x: Self::T<4>, side: usize) -> Self::T<4>;

    /// Affine map of vectors, linear without a bias.
    ///
    /// # Shapes
    /// `x [N, I]`, `weight [O, I]`, `bias [O]` -> `[N, O]`.
    fn linear(x: Self::T<2>, weight: Self::T<2>, bias: Option<Self::T<1>>) -> Self::T<2>;

    /// [`linear`](Self::linear) of the tokens of all images, of which there are many.
    fn token_linear(x: Self::T<2>, weight: Self::T<2>, bias: Option<Self::T<1>>) -> Self::T<2> {
        Self::linear(x, weight, bias)
    }

    /// Instance norm, then `ReLU`.
    ///
    /// # Shapes
    /// `x [N, C, H, W]`, `gamma [C]`, `beta [C]` -> `[N, C, H, W]`.
    fn norm_relu(x: Self::T<4>, gamma: Self::T<1>, beta: Self::T<1>) -> Self::T<4> {
        let [_, channels, _, _] = Self::dims(&x);
        Self::activate(Self::group_norm(x, channels, gamma, beta), Activation::Relu)
    }

    /// [`batch_norm_train`](Self::batch_norm_train), then the rectifier.
    ///
    /// # Shapes
    /// `x [N, C, H, W]`, `gamma [C]`, `beta [C]` -> `[N, C, H, W]`.
    fn batch_norm_rectified_train(
        x: Self::T<4>,
        gamma: Self::T<1>,
        beta: Self::T<1>,
        rectifier: Rectifier,
    ) -> (Self::T<4>, Moments) {
        let (y, measured) = Self::batch_norm_train(x, gamma, beta);
        (Self::activate(y, rectifier.into()), measured)
    }

    /// The block of the `ConvNet`: 3x3 convolution, instance norm, `ReLU`, average pooling by two. The bias of the
    /// convolution does not appear: the norm subtracts it again.
    ///
    /// # Shapes
    /// `x [N, I, H, W]`, `weight [O, I, 3, 3]`, `gamma [O]`, `beta [O]` -> `[N, O, H/2, W/2]`.
    fn conv_block(x: Self::T<4>, weight: Self::T<4>, gamma: Self::T<1>, beta: Self::T<1>) -> Self::T<4> {
        let z = Self::conv2d(x, weight, None, Window::SAME3, 1, Blocks::Small);
        Self::pool(Self::norm_relu(z, gamma, beta), PoolKind::Average, Window::HALVE)
    }
}
