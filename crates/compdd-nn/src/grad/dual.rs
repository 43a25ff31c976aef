//! The dual reading of the value trait: a value, and how it changes along a direction in parameter space.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use burn::tensor::{
    Bool, DType, Device, Tensor, activation, module,
    ops::{AvgPoolOptions, MaxPoolOptions},
};

use super::norm;
use crate::nn::{
    Activation, EPSILON, Moments, PoolKind, Primal, TensorOps, Window,
    kernels::{self, Blocks},
    length,
};

/// Values with tangents as [`TensorOps`]: forward-mode differentiation, itself tracked by reverse mode.
pub struct Dual;

/// A value and its tangent.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // a handful live at a time, each a handle to memory elsewhere
pub enum DualTensor<const D: usize> {
    /// A value that does not depend on the direction: its tangent is zero.
    Constant(Tensor<D>),
    /// A value and a tangent of the same shape.
    Pair {
        /// The value.
        value: Tensor<D>,
        /// Its derivative along the direction.
        tangent: Tensor<D>,
    },
    /// Both in one tensor along the first axis, values first: what the fused operations work on.
    Stacked(Tensor<D>),
}

impl<const D: usize> DualTensor<D> {
    /// A value and its tangent.
    pub fn pair(value: Tensor<D>, tangent: Tensor<D>) -> Self {
        Self::Pair { value, tangent }
    }

    /// The value and the tangent, if it is not zero.
    pub fn into_parts(self) -> (Tensor<D>, Option<Tensor<D>>) {
        match self {
            Self::Constant(value) => (value, None),
            Self::Pair { value, tangent } => (value, Some(tangent)),
            Self::Stacked(both) => {
                let half = both.dims()[0] / 2;
                (both.clone().narrow(0, 0, half), Some(both.narrow(0, half, half)))
            }
        }
    }

    /// The tensor the fused operations take, and whether it holds a tangent.
    fn into_stacked(self) -> (Tensor<D>, bool) {
        match self {
            Self::Constant(value) => (value, false),
            Self::Pair { value, tangent } => (Tensor::cat(vec![value, tangent], 0), true),
            Self::Stacked(both) => (both, true),
        }
    }

    /// Value and tangent in one tensor, zeros where there is no tangent.
    fn stacked(self) -> Tensor<D> {
        match self.into_stacked() {
            (both, true) => both,
            (value, false) => {
                let zero = value.clone().inner().zeros_like();
                Tensor::cat(vec![value, zero], 0)
            }
        }
    }

    /// Applies a function that is linear in each argument: `f(a, b)`, and its tangent `f(a', b) + f(a, b')`.
    fn product(self, other: Self, f: impl Fn(Tensor<D>, Tensor<D>) -> Tensor<D>) -> Self {
        let ((a, along_a), (b, along_b)) = (self.into_parts(), other.into_parts());
        let left = along_a.map(|along| f(along, b.clone()));
        let right = along_b.map(|along| f(a.clone(), along));
        let value = f(a, b);
        match (left, right) {
            (Some(left), Some(right)) => Self::pair(value, left + right),
            (Some(tangent), None) | (None, Some(tangent)) => Self::pair(value, tangent),
            (None, None) => Self::Constant(value),
        }
    }

    /// Applies a linear function that treats the entries along the first axis alike.
    fn linear<const E: usize>(self, f: impl Fn(Tensor<D>) -> Tensor<E>) -> DualTensor<E> {
        match self {
            Self::Constant(value) => DualTensor::Constant(f(value)),
            Self::Pair { value, tangent } => DualTensor::pair(f(value), f(tangent)),
            Self::Stacked(both) => DualTensor::Stacked(f(both)),
        }
    }
}

/// The value and the tangent of a parameter.
fn parameter<const D: usize>(x: DualTensor<D>) -> (Tensor<D>, Tensor<D>) {
    match x.into_parts() {
        (value, Some(tangent)) => (value, tangent),
        (value, None) => {
            let zero = value.clone().inner().zeros_like();
            (value, zero)
        }
    }
}

