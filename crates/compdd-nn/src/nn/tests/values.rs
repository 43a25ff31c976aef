//! What the networks compute: norms, initialisation, losses, taps.

use std::f32::consts::LN_10;

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{
    super::{
        Activation, Mode, Network, Params, PoolKind, Primal, Taps, TensorOps, Window,
        kernels::{Blocks, Rectifier},
        loss::{hard_cross_entropy, probability_cross_entropy, soft_cross_entropy},
    },
    network,
};
use compdd_core::rng::Stream;

fn normal<const D: usize>(shape: [usize; D], index: u64) -> Tensor<D> {
    let mut stream = Stream::new(5, "nn tests", index);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

fn flat(values: &[f32]) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
}

fn labels(n: usize, classes: usize) -> Tensor<1, Int> {
    let ids: Vec<i64> = (0..n).map(|i| (i % classes) as i64).collect();
    Tensor::from_data(TensorData::new(ids, [n]), &Device::flex())
}

fn host<const D: usize>(x: &Tensor<D>) -> Vec<f32> {
    x.clone().inner().try_into_vec_as::<f32>().unwrap()
}

fn distance<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> f32 {
    assert_eq!(a.dims(), b.dims());
    host(a).iter().zip(host(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn moments(values: &[f32]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    (mean, values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n)
}

#[test]
fn instance_norm_standardises_every_map() {
    let x = normal([2, 3, 5, 7], 0) * 0.02 + 3.0;
    let y = Primal::group_norm(x.clone(), 3, flat(&[1.0; 3]), flat(&[0.0; 3]));
    for (before, after) in host(&x).chunks(35).zip(host(&y).chunks(35)) {
        let ((_, v), (mean, variance)) = (moments(before), moments(after));
        assert!(mean.abs() < 1e-4, "{mean}");
        assert!((variance - v / (v + 1e-5)).abs() < 1e-4, "{variance}");
    }
}

#[test]
fn a_map_of_one_pixel_becomes_the_shift_exactly() {
    let beta = [0.3, -1.5, 7.25];
    let y = Primal::group_norm(normal([4, 3, 1, 1], 0), 3, flat(&[2.0, -3.0, 0.5]), flat(&beta));
    assert_eq!(host(&y), beta.repeat(4));
}

#[test]
fn layer_and_group_norms_standardise_what_they_should() {
    let x = normal([2, 8, 3, 3], 0) + 2.0;
    let y = Primal::layer_norm(x.clone(), flat(&[1.0; 72]), flat(&[0.0; 72]));
    for image in host(&y).chunks(72) {
        let (mean, variance) = moments(image);
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-3);
    }
    let y = Primal::group_norm(x, 4, flat(&[1.0; 8]), flat(&[0.0; 8]));
    for group in host(&y).chunks(18) {
        let (mean, variance) = moments(group);
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-3);
    }
}

#[test]
fn batch_norm_reports_the_unbiased_variance_and_uses_the_biased() {
    let x = normal([4, 2, 3, 3], 0) * 2.0 + 1.0;
    let (y, measured) = Primal::batch_norm_train(x.clone(), flat(&[1.0; 2]), flat(&[0.0; 2]));
    let (x, y) = (x.swap_dims(0, 1), y.swap_dims(0, 1));
    for channel in 0..2 {
        let of = |t: &Tensor<4>| host(t)[channel * 36..(channel + 1) * 36].to_vec();
        let (mean, variance) = moments(&of(&x));
        assert!((f64::from(host(&measured.mean)[channel]) - mean).abs() < 1e-5);
        assert!((f64::from(host(&measured.variance)[channel]) - variance * 36.0 / 35.0).abs() < 1e-4);
        let (mean, variance) = moments(&of(&y));
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4);
    }
}

/// In one go or one after the other, with the kernels: the same values and the same moments.
#[test]
fn batch_norm_with_a_rectifier_is_the_two_in_turn() {
    let x = normal([5, 3, 4, 6], 0) * 2.0 + 1.0;
    let (gamma, beta) = (flat(&[1.5, -2.0, 0.5]) * 5.0, flat(&[0.1, -0.2, 0.3]));
    let (y, measured) = Primal::batch_norm_train(x.clone(), gamma.clone(), beta.clone());
    assert!(host(&y).iter().any(|value| *value > 6.0));
    for rectifier in [Rectifier::Relu, Rectifier::Relu6] {
        let (together, at_once) = Primal::batch_norm_rectified_train(x.clone(), gamma.clone(), beta.clone(), rectifier);
        assert_eq!(host(&together), host(&Primal::activate(y.clone(), rectifier.into())));
        assert_eq!(host(&at_once.mean), host(&measured.mean));
        assert_eq!(host(&at_once.variance), host(&measured.variance));
    }
}

