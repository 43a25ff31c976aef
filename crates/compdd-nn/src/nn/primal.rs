//! The plain reading of the value trait: a value is a tensor.

use burn::tensor::{
    DType, Device, Tensor, activation, module,
    ops::{AvgPoolOptions, ConvOptions},
};

use super::{
    kernels::{self, Blocks, Rectifier},
    layer::{Activation, PoolKind},
    tensor_ops::{EPSILON, Moments, TensorOps, Window},
};

/// Tensors as [`TensorOps`]. On the CPU convolutions, instance and batch norms and poolings by two go to [`kernels`], on GPUs instance norms; everything
/// else is composed from the framework's operations.
pub struct Primal;

/// `[C]` as `[1, C, 1, 1]`.
pub(crate) fn per_channel(x: Tensor<1>) -> Tensor<4> {
    let [channels] = x.dims();
    x.reshape([1, channels, 1, 1])
}

/// Batch norm in train mode, what follows, and what was measured.
fn batch_norm(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, rectifier: Option<Rectifier>) -> (Tensor<4>, Moments) {
    let [n, _, h, w] = x.dims();
    let (y, [mean, variance]) = kernels::batch_norm(x, gamma, beta, rectifier);
    (y, Moments::measured(mean, variance, n * h * w))
}

/// The length of every row of the last axis, no less than 1e-12, so that it may be divided by.
pub(crate) fn length<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    (x.square().sum_dim(D - 1) + 1e-24).sqrt()
}

impl TensorOps for Primal {
    type T<const D: usize> = Tensor<D>;

