//! The same operations put together from the framework's own: the reference of the tests, and what runs where the
//! kernels do not.

use std::f64::consts::FRAC_1_SQRT_2;

use burn::tensor::Tensor;
use burn::tensor::activation;
use burn::tensor::module;
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};

use super::batch::Rectifier;
use super::norm::{EPSILON, Epilogue};

/// Convolution without bias.
pub fn conv2d(x: Tensor<4>, w: Tensor<4>, stride: [usize; 2], padding: [usize; 2]) -> Tensor<4> {
    module::conv2d(x, w, None, ConvOptions::new(stride, padding, [1, 1], 1))
}

/// Convolution without bias, a filter for each channel.
pub fn depthwise_conv2d(x: Tensor<4>, w: Tensor<4>, stride: [usize; 2], padding: [usize; 2]) -> Tensor<4> {
    let [_, channels, _, _] = x.dims();
    module::conv2d(x, w, None, ConvOptions::new(stride, padding, [1, 1], channels))
}

/// Instance normalisation and what comes after it.
pub fn normalise(z: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, after: Epilogue) -> Tensor<4> {
    let [n, c, h, w] = z.dims();
    let z = z.reshape([n * c, h * w]);
    let centred = z.clone() - z.mean_dim(1);
    let variance = centred.clone().powi_scalar(2).mean_dim(1);
    let normal = (centred / (variance + EPSILON).sqrt()).reshape([n, c, h, w]);
    let y = normal * gamma.reshape([1, c, 1, 1]) + beta.reshape([1, c, 1, 1]);
    match after {
        Epilogue::Nothing => y,
        Epilogue::Relu => activation::relu(y),
        Epilogue::ReluPool => avg_pool2(activation::relu(y)),
    }
}

/// Every row of the last axis with mean 0 and variance `v / (v + epsilon)`, biased variance.
pub fn standardise(x: Tensor<3>, epsilon: f64) -> Tensor<3> {
    let centred = x.clone() - x.mean_dim(2);
    let variance = centred.clone().square().mean_dim(2);
    centred / (variance + epsilon).sqrt()
}

/// Layer norm of the rows of the last axis.
pub fn normalise_rows(x: Tensor<3>, gamma: Tensor<1>, beta: Tensor<1>, epsilon: f64) -> Tensor<3> {
    let [width] = gamma.dims();
    standardise(x, epsilon) * gamma.reshape([1, 1, width]) + beta.reshape([1, 1, width])
}

/// GELU by the error function.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let below = (x.clone() * FRAC_1_SQRT_2).erf() * 0.5 + 0.5;
    x * below
}

/// The mean of 2 x 2 blocks.
pub fn avg_pool2(x: Tensor<4>) -> Tensor<4> {
    module::avg_pool2d(x, AvgPoolOptions::new([2, 2]))
}

/// The largest value of every window.
pub fn max_pool(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    module::max_pool2d(x, MaxPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]))
}

/// Spatial attention: magnitudes to a power, summed over the channels.
pub fn attention(x: Tensor<4>, power: f32) -> Tensor<2> {
    let [n, c, h, w] = x.dims();
    let magnitude = x.reshape([n, c, h * w]).abs();
    let raised = if power == 1.0 {
        magnitude
    } else {
        // A power of zero below one has no finite slope: a one takes its place and leaves again.
        let zero = magnitude.clone().equal_scalar(0.0);
        magnitude.mask_fill(zero.clone(), 1.0).powf_scalar(power).mask_fill(zero, 0.0)
    };
    raised.sum_dim(1).reshape([n, h * w])
}

/// Cross-entropy with probabilities, averaged over the rows.
pub fn cross_entropy(logits: Tensor<2>, probabilities: Tensor<2>) -> Tensor<1> {
    (probabilities * activation::log_softmax(logits, 1)).sum_dim(1).mean().neg()
}

/// What may follow a batch normalisation.
fn rectify(y: Tensor<4>, rectifier: Option<Rectifier>) -> Tensor<4> {
    match rectifier {
        None => y,
        Some(Rectifier::Relu) => activation::relu(y),
        Some(Rectifier::Relu6) => y.clamp(0.0, 6.0),
    }
}

/// Batch normalisation in train mode, and what follows; means and biased variances of the channels.
pub fn batch_normalise(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    rectifier: Option<Rectifier>,
) -> (Tensor<4>, [Tensor<1>; 2]) {
    let out = module::batch_norm_train(z, gamma, beta, f64::from(EPSILON));
    (rectify(out.output, rectifier), [out.mean.inner(), out.variance.inner()])
}

/// Mean and biased variance of every channel.
pub fn channel_moments(z: Tensor<4>) -> [Tensor<1>; 2] {
    let [n, c, h, w] = z.dims();
    let z = z.swap_dims(0, 1).reshape([c, n * h * w]);
    let mean = z.clone().mean_dim(1);
    let variance = (z - mean.clone()).square().mean_dim(1);
    [mean, variance].map(|row| row.reshape([c]))
}

/// Batch normalisation by given means and variances, and what follows.
pub fn batch_normalise_by(
    z: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    [mean, variance]: [Tensor<1>; 2],
    rectifier: Option<Rectifier>,
) -> Tensor<4> {
    let row = |x: Tensor<1>| {
        let [channels] = x.dims();
        x.reshape([1, channels, 1, 1])
    };
    let scale = gamma / (variance + EPSILON).sqrt();
    rectify((z - row(mean)) * row(scale) + row(beta), rectifier)
}
