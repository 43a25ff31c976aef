//! The operations of the value trait, each written once and read twice: with the gradient of every input, and as a dual with the gradients of its tangent.

use burn::tensor::{Device, Tensor};

use super::{
    Case, Values,
    inputs::{host, noise},
};
use compdd_nn::{
    grad::{Dual, DualTensor},
    nn::{
        Activation, Moments, PoolKind, Primal, TensorOps, Window,
        kernels::{Blocks, Rectifier},
    },
};

/// Rounding of sums of some thousand products in single precision, in another order, and what division by a deviation makes of it.
const TOLERANCE: f64 = 2e-5;

/// An operation of flat inputs, on any reading.
type Operation<N> = fn(&[<N as TensorOps>::T<1>]) -> <N as TensorOps>::T<1>;

/// Two cases of an operation: `name` with the shapes of its inputs, and what it computes of them with the operations of `N`.
macro_rules! operation {
    ($name:literal, |$($input:ident: $shape:tt),+| $result:expr) => {{
        fn operation<N: TensorOps>(inputs: &[N::T<1>]) -> N::T<1> {
            let mut inputs = inputs.iter().cloned();
            $(let $input = N::reshape(inputs.next().expect("an input for each shape"), $shape);)+
            flat::<N, _>($result)
        }
        both($name, vec![$($shape.iter().product()),+], operation::<Primal>, operation::<Dual>)
    }};
}

pub fn cases() -> Vec<Case> {
    let rooms = [moves(), products(), convolutions(), norms(), activations(), pools(), blocks()];
    rooms.into_iter().flatten().flatten().collect()
}

fn moves() -> Vec<[Case; 2]> {
    vec![
        operation!("permute", |x: [4, 3, 5, 2]| N::permute(x, [0, 2, 3, 1])),
        operation!("narrow", |x: [4, 6, 5]| N::narrow(x, 1, 2, 3)),
        operation!("cat", |a: [4, 2, 5], b: [4, 3, 5]| N::cat(vec![a, b], 1)),
        operation!("add", |a: [4, 3, 5], b: [4, 1, 5]| N::add(a, b)),
        operation!("multiply", |a: [4, 3, 5], b: [4, 1, 5]| N::multiply(a, b)),
    ]
}

fn products() -> Vec<[Case; 2]> {
    vec![
        operation!("matmul", |a: [65, 33], b: [33, 17]| N::matmul(a, b)),
        operation!("matmul of batches", |a: [6, 17, 8], b: [6, 8, 17]| N::matmul(a, b)),
        operation!("matmul of long rows", |a: [64, 2048], b: [2048, 10]| N::matmul(a, b)),
        operation!("linear", |x: [16, 192], w: [10, 192], b: [10]| N::linear(x, w, Some(b))),
        operation!("softmax", |x: [4, 6, 17]| N::softmax(x)),
        operation!("standardise", |x: [4, 6, 24]| N::standardise(x, 1e-6)),
    ]
}

fn convolutions() -> Vec<[Case; 2]> {
    vec![
        operation!("convolution 3x3", |x: [4, 3, 32, 32], w: [16, 3, 3, 3], b: [16]| {
            N::conv2d(x, w, Some(b), Window::SAME3, 1, Blocks::Large)
        }),
        operation!("convolution 3x3 of 128 channels", |x: [2, 128, 8, 8], w: [128, 128, 3, 3]| {
            N::conv2d(x, w, None, Window::SAME3, 1, Blocks::Large)
        }),
        operation!("convolution 3x3 by 2", |x: [4, 8, 17, 17], w: [12, 8, 3, 3]| {
            N::conv2d(x, w, None, Window::new(3, 2, 1), 1, Blocks::Large)
        }),
        operation!("convolution 5x5", |x: [4, 3, 20, 20], w: [6, 3, 5, 5]| N::conv2d(x, w, None, Window::new(5, 1, 2), 1, Blocks::Large)),
        operation!("convolution 1x1 by 2", |x: [4, 8, 9, 9], w: [12, 8, 1, 1]| {
            N::conv2d(x, w, None, Window::new(1, 2, 0), 1, Blocks::Large)
        }),
        operation!("convolution 11x11 by 4", |x: [2, 3, 67, 67], w: [8, 3, 11, 11]| {
            N::conv2d(x, w, None, Window::new(11, 4, 2), 1, Blocks::Large)
        }),
        operation!("convolution of two groups", |x: [3, 8, 9, 9], w: [12, 4, 3, 3], b: [12]| {
            N::conv2d(x, w, Some(b), Window::SAME3, 2, Blocks::Large)
        }),
        operation!("depthwise convolution", |x: [3, 8, 9, 9], w: [8, 1, 3, 3]| N::conv2d(x, w, None, Window::SAME3, 8, Blocks::Large)),
        operation!("depthwise convolution by 2", |x: [3, 8, 9, 9], w: [8, 1, 5, 5]| {
            N::conv2d(x, w, None, Window::new(5, 2, 2), 8, Blocks::Large)
        }),
    ]
}