#[test]
fn running_statistics_move_by_a_tenth_in_train_mode_only() {
    let net = network("convnet-d1-w4-bn", 8, 2);
    let params = net.init(0, &Device::flex());
    let x = normal([6, 3, 8, 8], 1);
    let out = net.forward(&params, x.clone(), Mode::Train);
    let z = Primal::conv2d(
        x.clone(),
        params.values()[0].clone().reshape([4, 3, 3, 3]),
        Some(params.values()[1].clone()),
        Window::SAME3,
        1,
        Blocks::Small,
    );
    let (_, measured) = Primal::batch_norm_train(z, flat(&[1.0; 4]), flat(&[0.0; 4]));
    assert!(distance(&out.buffers[0], &(measured.mean * 0.1)) < 1e-6);
    assert!(distance(&out.buffers[1], &(measured.variance * 0.1 + 0.9)) < 1e-6);
    let trained = params.with_buffers(out.buffers);
    let eval = net.forward(&trained, x, Mode::Eval);
    assert_eq!(host(&eval.buffers[0]), host(&trained.buffers()[0]));
}

#[test]
fn fresh_weights_fill_their_bounds() {
    let net = network("convnet-d3", 32, 10);
    let params = net.init(0, &Device::flex());
    for (name, fan_in) in [("features.0", 27.0), ("features.4", 1152.0), ("features.8", 1152.0), ("classifier", 2048.0)]
    {
        let bound = 1.0 / f32::sqrt(fan_in);
        let weight = params.get(&format!("{name}.weight")).unwrap();
        let largest = weight.iter().fold(0.0, |m: f32, w| m.max(w.abs()));
        assert!(largest <= bound && largest > 0.99 * bound, "{name}: {largest} of {bound}");
        let (mean, variance) = moments(&weight);
        assert!(mean.abs() < 0.05 * f64::from(bound));
        assert!((variance.sqrt() / (f64::from(bound) / 3f64.sqrt()) - 1.0).abs() < 0.03, "{name}");
        assert!(params.get(&format!("{name}.bias")).unwrap().iter().all(|b| b.abs() <= bound));
    }
    assert_eq!(params.get("features.1.weight").unwrap(), vec![1.0; 128]);
    assert_eq!(params.get("features.1.bias").unwrap(), vec![0.0; 128]);
    assert_eq!(params.to_host(), net.init(0, &Device::flex()).to_host());
    assert_ne!(params.to_host(), net.init(1, &Device::flex()).to_host());
}

#[test]
fn a_fresh_network_knows_nothing() {
    for (classes, expected) in [(10, LN_10), (100, 100f32.ln()), (200, 200f32.ln())] {
        let net = network("convnet-d3", 32, classes);
        let params = net.init(2, &Device::flex());
        let n = classes.min(50) * 2;
        let out = net.forward(&params, normal([n, 3, 32, 32], 3), Mode::Train);
        let loss: f32 = hard_cross_entropy(out.logits, labels(n, classes)).into_scalar();
        assert!((loss / expected - 1.0).abs() < 0.1, "{classes} classes: {loss}");
    }
}

#[test]
fn soft_labels_agree_with_hard_ones() {
    let z = normal([6, 5], 0) * 2.0;
    let onehot: Tensor<2> = labels(6, 5).one_hot::<2>(5).float();
    let scalar = |loss: Tensor<1>| loss.into_scalar::<f32>();
    let hard = scalar(hard_cross_entropy(z.clone(), labels(6, 5)));
    // At 20 the softmax of a label still leaves 4 exp(-20) of its mass elsewhere, 8e-9.
    assert!((scalar(soft_cross_entropy(z.clone(), onehot.clone() * 20.0)) - hard).abs() < 1e-6);
    assert!((scalar(probability_cross_entropy(z.clone(), onehot)) - hard).abs() < 1e-6);
    let y = normal([6, 5], 1);
    let shifted = y.clone() + normal([6, 1], 2) * 3.0;
    let difference = scalar(soft_cross_entropy(z.clone(), y)) - scalar(soft_cross_entropy(z, shifted));
    assert!(difference.abs() < 1e-6);
}

