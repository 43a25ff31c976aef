//! A step of training of every family of networks, at narrow widths: loss, running statistics and all gradients; and the second-order products along a direction
//! in parameter space.

use burn::tensor::Device;

use super::{
    Case, Values,
    inputs::{host, noise},
};
use compdd_nn::{
    grad::{Batch, Differences, Differentiable as _, Objective, Targets},
    nn::{Mode, Network, NetworkSpec},
};

/// Of a whole network: layers amplify rounding, and a rectifier may pass a value on one device that it holds back on the other.
const TOLERANCE: f64 = 2e-4;

/// A narrow instance of every family, with the side of its images.
const FAMILIES: [(&str, usize); 17] = [
    ("convnet-d3-w8", 16),
    ("convnet-d2-w4-bn", 8),
    ("mlp", 4),
    ("lenet", 16),
    ("alexnet-imagenet-c4.4.4.4.4", 80),
    ("vgg11-bn-w2", 32),
    ("resnet18-w2", 16),
    ("resnet18-bn-w2", 16),
    ("wrn-10-1", 8),
    ("mobilenet-v2-x0.1", 32),
    ("shufflenet-v2-c4.8.12.16.24", 16),
    ("efficientnet-b0-x0.1", 32),
    ("densenet121-k2", 16),
    ("deit-tiny-p4-w12-l2", 8),
    ("convnext-tiny-w4", 32),
    ("swin-tiny-w4-h1-s2", 64),
    // Its ways end with layer norms, which at four channels amplify rounding beyond the tolerance.
    ("swin-v2-t-w12-h1-s3", 40),
];

/// Networks whose images are learned through second-order products.
const PRODUCTS: [(&str, usize); 4] =
    [("convnet-d3-w8", 16), ("convnet-d2-w4-bn", 8), ("resnet18-bn-w2", 16), ("deit-tiny-p4-w12-l2", 8)];

pub fn cases() -> Vec<Case> {
    let steps = FAMILIES.map(|(slug, side)| {
        Case::new(format!("step {slug}"), TOLERANCE, move |device| step(&network(slug, side), side, device))
    });
    let products = PRODUCTS.map(|(slug, side)| {
        Case::new(format!("products {slug}"), TOLERANCE, move |device| products(&network(slug, side), side, device))
    });
    steps.into_iter().chain(products).collect()
}

fn network(slug: &str, side: usize) -> Network {
    let spec = NetworkSpec::parse(slug).expect("a known network");
    spec.build(3, side, 10).expect("a network at this resolution")
}

fn batch(side: usize, device: &Device) -> Batch {
    Batch {
        images: noise("images", [4, 3, side, side], device),
        targets: Targets::Logits(noise("targets", [4, 10], device)),
    }
}

fn step(network: &Network, side: usize, device: &Device) -> Values {
    let first = Objective::new(network, Mode::Train).first(&network.init(1, device), &batch(side, device));
    let statistics = first.parameters.buffers().iter().flat_map(host).collect();
    let labels = first.labels.map_or_else(Vec::new, |labels| host(&labels));
    vec![host(&first.loss), statistics, first.parameters.to_host(), host(&first.images), labels]
}

fn products(network: &Network, side: usize, device: &Device) -> Values {
    let (params, direction) = (network.init(1, device), network.init(2, device));
    let objective = Objective::new(network, Mode::Train);
    let found = objective.products(&params, &batch(side, device), &direction, Differences::Exact);
    let labels = found.labels.map_or_else(Vec::new, |labels| host(&labels));
    vec![host(&found.slope), found.parameters.to_host(), host(&found.images), labels]
}
