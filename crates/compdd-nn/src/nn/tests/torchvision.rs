//! torchvision's own networks, narrow: their files are read, and the logits are theirs.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    super::{Mode, Params},
    network,
};

const SIDE: usize = 224;

/// The images of `tests/fixtures/make_torchvision.py`.
fn images(count: usize) -> Tensor<4> {
    let value = |n: usize, c: usize, i: usize, j: usize| {
        (((n * 7919 + c * 131 + i * 37 + j * 61 + i * j) % 97) as f64 / 97.0 - 0.5) as f32
    };
    let mut values = Vec::with_capacity(count * 3 * SIDE * SIDE);
    for (n, c) in (0..count).flat_map(|n| (0..3).map(move |c| (n, c))) {
        values.extend((0..SIDE * SIDE).map(|at| value(n, c, at / SIDE, at % SIDE)));
    }
    Tensor::from_data(TensorData::new(values, [count, 3, SIDE, SIDE]), &Device::flex())
}

#[test]
fn networks_of_torchvision_give_their_logits() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let text = std::fs::read_to_string(folder.join("torchvision_logits.json")).unwrap();
    let expected: BTreeMap<String, Vec<Vec<f64>>> = serde_json::from_str(&text).unwrap();
    for (name, slug) in [
        ("resnet18", "resnet18-imagenet-bn-w2"),
        ("resnet50", "resnet50-imagenet-bn-w2"),
        ("vgg11", "vgg11-imagenet-nn-w1"),
        ("vgg11_bn", "vgg11-imagenet-bn-w1"),
    ] {
        let net = network(slug, SIDE, 5);
        let file = folder.join(format!("torchvision_{name}.pth"));
        let params = Params::open(net.layout(), &file, &Device::flex()).unwrap();
        let logits = net.forward(&params, images(2), Mode::Eval).logits;
        let found: Vec<f64> = logits.into_data().iter::<f64>().collect();
        let wanted: Vec<f64> = expected[name].concat();
        let size = wanted.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        for (a, b) in found.iter().zip(&wanted) {
            assert!((a - b).abs() <= 2e-5 * size, "{name}: {found:?} instead of {wanted:?}");
        }
    }
}

/// Numbers of parameters as torchvision documents them.
#[test]
fn networks_of_torchvision_have_their_parameters() {
    for (slug, count) in [
        ("resnet18-imagenet-bn", 11_689_512),
        ("resnet50-imagenet-bn", 25_557_032),
        ("vgg11-imagenet-nn", 132_863_336),
        ("vgg11-imagenet-bn", 132_868_840),
    ] {
        assert_eq!(network(slug, SIDE, 1000).parameter_count(), count, "{slug}");
    }
}