/// Running statistics beside `x`: means near zero, variances near one.
fn running<N: TensorOps>(x: &N::T<4>) -> Moments {
    let ([_, channels, _, _], device) = (N::dims(x), N::place(x).0.without_autodiff());
    let row = |name| noise::<1>(name, [channels], &device);
    Moments { mean: row("running mean") * 0.3, variance: row("running variance").square() * 0.5 + 0.5 }
}

fn norms() -> Vec<[Case; 2]> {
    vec![
        operation!("instance norm", |x: [4, 8, 16, 16], g: [8], b: [8]| N::group_norm(x, 8, g, b)),
        operation!("instance norm of large maps", |x: [2, 3, 40, 36], g: [3], b: [3]| N::group_norm(x, 3, g, b)),
        operation!("group norm", |x: [4, 8, 9, 9], g: [8], b: [8]| N::group_norm(x, 4, g, b)),
        operation!("layer norm", |x: [4, 3, 6, 6], g: [108], b: [108]| N::layer_norm(x, g, b)),
        operation!("batch norm", |x: [4, 8, 9, 9], g: [8], b: [8]| N::batch_norm_train(x, g, b).0),
        operation!("batch norm and ReLU", |x: [4, 8, 9, 9], g: [8], b: [8]| {
            N::batch_norm_rectified_train(x, g, b, Rectifier::Relu).0
        }),
        operation!("batch norm in eval mode", |x: [4, 8, 9, 9], g: [8], b: [8]| {
            let running = running::<N>(&x);
            N::batch_norm_eval(x, g, b, running)
        }),
        operation!("batch norm and ReLU6 in eval mode", |x: [4, 8, 9, 9], g: [8], b: [8]| {
            let running = running::<N>(&x);
            N::batch_norm_rectified_eval(x, g, b, running, Rectifier::Relu6)
        }),
        operation!("instance norm and ReLU", |x: [4, 8, 16, 16], g: [8], b: [8]| N::norm_relu(x, g, b)),
        operation!("instance norm and ReLU of odd maps", |x: [4, 8, 7, 9], g: [8], b: [8]| N::norm_relu(x, g, b)),
    ]
}

fn activations() -> Vec<[Case; 2]> {
    vec![
        operation!("sigmoid", |x: [4, 33]| N::activate(x, Activation::Sigmoid)),
        operation!("ReLU", |x: [4, 33]| N::activate(x, Activation::Relu)),
        operation!("leaky ReLU", |x: [4, 33]| N::activate(x, Activation::Leaky)),
        operation!("ReLU6", |x: [4, 33]| N::activate(x, Activation::Relu6)),
        operation!("SiLU", |x: [4, 33]| N::activate(x, Activation::Silu)),
        operation!("GELU", |x: [4, 33]| N::activate(x, Activation::Gelu)),
        operation!("hard swish", |x: [4, 33]| N::activate(x, Activation::HardSwish)),
    ]
}

