//! The same operations put together from the framework's own: the reference of the tests, and what runs where the
//! kernels do not.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module;
use burn::tensor::ops::{AvgPoolOptions, ConvOptions};

use super::norm::{After, EPSILON};

/// Convolution without bias.
pub fn conv2d(x: Tensor<4>, w: Tensor<4>, stride: [usize; 2], padding: [usize; 2]) -> Tensor<4> {
    module::conv2d(x, w, None, ConvOptions::new(stride, padding, [1, 1], 1))
}

/// Instance normalisation and what comes after it.
pub fn normalise(z: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, after: After) -> Tensor<4> {
    let [n, c, h, w] = z.dims();
    let z = z.reshape([n * c, h * w]);
    let centred = z.clone() - z.mean_dim(1);
    let variance = centred.clone().powi_scalar(2).mean_dim(1);
    let normal = (centred / (variance + EPSILON).sqrt()).reshape([n, c, h, w]);
    let y = normal * gamma.reshape([1, c, 1, 1]) + beta.reshape([1, c, 1, 1]);
    match after {
        After::Nothing => y,
        After::Relu => relu(y),
        After::ReluPool => halve(relu(y)),
    }
}

/// The mean of 2 x 2 blocks.
pub fn halve(x: Tensor<4>) -> Tensor<4> {
    module::avg_pool2d(x, AvgPoolOptions::new([2, 2]))
}