    fn constant<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        x
    }

    fn dims<const D: usize>(x: &Tensor<D>) -> [usize; D] {
        x.dims()
    }

    fn place<const D: usize>(x: &Tensor<D>) -> (Device, DType) {
        (x.device(), x.dtype())
    }

    fn reshape<const D: usize, const E: usize>(x: Tensor<D>, shape: [usize; E]) -> Tensor<E> {
        x.reshape(shape)
    }

    fn permute<const D: usize>(x: Tensor<D>, axes: [usize; D]) -> Tensor<D> {
        x.permute(axes)
    }

    fn narrow<const D: usize>(x: Tensor<D>, axis: usize, start: usize, length: usize) -> Tensor<D> {
        x.narrow(axis, start, length)
    }

    fn cat<const D: usize>(parts: Vec<Tensor<D>>, axis: usize) -> Tensor<D> {
        Tensor::cat(parts, axis)
    }

    fn add<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
        a + b
    }

    fn multiply<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
        a * b
    }

    fn matmul<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
        a.matmul(b)
    }

    fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        activation::softmax(x, D - 1)
    }

    fn unit<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        let length = length(x.clone());
        x / length
    }

    fn exp_up_to<const D: usize>(x: Tensor<D>, most: f64) -> Tensor<D> {
        x.clamp_max(most).exp()
    }

    fn standardise(x: Tensor<3>, epsilon: f64) -> Tensor<3> {
        kernels::standardise(x, epsilon)
    }

    fn token_norm(x: Tensor<3>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<3> {
        kernels::normalise_rows(x, gamma, beta, epsilon)
    }

    fn conv2d(
        x: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        window: Window,
        groups: usize,
        blocks: Blocks,
    ) -> Tensor<4> {
        let (stride, padding) = ([window.stride; 2], [window.padding; 2]);
        let [_, channels, _, _] = x.dims();
        let depthwise = groups == channels && groups == weight.dims()[0];
        if !(groups == 1 || depthwise) || !kernels::usable(&x.device()) {
            return module::conv2d(x, weight, bias, ConvOptions::new(stride, padding, [1, 1], groups));
        }
        let z = if groups == 1 {
            kernels::conv2d(x, weight, stride, padding, blocks)
        } else {
            kernels::depthwise_conv2d(x, weight, stride, padding)
        };
        match bias {
            Some(bias) => z + per_channel(bias),
            None => z,
        }
    }

    fn group_norm(x: Tensor<4>, groups: usize, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        if groups == c && kernels::normalises(&x.device()) {
            return kernels::instance_norm(x, gamma, beta);
        }
        let y = Self::standardise(x.reshape([n, groups, c / groups * h * w]), EPSILON);
        y.reshape([n, c, h, w]) * per_channel(gamma) + per_channel(beta)
    }

    fn layer_norm(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        let y = Self::standardise(x.reshape([n, 1, c * h * w]), EPSILON).reshape([n, c, h, w]);
        y * gamma.reshape([1, c, h, w]) + beta.reshape([1, c, h, w])
    }

    fn batch_norm_train(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> (Tensor<4>, Moments) {
        batch_norm(x, gamma, beta, None)
    }

    fn batch_norm_eval(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, running: Moments) -> Tensor<4> {
        kernels::batch_norm_by(x, gamma, beta, [running.mean, running.variance], None)
    }

    fn batch_norm_rectified_eval(
        x: Tensor<4>,
        gamma: Tensor<1>,
        beta: Tensor<1>,
        running: Moments,
        rectifier: Rectifier,
    ) -> Tensor<4> {
        kernels::batch_norm_by(x, gamma, beta, [running.mean, running.variance], Some(rectifier))
    }

    fn activate<const D: usize>(x: Tensor<D>, kind: Activation) -> Tensor<D> {
        match kind {
            Activation::Sigmoid => activation::sigmoid(x),
            Activation::Relu => activation::relu(x),
            Activation::Leaky => activation::leaky_relu(x, 0.01),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::Silu => activation::silu(x),
            Activation::Gelu => kernels::gelu(x),
            Activation::HardSwish => x.clone() * ((x + 3.0).clamp(0.0, 6.0) / 6.0),
        }
    }

    fn pool(x: Tensor<4>, kind: PoolKind, window: Window) -> Tensor<4> {
        let Window { kernel, stride, padding } = window;
        match kind {
            PoolKind::Average if window == Window::HALVE => kernels::avg_pool(x),
            PoolKind::Max => kernels::max_pool(x, kernel, stride, padding),
            PoolKind::Average => module::avg_pool2d(
                x,
                AvgPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]),
            ),
        }
    }

    fn adaptive_avg_pool(x: Tensor<4>, side: usize) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        if side == 1 {
            return x.reshape([n, c, h * w]).mean_dim(2).reshape([n, c, 1, 1]);
        }
        if h == w && h % side == 0 {
            return Self::pool(x, PoolKind::Average, Window::new(h / side, h / side, 0));
        }
        module::adaptive_avg_pool2d(x, [side; 2])
    }

    fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let y = x.matmul(weight.transpose());
        match bias {
            Some(bias) => y + bias.unsqueeze::<2>(),
            None => y,
        }
    }

    fn token_linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let y = kernels::map_rows(x, weight);
        match bias {
            Some(bias) => y + bias.unsqueeze::<2>(),
            None => y,
        }
    }

    fn norm_relu(x: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
        if kernels::normalises(&x.device()) {
            return kernels::norm_relu(x, gamma, beta);
        }
        let [_, channels, _, _] = x.dims();
        activation::relu(Self::group_norm(x, channels, gamma, beta))
    }

    fn batch_norm_rectified_train(
        x: Tensor<4>,
        gamma: Tensor<1>,
        beta: Tensor<1>,
        rectifier: Rectifier,
    ) -> (Tensor<4>, Moments) {
        batch_norm(x, gamma, beta, Some(rectifier))
    }

    fn conv_block(x: Tensor<4>, weight: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
        let z = Self::conv2d(x, weight, None, Window::SAME3, 1, Blocks::Small);
        if kernels::normalises(&z.device()) {
            return kernels::norm_relu_pool(z, gamma, beta);
        }
        Self::pool(Self::norm_relu(z, gamma, beta), PoolKind::Average, Window::HALVE)
    }
}