impl TensorOps for Dual {
    type T<const D: usize> = DualTensor<D>;

    fn constant<const D: usize>(x: Tensor<D>) -> DualTensor<D> {
        DualTensor::Constant(x)
    }

    fn place<const D: usize>(x: &DualTensor<D>) -> (Device, DType) {
        match x {
            DualTensor::Constant(x) | DualTensor::Pair { value: x, .. } | DualTensor::Stacked(x) => Primal::place(x),
        }
    }

    fn dims<const D: usize>(x: &DualTensor<D>) -> [usize; D] {
        match x {
            DualTensor::Constant(value) | DualTensor::Pair { value, .. } => value.dims(),
            DualTensor::Stacked(both) => {
                let mut dims = both.dims();
                dims[0] /= 2;
                dims
            }
        }
    }

    fn reshape<const D: usize, const E: usize>(x: DualTensor<D>, shape: [usize; E]) -> DualTensor<E> {
        let doubled = {
            let mut shape = shape;
            shape[0] *= 2;
            shape
        };
        match x {
            DualTensor::Constant(value) => DualTensor::Constant(value.reshape(shape)),
            DualTensor::Pair { value, tangent } => DualTensor::pair(value.reshape(shape), tangent.reshape(shape)),
            DualTensor::Stacked(both) => DualTensor::Stacked(both.reshape(doubled)),
        }
    }

    fn permute<const D: usize>(x: DualTensor<D>, axes: [usize; D]) -> DualTensor<D> {
        x.linear(|x| x.permute(axes))
    }

    fn narrow<const D: usize>(x: DualTensor<D>, axis: usize, start: usize, length: usize) -> DualTensor<D> {
        x.linear(|x| x.narrow(axis, start, length))
    }

    fn cat<const D: usize>(parts: Vec<DualTensor<D>>, axis: usize) -> DualTensor<D> {
        if parts.iter().all(|part| matches!(part, DualTensor::Constant(_))) {
            return DualTensor::Constant(Tensor::cat(
                parts.into_iter().map(|part| part.into_parts().0).collect(),
                axis,
            ));
        }
        let (values, tangents) = parts.into_iter().map(parameter).unzip();
        DualTensor::pair(Tensor::cat(values, axis), Tensor::cat(tangents, axis))
    }

    fn add<const D: usize>(a: DualTensor<D>, b: DualTensor<D>) -> DualTensor<D> {
        match (a, b) {
            (DualTensor::Stacked(a), DualTensor::Stacked(b)) if a.dims() == b.dims() => DualTensor::Stacked(a + b),
            (a, b) => {
                let ((a, at), (b, bt)) = (a.into_parts(), b.into_parts());
                let value = a + b;
                match (at, bt) {
                    (Some(at), Some(bt)) => DualTensor::pair(value, at + bt),
                    (Some(tangent), None) | (None, Some(tangent)) => {
                        let shape = value.dims();
                        DualTensor::pair(value, tangent.expand(shape))
                    }
                    (None, None) => DualTensor::Constant(value),
                }
            }
        }
    }

    fn multiply<const D: usize>(a: DualTensor<D>, b: DualTensor<D>) -> DualTensor<D> {
        a.product(b, |a, b| a * b)
    }

    fn matmul<const D: usize>(a: DualTensor<D>, b: DualTensor<D>) -> DualTensor<D> {
        a.product(b, Tensor::matmul)
    }

    fn softmax<const D: usize>(x: DualTensor<D>) -> DualTensor<D> {
        let (x, tangent) = x.into_parts();
        let y = Primal::softmax(x);
        match tangent {
            None => DualTensor::Constant(y),
            Some(tangent) => {
                let mean = (y.clone() * tangent.clone()).sum_dim(D - 1);
                DualTensor::pair(y.clone(), y * (tangent - mean))
            }
        }
    }

    fn unit<const D: usize>(x: DualTensor<D>) -> DualTensor<D> {
        let (x, tangent) = x.into_parts();
        let y = Primal::unit(x.clone());
        match tangent {
            None => DualTensor::Constant(y),
            Some(tangent) => {
                let along = (y.clone() * tangent.clone()).sum_dim(D - 1);
                DualTensor::pair(y.clone(), (tangent - y * along) / length(x))
            }
        }
    }