fn pools() -> Vec<[Case; 2]> {
    vec![
        operation!("average pool 2x2", |x: [3, 5, 16, 16]| N::pool(x, PoolKind::Average, Window::HALVE)),
        operation!("average pool 2x2 of odd maps", |x: [3, 5, 17, 15]| N::pool(x, PoolKind::Average, Window::HALVE)),
        operation!("average pool 3x3", |x: [3, 5, 9, 9]| N::pool(x, PoolKind::Average, Window::new(3, 2, 1))),
        operation!("max pool 2x2", |x: [3, 5, 16, 16]| N::pool(x, PoolKind::Max, Window::HALVE)),
        operation!("max pool 3x3 by 2", |x: [3, 5, 17, 16]| N::pool(x, PoolKind::Max, Window::new(3, 2, 1))),
        operation!("average of maps", |x: [3, 5, 7, 7]| N::adaptive_avg_pool(x, 1)),
        operation!("adaptive average pool", |x: [3, 5, 12, 12]| N::adaptive_avg_pool(x, 4)),
        operation!("adaptive average pool of odd maps", |x: [3, 5, 7, 7]| N::adaptive_avg_pool(x, 3)),
    ]
}

fn blocks() -> Vec<[Case; 2]> {
    vec![
        operation!("block of the ConvNet", |x: [4, 8, 16, 16], w: [8, 8, 3, 3], g: [8], b: [8]| N::conv_block(x, w, g, b)),
        operation!("block of the ConvNet on wide maps", |x: [2, 3, 24, 40], w: [6, 3, 3, 3], g: [6], b: [6]| {
            N::conv_block(x, w, g, b)
        }),
    ]
}

/// The same values as a vector.
fn flat<N: TensorOps, const D: usize>(x: N::T<D>) -> N::T<1> {
    let length = N::dims(&x).iter().product();
    N::reshape(x, [length])
}

/// The two readings of an operation.
fn both(name: &'static str, lengths: Vec<usize>, primal: Operation<Primal>, dual: Operation<Dual>) -> [Case; 2] {
    let again = lengths.clone();
    [
        Case::new(name, TOLERANCE, move |device| values(name, &lengths, primal, device)),
        Case::new(format!("dual {name}"), TOLERANCE, move |device| tangents(name, &again, dual, device)),
    ]
}

/// Noise that is a leaf of a graph.
fn leaves(name: &str, kind: &str, lengths: &[usize], device: &Device) -> Vec<Tensor<1>> {
    let leaf = |(i, length): (usize, &usize)| {
        noise(&format!("{name} {kind} {i}"), [*length], device).autodiff().require_grad()
    };
    lengths.iter().enumerate().map(leaf).collect()
}

/// The gradients of the inner product of `y` with noise, of every leaf that it depends on.
fn swept(y: &Tensor<1>, leaves: &[Tensor<1>], device: &Device) -> Values {
    let cotangent = noise("cotangent", y.dims(), device).autodiff();
    let mut gradients = (y.clone() * cotangent).sum().backward();
    leaves.iter().filter_map(|leaf| leaf.grad_remove(&mut gradients)).map(|gradient| host(&gradient)).collect()
}

fn values(name: &str, lengths: &[usize], f: Operation<Primal>, device: &Device) -> Values {
    let inputs = leaves(name, "input", lengths, device);
    let y = f(&inputs);
    [vec![host(&y)], swept(&y, &inputs, device)].concat()
}

fn tangents(name: &str, lengths: &[usize], f: Operation<Dual>, device: &Device) -> Values {
    let (inputs, along) = (leaves(name, "input", lengths, device), leaves(name, "tangent", lengths, device));
    let pairs: Vec<_> = inputs.iter().zip(&along).map(|(x, t)| DualTensor::pair(x.clone(), t.clone())).collect();
    let (y, tangent) = f(&pairs).into_parts();
    let tangent = tangent.expect("every input has a tangent");
    [vec![host(&y), host(&tangent)], swept(&tangent, &[inputs, along].concat(), device)].concat()
}
