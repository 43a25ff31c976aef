//! The same operations put together from the framework's own: the reference of the tests, and what runs where the
//! kernels do not.

use burn::tensor::activation::relu;
use burn::tensor::module;
use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Tensor, s};

use super::super::composed::conv2d as convolve;
use super::super::norm::{EPSILON, Epilogue};

/// Values and tangents of a stacked batch.
fn halves(stacked: Tensor<4>) -> [Tensor<4>; 2] {
    let n = stacked.dims()[0] / 2;
    [stacked.clone().slice(s![..n]), stacked.slice(s![n..])]
}

/// Convolution of duals without bias.
pub fn conv2d(
    x: Tensor<4>,
    stacked: bool,
    w: Tensor<4>,
    tangent: Tensor<4>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Tensor<4> {
    let (all, tangent) = (convolve(x.clone(), w, stride, padding), tangent.inner());
    if !stacked {
        return Tensor::cat(vec![all, convolve(x, tangent, stride, padding)], 0);
    }
    let ([x, _], [y, along]) = (halves(x), halves(all));
    Tensor::cat(vec![y, along + convolve(x, tangent, stride, padding)], 0)
}

/// Instance normalisation of duals and what comes after it.
pub fn normalise(z: Tensor<4>, affine: [Tensor<1>; 2], tangents: [Tensor<1>; 2], after: Epilogue) -> Tensor<4> {
    let [n, c, h, w] = z.dims();
    let per_channel = |v: Tensor<1>| v.reshape([1, c, 1, 1]);
    let ([gamma, beta], [along_gamma, along_beta]) =
        (affine.map(per_channel), tangents.map(|v| per_channel(v.inner())));
    let [z, along] = halves(z).map(|half| half.reshape([n / 2 * c, h * w]));
    let centred = z.clone() - z.mean_dim(1);
    let deviation = (centred.clone().powi_scalar(2).mean_dim(1) + EPSILON).sqrt();
    let normal = centred / deviation.clone();
    let along = along.clone() - along.mean_dim(1);
    let along = (along.clone() - normal.clone() * (normal.clone() * along).mean_dim(1)) / deviation;
    let [normal, along] = [normal, along].map(|half| half.reshape([n / 2, c, h, w]));
    let y = normal.clone() * gamma.clone() + beta;
    let along = along * gamma + normal * along_gamma + along_beta;
    if after == Epilogue::Nothing {
        return Tensor::cat(vec![y, along], 0);
    }
    let positive = y.clone().inner().greater_elem(0.0).float().cast(y.dtype());
    let both = Tensor::cat(vec![relu(y), along * positive], 0);
    if after == Epilogue::Relu { both } else { module::avg_pool2d(both, AvgPoolOptions::new([2, 2])) }
}