    fn exp_up_to<const D: usize>(x: DualTensor<D>, most: f64) -> DualTensor<D> {
        let (x, tangent) = x.into_parts();
        let y = Primal::exp_up_to(x.clone(), most);
        match tangent {
            None => DualTensor::Constant(y),
            Some(tangent) => {
                let below = x.inner().lower_elem(most).float().cast(y.dtype());
                DualTensor::pair(y.clone(), y * tangent * below)
            }
        }
    }

    fn standardise(x: DualTensor<3>, epsilon: f64) -> DualTensor<3> {
        norm::standardise(x, epsilon)
    }

    fn conv2d(
        x: DualTensor<4>,
        weight: DualTensor<4>,
        bias: Option<DualTensor<1>>,
        window: Window,
        groups: usize,
        blocks: Blocks,
    ) -> DualTensor<4> {
        if groups > 1 {
            let z = x.product(weight, |x, weight| Primal::conv2d(x, weight, None, window, groups, blocks));
            return match bias {
                None => z,
                Some(bias) => {
                    let [channels] = Self::dims(&bias);
                    Self::add(z, Self::reshape(bias, [1, channels, 1, 1]))
                }
            };
        }
        let (stride, padding) = ([window.stride; 2], [window.padding; 2]);
        let (weight, tangent) = parameter(weight);
        let (x, stacked) = x.into_stacked();
        let z = kernels::dual_conv2d(x, stacked, weight, tangent, stride, padding, blocks);
        match bias.map(parameter) {
            None => DualTensor::Stacked(z),
            Some((bias, tangent)) => {
                let channels = bias.dims()[0];
                let n = z.dims()[0] / 2;
                let row = |b: Tensor<1>| b.reshape([1, channels, 1, 1]).expand([n, channels, 1, 1]);
                DualTensor::Stacked(z + Tensor::cat(vec![row(bias), row(tangent)], 0))
            }
        }
    }

    fn group_norm(x: DualTensor<4>, groups: usize, gamma: DualTensor<1>, beta: DualTensor<1>) -> DualTensor<4> {
        let [n, c, h, w] = Self::dims(&x);
        if groups == c {
            let (gamma, beta, z) = (parameter(gamma), parameter(beta), x.stacked());
            return DualTensor::Stacked(kernels::dual_instance_norm(z, gamma.0, beta.0, gamma.1, beta.1));
        }
        let y = norm::standardise(Self::reshape(x, [n, groups, c / groups * h * w]), EPSILON);
        norm::affine(Self::reshape(y, [n, c, h, w]), parameter(gamma), parameter(beta), [1, c, 1, 1])
    }

    fn layer_norm(x: DualTensor<4>, gamma: DualTensor<1>, beta: DualTensor<1>) -> DualTensor<4> {
        let [n, c, h, w] = Self::dims(&x);
        let y = norm::standardise(Self::reshape(x, [n, 1, c * h * w]), EPSILON);
        norm::affine(Self::reshape(y, [n, c, h, w]), parameter(gamma), parameter(beta), [1, c, h, w])
    }

    fn batch_norm_train(x: DualTensor<4>, gamma: DualTensor<1>, beta: DualTensor<1>) -> (DualTensor<4>, Moments) {
        norm::batch(x, parameter(gamma), parameter(beta))
    }

    fn batch_norm_eval(x: DualTensor<4>, gamma: DualTensor<1>, beta: DualTensor<1>, running: Moments) -> DualTensor<4> {
        norm::fixed(x, parameter(gamma), parameter(beta), running)
    }

