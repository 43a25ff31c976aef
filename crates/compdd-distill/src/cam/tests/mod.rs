//! Acceptance checks of the activation maps (G1 to G14 of their specification, A6 of the trajectory methods) and their own.

mod batches;
mod formulas;
mod look;
mod models;
mod pixels;
mod targets;

use burn::tensor::{Device, Tensor, TensorData};

use super::CamModel;
use compdd_core::rng::Stream;
use compdd_nn::nn::{Mode, Network, NetworkSpec};

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

fn normal<const D: usize>(shape: [usize; D], index: u64) -> Tensor<D> {
    let mut stream = Stream::new(4, "cam tests", index);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    tensor(&values, shape)
}

fn host<const D: usize>(x: &Tensor<D>) -> Vec<f32> {
    x.clone().inner().try_into_vec_as::<f32>().unwrap()
}

fn close(a: &[f32], b: &[f32], limit: f32) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= limit, "{a} {b}");
    }
}

fn network(slug: &str, resolution: usize, classes: usize) -> Network {
    NetworkSpec::parse(slug).unwrap().build(3, resolution, classes).unwrap()
}

/// An untrained model whose batch norms, if any, have seen some images.
fn model(slug: &str, resolution: usize, classes: usize) -> CamModel {
    let network = network(slug, resolution, classes);
    let params = network.init(0, &Device::flex());
    let x = normal([8, 3, resolution, resolution], 99);
    let buffers = network.forward(&params, x, Mode::Train).buffers;
    CamModel::new(network, params.with_buffers(buffers), None).unwrap()
}