#[test]
fn average_pooling_changes_nothing_before_the_first_stride() {
    let (strided, pooled) = (network("resnet18-cifar-in-w4", 32, 3), network("resnet18-ap-in-w4", 32, 3));
    let (a, b) = (strided.init(0, &Device::flex()), pooled.init(1, &Device::flex()));
    let shared = a.names().iter().position(|name| name.starts_with("layer2")).unwrap();
    let values = a.values()[..shared].iter().chain(&b.values()[shared..]).cloned().collect();
    let b = Params::new(pooled.layout(), values, Vec::new());
    let x = normal([2, 3, 32, 32], 4);
    let map = |net: &Network, params| {
        net.forward_with(params, x.clone(), Mode::Train, Taps::Named(&["layer1", "layer2"])).taps
    };
    let (a, b) = (map(&strided, &a), map(&pooled, &b));
    assert_eq!(host(&a[0].1), host(&b[0].1));
    assert_eq!(a[1].1.dims(), b[1].1.dims());
    assert_ne!(host(&a[1].1), host(&b[1].1));
}

#[test]
fn asking_for_maps_does_not_change_the_logits() {
    for slug in ["convnet-d2-w8", "convnet-d2-w8-bn", "resnet18-cifar-in-w3", "vgg11-w3", "alexnet-c4.4.4.4.4", "lenet"]
    {
        let net = network(slug, 32, 4);
        let params = net.init(0, &Device::flex());
        let x = normal([3, 3, 32, 32], 6);
        let plain = net.forward(&params, x.clone(), Mode::Train);
        let all = net.forward_with(&params, x, Mode::Train, Taps::All);
        assert!(plain.taps.is_empty());
        assert_eq!(all.taps.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), net.tap_names());
        assert!(distance(&plain.logits, &all.logits) < 1e-4, "{slug}");
        assert_eq!(plain.features.dims(), [3, net.features()]);
    }
}

#[test]
fn the_taps_of_a_convnet_are_where_they_should_be() {
    let net = network("convnet-d2-w8", 32, 4);
    let params = net.init(0, &Device::flex());
    let out = net.forward_with(&params, normal([3, 3, 32, 32], 6), Mode::Train, Taps::All);
    let relu = out.tap("relu1").unwrap().clone();
    assert_eq!(relu.dims(), [3, 8, 16, 16]);
    let pooled = Primal::pool(relu, PoolKind::Average, Window::HALVE);
    assert!(distance(&pooled, out.tap("feat1").unwrap()) < 1e-6);
    assert_eq!(host(&out.features), host(out.tap("feat1").unwrap()));
    assert!(out.tap("feat2").is_none());
}

#[test]
fn a_bias_before_an_instance_norm_has_gradient_zero() {
    let net = network("convnet-d2-w4", 8, 2);
    let params = net.init(0, &Device::flex()).track();
    let out = net.forward(&params, normal([4, 3, 8, 8], 7), Mode::Train);
    let gradients = params.gradients(&mut hard_cross_entropy(out.logits, labels(4, 2)).backward());
    assert_eq!(gradients.get("features.0.bias").unwrap(), vec![0.0; 4]);
    assert_eq!(gradients.get("features.4.bias").unwrap(), vec![0.0; 4]);
    assert!(gradients.get("features.0.weight").unwrap().iter().any(|g| *g != 0.0));
    assert_eq!(gradients.names(), params.names());
}