    fn activate<const D: usize>(x: DualTensor<D>, kind: Activation) -> DualTensor<D> {
        let (x, Some(tangent)) = x.clone().into_parts() else {
            return x.linear(|value| Primal::activate(value, kind));
        };
        let indicator = |yes: Tensor<D, Bool>| yes.float().cast(x.dtype());
        let within = |low: f64, high: f64| {
            let constant = x.clone().inner();
            indicator(constant.clone().greater_elem(low).bool_and(constant.lower_elem(high)))
        };
        let slope = match kind {
            Activation::Sigmoid => {
                let y = activation::sigmoid(x.clone());
                y.clone() * (y.neg() + 1.0)
            }
            // Piecewise linear: the slope is constant as far as differentiation is concerned.
            Activation::Relu => indicator(x.clone().inner().greater_elem(0.0)),
            Activation::Leaky => indicator(x.clone().inner().greater_elem(0.0)) * 0.99 + 0.01,
            Activation::Relu6 => within(0.0, 6.0),
            Activation::Silu => {
                let y = activation::sigmoid(x.clone());
                y.clone() * (x.clone() * (y.neg() + 1.0) + 1.0)
            }
            Activation::Gelu => {
                let below = (x.clone() * FRAC_1_SQRT_2).erf() * 0.5 + 0.5;
                below + x.clone() * (x.clone().square() * -0.5).exp() * (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2)
            }
            Activation::HardSwish => {
                (x.clone() / 3.0 + 0.5) * within(-3.0, 3.0) + indicator(x.clone().inner().greater_equal_elem(3.0))
            }
        };
        DualTensor::pair(Primal::activate(x, kind), tangent * slope)
    }

    fn pool(x: DualTensor<4>, kind: PoolKind, window: Window) -> DualTensor<4> {
        let Window { kernel, stride, padding } = window;
        match kind {
            PoolKind::Average => x.linear(|x| {
                let options = AvgPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
                module::avg_pool2d(x, options)
            }),
            PoolKind::Max => {
                let options = MaxPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
                let (value, tangent) = x.into_parts();
                let [n, c, h, w] = value.dims();
                let (_, places) = module::max_pool2d_with_indices(value.clone().inner(), options);
                let [_, _, oh, ow] = places.dims();
                let places = places.reshape([n, c, oh * ow]);
                let read = |x: Tensor<4>| x.reshape([n, c, h * w]).gather(2, places.clone()).reshape([n, c, oh, ow]);
                match tangent {
                    Some(tangent) => DualTensor::pair(read(value), read(tangent)),
                    None => DualTensor::Constant(read(value)),
                }
            }
        }
    }

    fn adaptive_avg_pool(x: DualTensor<4>, side: usize) -> DualTensor<4> {
        x.linear(|x| Primal::adaptive_avg_pool(x, side))
    }

    fn linear(x: DualTensor<2>, weight: DualTensor<2>, bias: Option<DualTensor<1>>) -> DualTensor<2> {
        let ((weight, weight_tangent), bias) = (parameter(weight), bias.map(parameter));
        let (x, tangent) = x.into_parts();
        let mut along = x.clone().matmul(weight_tangent.transpose());
        let bias = bias.map(|(bias, bias_tangent)| {
            along = along.clone() + bias_tangent.unsqueeze::<2>();
            bias
        });
        if let Some(tangent) = tangent {
            along = along + tangent.matmul(weight.clone().transpose());
        }
        DualTensor::pair(Primal::linear(x, weight, bias), along)
    }

    fn norm_relu(x: DualTensor<4>, gamma: DualTensor<1>, beta: DualTensor<1>) -> DualTensor<4> {
        let (gamma, beta, z) = (parameter(gamma), parameter(beta), x.stacked());
        DualTensor::Stacked(kernels::dual_norm_relu(z, gamma.0, beta.0, gamma.1, beta.1))
    }

    fn conv_block(x: DualTensor<4>, weight: DualTensor<4>, gamma: DualTensor<1>, beta: DualTensor<1>) -> DualTensor<4> {
        let z = Self::conv2d(x, weight, None, Window::SAME3, 1, Blocks::Small).stacked();
        let (gamma, beta) = (parameter(gamma), parameter(beta));
        DualTensor::Stacked(kernels::dual_norm_relu_pool(z, gamma.0, beta.0, gamma.1, beta.1))
    }
}
