//! The second-order engine against finite differences in double precision, and its own variants against each other.

mod products;
mod rollouts;
mod toy;

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::{Batch, Targets};
use crate::nn::{Network, NetworkSpec, Params};
use compdd_core::rng::Stream;

/// A network on tiny images, from its slug.
fn network(slug: &str, side: usize, classes: usize) -> Network {
    NetworkSpec::parse(slug).expect("a known slug").build(3, side, classes).expect("a network that fits")
}

/// Normal values in double precision.
fn normal<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
    let mut stream = Stream::new(seed, "grad test", D as u64);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::<D>::from_data(TensorData::new(values, shape), &Device::flex()).cast(DType::F64)
}

/// Parameters in double precision, moved a little from their start so that biases and scales matter.
fn parameters(network: &Network, seed: u64) -> Params {
    let params = network.init(seed, &Device::flex());
    let buffers = params.buffers().iter().map(|buffer| buffer.clone().cast(DType::F64)).collect();
    let mut index = 100 * seed;
    let moved = params.map(|value| {
        index += 1;
        let length = value.dims();
        value.cast(DType::F64) + normal(index, length) * 0.1
    });
    moved.with_buffers(buffers)
}

/// Learnable labels for tiny images.
fn batch(n: usize, side: usize, classes: usize, seed: u64) -> Batch {
    Batch { images: normal(seed, [n, 3, side, side]), targets: Targets::Logits(normal(seed, [n, classes])) }
}

/// Largest difference over the largest value.
fn distance<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> f64 {
    let largest: f64 = b.clone().abs().max().into_scalar::<f64>();
    (a.clone() - b.clone()).abs().max().into_scalar::<f64>() / largest.max(1e-300)
}

/// [`distance`] over all parameters at once.
fn params_distance(a: &Params, b: &Params) -> f64 {
    distance(&a.flatten(), &b.flatten())
}
