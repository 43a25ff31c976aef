//! Normalisations of duals that no fused operation serves: group, layer and batch norm.

use burn::tensor::Tensor;

use super::dual::DualTensor;
use crate::nn::{EPSILON, Moments, per_channel};

/// Every row of the last axis with mean 0 and variance `v / (v + epsilon)`, biased variance.
///
/// With `c` the centring, `r = (var + epsilon)^-1/2` and `y = r c(x)`, the tangent is `r (c(x') - y mean(y x'))`.
pub(super) fn standardise(x: DualTensor<3>, epsilon: f64) -> DualTensor<3> {
    let (x, tangent) = x.into_parts();
    let centred = x.clone() - x.mean_dim(2);
    let inverse = (centred.clone().square().mean_dim(2) + epsilon).sqrt().recip();
    let y = centred * inverse.clone();
    match tangent {
        None => DualTensor::Constant(y),
        Some(t) => {
            let along = t.clone() - t.clone().mean_dim(2) - y.clone() * (y.clone() * t).mean_dim(2);
            DualTensor::pair(y, along * inverse)
        }
    }
}

/// `gamma x + beta`, with both given as value and tangent and brought to `shape`.
pub(super) fn affine(
    x: DualTensor<4>,
    gamma: (Tensor<1>, Tensor<1>),
    beta: (Tensor<1>, Tensor<1>),
    shape: [usize; 4],
) -> DualTensor<4> {
    let [gamma, gamma_tangent, beta, beta_tangent] = [gamma.0, gamma.1, beta.0, beta.1].map(|p| p.reshape(shape));
    let (x, tangent) = x.into_parts();
    let along = x.clone() * gamma_tangent + beta_tangent;
    let along = match tangent {
        Some(tangent) => along + tangent * gamma.clone(),
        None => along,
    };
    DualTensor::pair(x * gamma + beta, along)
}

/// Batch norm with the statistics of the batch, and what it measured.
pub(super) fn batch(
    x: DualTensor<4>,
    gamma: (Tensor<1>, Tensor<1>),
    beta: (Tensor<1>, Tensor<1>),
) -> (DualTensor<4>, Moments) {
    let (value, tangent) = x.into_parts();
    let [n, c, h, w] = value.dims();
    let rows = |x: Tensor<4>| x.swap_dims(0, 1).reshape([1, c, n * h * w]);
    let maps = |x: Tensor<3>| x.reshape([c, n, h, w]).swap_dims(0, 1);
    let value = rows(value);

    let measured = value.clone().inner();
    let mean = measured.clone().mean_dim(2);
    let variance = (measured - mean.clone()).square().mean_dim(2);
    let moments = Moments::measured(mean.reshape([c]), variance.reshape([c]), n * h * w);

    let x = match tangent {
        Some(tangent) => DualTensor::pair(value, rows(tangent)),
        None => DualTensor::Constant(value),
    };
    let y = match standardise(x, EPSILON).into_parts() {
        (y, Some(tangent)) => DualTensor::pair(maps(y), maps(tangent)),
        (y, None) => DualTensor::Constant(maps(y)),
    };
    (affine(y, gamma, beta, [1, c, 1, 1]), moments)
}

/// Batch norm with given statistics.
pub(super) fn fixed(
    x: DualTensor<4>,
    gamma: (Tensor<1>, Tensor<1>),
    beta: (Tensor<1>, Tensor<1>),
    running: Moments,
) -> DualTensor<4> {
    let inverse = per_channel((running.variance + EPSILON).sqrt().recip());
    let [_, c, _, _] = inverse.dims();
    let (x, tangent) = x.into_parts();
    let y = (x - per_channel(running.mean)) * inverse.clone();
    let y = match tangent {
        Some(tangent) => DualTensor::pair(y, tangent * inverse),
        None => DualTensor::Constant(y),
    };
    affine(y, gamma, beta, [1, c, 1, 1])
}