#[test]
fn a_gradient_step_lowers_the_loss_of_every_network() {
    for slug in [
        "convnet-d2-w8",
        "convnet-d2-w8-bn",
        "convnet-d2-w8-ln",
        "convnet-d2-w8-gn",
        "convnet-d2-w8-nn",
        "convnet-d2-w8-leaky",
        "convnet-d2-w8-sigmoid",
        "convnet-d2-w8-maxpool",
        "convnet-d2-w8-nopool",
        "mlp",
        "lenet",
        "alexnet-c4.4.4.4.4",
        "vgg11-w3",
        "vgg11-bn-w3",
        "resnet18-w3",
        "resnet18-ap-bn-w3",
        "resnet18-imagenet-in-w3",
        "resnet34-tiny-bn-w3",
        "resnet50-bn-wide-w2",
        "resnet101-in-he-w2",
        "wrn-10-1",
        "mobilenet-v2-x0.1",
        "shufflenet-v2-c4.8.12.16.24",
        "efficientnet-b0-x0.1",
        "densenet121-k2",
        "deit-tiny-p12-w12-l2",
        "vit-b-16-p12-w12-l2-h3",
        "convnext-tiny-w4",
        "swin-tiny-w4-h1-s1",
        "swin-v2-t-w4-h1-s3",
    ] {
        let side = 36;
        let net = network(slug, side, 3);
        let params = net.init(0, &Device::flex()).track();
        let x = normal([6, 3, side, side], 8);
        let loss = hard_cross_entropy(net.forward(&params, x.clone(), Mode::Train).logits, labels(6, 3));
        let before: f32 = loss.clone().inner().into_scalar();
        let gradients = params.gradients(&mut loss.backward());
        let rate = 1e-3 * f64::from(before) / gradients.dot(&gradients);
        let stepped = params.untracked().add_scaled(&gradients, -rate);
        let after: f32 = hard_cross_entropy(net.forward(&stepped, x, Mode::Train).logits, labels(6, 3)).into_scalar();
        assert!(after < before, "{slug}: {before} -> {after}");
    }
}

#[test]
fn adaptive_pooling_agrees_with_windows() {
    let x = normal([2, 3, 6, 6], 9);
    let mean = |x: Tensor<4>| host(&x.mean());
    for side in [1, 2, 3, 4, 6] {
        let y = Primal::adaptive_avg_pool(x.clone(), side);
        assert_eq!(y.dims(), [2, 3, side, side]);
        if 6 % side == 0 {
            assert!((mean(y)[0] - mean(x.clone())[0]).abs() < 1e-6);
        }
    }
    // PyTorch's windows for 6 -> 4: rows 0-1, 1-2, 3-4, 4-5.
    let row: Tensor<4> = flat(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).reshape([1, 1, 1, 6]).repeat_dim(2, 6);
    assert_eq!(host(&Primal::adaptive_avg_pool(row, 4))[..4], [0.5, 1.5, 3.5, 4.5]);
}

#[test]
fn flat_parameters_come_back() {
    let net = network("convnet-d2-w4-bn", 8, 2);
    let params = net.init(3, &Device::flex());
    let back = params.zeros_like().unflatten(&params.flatten());
    assert_eq!(back.to_host(), params.to_host());
    assert_eq!(back.get("features.4.weight"), params.get("features.4.weight"));
    assert_eq!(host(&params.flatten()), params.to_host());
    assert_eq!(params.len(), net.parameter_count());
    assert!((params.dot(&params) - params.clone().scale(2.0).dot(&params) / 2.0).abs() < 1e-6);
}

#[test]
fn activations_are_what_they_say() {
    let x: Tensor<1> = flat(&[-2.0, 0.0, 3.0]);
    assert_eq!(host(&Primal::activate(x.clone() * 3.0, Activation::Relu6)), [0.0, 0.0, 6.0]);
    assert_eq!(host(&Primal::activate(x.clone(), Activation::HardSwish)), [-1.0 / 3.0, 0.0, 3.0]);
    // PyTorch's values.
    for (kind, expected) in
        [(Activation::Silu, [-0.238_405_84, 2.857_722_5]), (Activation::Gelu, [-0.045_500_27, 2.995_950_2])]
    {
        let found = host(&Primal::activate(x.clone(), kind));
        assert!((found[0] - expected[0]).abs() < 1e-6 && (found[2] - expected[1]).abs() < 1e-6, "{kind:?}: {found:?}");
    }
    assert_eq!(host(&Primal::activate(x.clone(), Activation::Relu)), [0.0, 0.0, 3.0]);
    assert_eq!(host(&Primal::activate(x.clone(), Activation::Leaky)), [-0.02, 0.0, 3.0]);
    assert!((host(&Primal::activate(x, Activation::Sigmoid))[2] - 0.952_574_1).abs() < 1e-6);
}
