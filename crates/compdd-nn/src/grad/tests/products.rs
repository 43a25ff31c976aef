//! Products of every layer.

use super::*;
use crate::{
    grad::{Differences, Differentiable, Objective},
    nn::Mode,
};

/// Exact products against central differences of the first derivatives, in double precision.
fn check(slug: &str, side: usize, mode: Mode) {
    let (network, n) = (network(slug, side, 3), 3);
    let (params, batch) = (parameters(&network, 1), batch(n, side, 3, 2));
    let direction = parameters(&network, 3);
    let objective = Objective::new(&network, mode);
    let exact = objective.products(&params, &batch, &direction, Differences::Exact);
    let central = objective.products(&params, &batch, &direction, Differences::Central { step: 1e-7 });
    let errors = [
        ("slope", distance(&exact.slope, &central.slope)),
        ("parameters", params_distance(&exact.parameters, &central.parameters)),
        ("images", distance(&exact.images, &central.images)),
        ("labels", distance(&exact.labels.unwrap(), &central.labels.unwrap())),
    ];
    for (what, error) in errors {
        assert!(error < 1e-5, "{slug} ({mode:?}): {what} differ by {error:.2e}");
    }
}

#[test]
fn convnets_of_every_kind() {
    for slug in [
        "convnet-d2-w4",
        "convnet-d2-w4-gn",
        "convnet-d2-w4-ln",
        "convnet-d2-w4-nn",
        "convnet-d2-w4-maxpool",
        "convnet-d2-w4-nopool",
        "convnet-d2-w4-sigmoid",
        "convnet-d2-w4-leaky",
        "convnet-d2-w4-relu6",
        "convnet-d2-w4-silu",
        "convnet-d2-w4-gelu",
        "convnet-d2-w4-hardswish",
        "convnet-d2-w4-bn",
    ] {
        check(slug, 8, Mode::Train);
    }
    check("convnet-d2-w4-bn", 8, Mode::Eval);
}

#[test]
fn the_other_architectures() {
    check("resnet18-bn-w2", 16, Mode::Train);
    check("resnet18-bn-w2", 16, Mode::Eval);
    check("resnet18-imagenet-in-w2", 64, Mode::Train);
    check("vgg11-bn-w2", 32, Mode::Train);
    check("vgg11-w2", 32, Mode::Train);
    check("alexnet", 16, Mode::Train);
    check("lenet", 16, Mode::Train);
    check("mlp", 4, Mode::Train);
}

#[test]
fn networks_of_the_wider_layers() {
    check("resnet50-bn-wide-w1", 16, Mode::Train);
    check("wrn-10-1", 8, Mode::Train);
    for mode in [Mode::Train, Mode::Eval] {
        check("mobilenet-v2-x0.1", 32, mode);
        check("shufflenet-v2-c4.8.12.16.24", 16, mode);
        check("efficientnet-b0-x0.1", 32, mode);
        check("densenet121-k2", 16, mode);
    }
    check("alexnet-imagenet-c4.4.4.4.4", 80, Mode::Train);
    check("deit-tiny-p4-w12-l2", 8, Mode::Train);
    check("vit-b-16-p4-w12-l2-h3", 8, Mode::Train);
    check("convnext-tiny-w4", 32, Mode::Train);
    check("swin-tiny-w4-h1-s2", 64, Mode::Train);
    check("swin-v2-t-w4-h1-s3", 40, Mode::Train);
}

#[test]
fn chunks_add_up() {
    let network = network("convnet-d2-w4", 8, 3);
    let (params, batch, direction) = (parameters(&network, 1), batch(5, 8, 3, 2), parameters(&network, 3));
    let whole = Objective::new(&network, Mode::Train);
    let cut = whole.in_chunks_of(2).unwrap();
    let how = Differences::Exact;
    let (a, b) = (whole.products(&params, &batch, &direction, how), cut.products(&params, &batch, &direction, how));
    assert!(distance(&b.slope, &a.slope) < 1e-12);
    assert!(params_distance(&b.parameters, &a.parameters) < 1e-12);
    assert!(distance(&b.images, &a.images) < 1e-12);
    assert!(distance(&b.labels.unwrap(), &a.labels.unwrap()) < 1e-12);
    let (a, b) = (whole.first(&params, &batch), cut.first(&params, &batch));
    assert!(distance(&b.loss, &a.loss) < 1e-12 && params_distance(&b.parameters, &a.parameters) < 1e-12);
    assert!(distance(&b.images, &a.images) < 1e-12);
}

#[test]
fn a_batch_norm_cannot_be_cut() {
    let network = network("convnet-d2-w4-bn", 8, 3);
    assert!(Objective::new(&network, Mode::Train).in_chunks_of(2).is_err());
    assert!(Objective::new(&network, Mode::Eval).in_chunks_of(2).is_ok());
}

#[test]
fn the_loss_of_soft_labels() {
    use crate::nn::loss::soft_cross_entropy;
    let row = |values: [f64; 3]| Tensor::<2>::from_data([values], &Device::flex()).cast(DType::F64);
    let (z, y) = (row([1.0, 2.0, 0.5]), row([3.0, 0.0, 0.0]));
    let value = |y: Tensor<2>, z: Tensor<2>| soft_cross_entropy(z, y).into_scalar::<f64>();
    assert!((value(y.clone(), z.clone()) - 1.44173).abs() < 1e-5);
    assert!((value(row([60.0, 0.0, 0.0]), z.clone()) - 1.46437).abs() < 1e-5, "a hard label");
    assert!((value(y.clone(), y.clone()) - 0.36659).abs() < 1e-5, "the entropy of the label is the floor");
    let leaf = z.clone().autodiff().require_grad();
    let mut gradients = soft_cross_entropy(leaf.clone(), y.clone().autodiff()).backward();
    let expected = burn::tensor::activation::softmax(z, 1) - burn::tensor::activation::softmax(y, 1);
    assert!(distance(&leaf.grad_remove(&mut gradients).unwrap(), &expected) < 1e-6);
}
