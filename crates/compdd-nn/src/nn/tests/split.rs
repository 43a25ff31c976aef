//! Networks cut in two.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    super::{Mode, NetworkError, Params, Taps},
    network,
};
use compdd_core::rng::Stream;

fn images(shape: [usize; 4]) -> Tensor<4> {
    let mut stream = Stream::new(6, "split tests", 0);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

fn host<const D: usize>(x: &Tensor<D>) -> Vec<f32> {
    x.clone().inner().try_into_vec_as::<f32>().unwrap()
}

fn assert_close(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    let scale = b.iter().fold(1.0, |largest: f32, value| largest.max(value.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-5 * scale, "{what}: {a} {b}");
    }
}

/// Parameters whose running statistics are not the fresh ones.
fn settled(net: &super::Network, x: &Tensor<4>) -> Params {
    let params = net.init(0, &Device::flex());
    let buffers = net.forward(&params, x.clone(), Mode::Train).buffers;
    params.with_buffers(buffers)
}

#[test]
fn the_two_parts_are_the_whole_at_every_tap() {
    for slug in [
        "convnet-d2-w4",
        "convnet-d2-w4-bn",
        "convnet-d2-w4-nn-maxpool",
        "alexnet-c4.4.4.4.4",
        "lenet",
        "vgg11-bn-w2",
        "resnet18-cifar-bn-w2",
        "resnet18-ap-in-w2",
        "resnet18-imagenet-in-w2",
    ] {
        let (net, x) = (network(slug, 40, 3), images([3, 3, 40, 40]));
        let params = settled(&net, &x);
        assert!(!net.tap_names().is_empty());
        for mode in [Mode::Eval, Mode::Train] {
            for tap in net.tap_names() {
                let what = format!("{slug} at {tap} ({mode:?})");
                let whole = net.forward_with(&params, x.clone(), mode, Taps::Named(&[tap]));
                let split = net.split(tap).unwrap();
                let map = split.map(&params, x.clone(), mode);
                assert_eq!(split.tap(), tap);
                assert_eq!(map.dims()[1..], split.shape());
                assert_close(&host(&map), &host(whole.tap(tap).unwrap()), &what);
                let rest = split.scores(&params, map, mode);
                assert_close(&host(&rest.logits), &host(&whole.logits), &what);
                assert_close(&host(&rest.features), &host(&whole.features), &what);
                assert_eq!(rest.buffers.len(), whole.buffers.len());
            }
        }
    }
}

#[test]
fn only_parameters_behind_the_cut_are_used() {
    let (net, x) = (network("resnet18-cifar-in-w2", 16, 3), images([2, 3, 16, 16]));
    let params = net.init(0, &Device::flex());
    let split = net.split("layer3").unwrap();
    let map = split.map(&params, x, Mode::Eval);
    let count = split.parameters_before();
    assert!(params.names()[count].starts_with("layer4.0.conv1"));
    let spoiled = params.values().iter().enumerate();
    let spoiled = spoiled.map(|(i, value)| if i < count { value.clone() * f32::NAN } else { value.clone() });
    let spoiled = Params::new(net.layout(), spoiled.collect(), params.buffers().to_vec());
    let (a, b) = (split.scores(&params, map.clone(), Mode::Eval), split.scores(&spoiled, map, Mode::Eval));
    assert_eq!(host(&a.logits), host(&b.logits));
    assert!(host(&a.logits).iter().all(|value| value.is_finite()));
}

#[test]
fn places_without_a_name_are_refused() {
    let error = network("resnet18-cifar-in-w2", 16, 3).split("feat0").unwrap_err();
    assert_eq!(error.to_string(), "network `resnet18-cifar-in-w2` cannot be cut at `feat0`");
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert_eq!(help, "maps to cut at: layer1, layer2, layer3, layer4");
    let error = network("mlp", 16, 3).split("feat0").unwrap_err();
    assert!(matches!(&error, NetworkError::Tap { known, .. } if known.is_empty()), "{error}");
}

#[test]
fn vgg_names_the_maps_around_its_poolings() {
    let shape = |resolution, tap| network("vgg11-w2", resolution, 3).split(tap).unwrap().shape();
    assert_eq!(shape(32, "relu4"), [16, 2, 2]);
    assert_eq!(shape(32, "feat4"), [16, 1, 1]);
    assert_eq!(shape(128, "relu4"), [16, 8, 8]);
    assert_eq!(shape(128, "relu0"), [2, 128, 128]);
}
