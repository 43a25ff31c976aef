//! What the methods compute, on paper and against each other.

use burn::tensor::Tensor;

use super::{close, host, model, normal, tensor};
use crate::cam::{CamMethod, CamModel, Evidence, Noise, Threshold, dae_weights, evidence::Smooth, normalise};
use compdd_nn::nn::{Mode, Params, Taps};

/// Two channels of 2x2 under global pooling and a linear layer with weights 0.4 and -0.2.
fn toy() -> Evidence {
    let activation = tensor(&[1.0, 2.0, 3.0, 4.0, 4.0, 0.0, 0.0, 0.0], [1, 2, 2, 2]);
    let gradient = tensor(&[0.1, 0.1, 0.1, 0.1, -0.05, -0.05, -0.05, -0.05], [1, 2, 2, 2]);
    Evidence { activation, gradient }
}

#[test]
fn the_toy_by_hand() {
    let raw = toy().grad_cam();
    close(&host(&raw), &[-0.1, 0.2, 0.3, 0.4], 1e-6);
    close(&host(&normalise(raw)), &[0.0, 0.5, 0.75, 1.0], 1e-6);

    let smooth = toy().grad_cam_plus_plus();
    let weight = 0.133_333_3;
    close(&host(&smooth), &[weight, 2.0 * weight, 3.0 * weight, 4.0 * weight], 1e-6);
    close(&host(&normalise(smooth)), &[0.0, 0.333_333, 0.666_667, 1.0], 1e-6);

    let weight = 0.004;
    let torch_cam = toy().torch_cam_grad_cam_plus_plus();
    close(&host(&torch_cam), &[weight, 2.0 * weight, 3.0 * weight, 4.0 * weight], 1e-8);
}

#[test]
fn the_other_methods_by_hand() {
    // Constant gradients: XGrad-CAM and Grad-CAM weigh alike; Layer-CAM drops the negative channel.
    close(&host(&toy().x_grad_cam()), &host(&toy().grad_cam()), 1e-6);
    close(&host(&toy().layer_cam()), &[0.1, 0.2, 0.3, 0.4], 1e-6);
    let gradient = tensor(&[0.0, 0.0, 0.0, 1.0, -1.0, 2.0, 0.0, 0.0], [1, 2, 2, 2]);
    let uneven = || Evidence { gradient: gradient.clone(), ..toy() };
    // Weights 4/10 and -4/4.
    close(&host(&uneven().x_grad_cam()), &[0.4 - 4.0, 0.8, 1.2, 1.6], 1e-6);
    close(&host(&uneven().layer_cam()), &[0.0, 0.0, 0.0, 4.0], 1e-6);
}

#[test]
fn differentiation_agrees_with_the_classic_map() {
    for slug in ["resnet18-cifar-in-w8", "resnet18-cifar-bn-w8"] {
        let model = sharp(&model(slug, 32, 5)).by_differentiation();
        let (x, targets) = (normal([5, 3, 32, 32], 0), [0, 1, 2, 3, 4]);
        let maps = model.maps(CamMethod::GradCam, x.clone(), &targets, &[]).unwrap();
        let out = model.network().forward_with(model.params(), x, Mode::Eval, Taps::Named(&["layer4"]));
        let [n, k, h, w] = out.taps[0].1.dims();
        let weight = tensor(&model.params().get("classifier.weight").unwrap(), [5, k, 1, 1]);
        let classic = (weight * out.taps[0].1.clone()).sum_dim(1).reshape([n, h, w]);
        close(&host(&maps), &host(&normalise(classic)), 1e-6);
    }
}

#[test]
fn smooth_without_noise_is_grad_cam_plus_plus() {
    for (slug, closed) in [("resnet18-cifar-in-w4", true), ("resnet18-cifar-in-w4", false), ("convnet-d2-w4", true)] {
        let model = model(slug, 32, 3);
        let model = if closed { model } else { model.by_differentiation() };
        let (x, targets) = (normal([3, 3, 32, 32], 1), [2, 0, 1]);
        let expected = host(&model.maps(CamMethod::GradCamPlusPlus, x.clone(), &targets, &[]).unwrap());
        for samples in [1, 2, 4, 7] {
            let method = CamMethod::SmoothGradCamPlusPlus { samples, sigma: 0.0 };
            close(&host(&model.maps(method, x.clone(), &targets, &[5, 6, 7]).unwrap()), &expected, 1e-5);
        }
    }
}

#[test]
fn maps_reach_from_zero_to_one_and_constant_ones_are_zero() {
    let maps = host(&normalise(normal([50, 4, 4], 2)));
    for map in maps.chunks(16) {
        let (low, high) = map.iter().fold((1.0_f32, 0.0_f32), |(low, high), v| (low.min(*v), high.max(*v)));
        assert_eq!(low, 0.0);
        assert!((1.0 - 1e-6..=1.0).contains(&high), "{high}");
    }
    for constant in [-3.0, 0.0, 0.37, 1e6] {
        let maps = normalise(tensor(&[constant; 16], [1, 4, 4]));
        assert_eq!(host(&maps), [0.0; 16]);
        assert_eq!(host(&dae_weights(maps, 2.0, Threshold::Mean)), [2.0; 16]);
    }
}

/// The model with its last layer replaced.
fn with_head(model: &CamModel, f: impl Fn(&str, Tensor<1>) -> Tensor<1>) -> CamModel {
    let params = model.params();
    let values = params.names().into_iter().zip(params.values()).map(|(name, value)| f(name, value.clone())).collect();
    let params = Params::new(params.layout(), values, params.buffers().to_vec());
    CamModel::new(model.network().clone(), params, Some(model.tap())).unwrap()
}

/// The model with a head so large that 1e-8 is nothing beside the range of its maps.
fn sharp(model: &CamModel) -> CamModel {
    with_head(model, |name, value| if name == "classifier.weight" { value * 256.0 } else { value })
}

#[test]
fn grad_cam_ignores_the_scale_of_the_head_and_its_bias() {
    for slug in ["convnet-d2-w8", "resnet18-cifar-in-w8"] {
        let model = sharp(&model(slug, 32, 3));
        let (x, targets) = (normal([3, 3, 32, 32], 3), [0, 1, 2]);
        let maps = |model: &CamModel| host(&model.maps(CamMethod::GradCam, x.clone(), &targets, &[]).unwrap());
        let expected = maps(&model);
        let scaled = with_head(&model, |name, value| if name == "classifier.weight" { value * 8.0 } else { value });
        close(&maps(&scaled), &expected, 1e-6);
        for form in [CamModel::clone, |model: &CamModel| model.clone().by_differentiation()] {
            let moved = with_head(&model, |name, value| if name == "classifier.bias" { value + 3.0 } else { value });
            assert_eq!(maps(&form(&moved)), maps(&form(&model)));
        }
    }
}

#[test]
fn the_closed_form_agrees_with_differentiation() {
    // At 16 px the last map of the ConvNet is 4x4, that of the ResNet 2x2.
    for slug in
        ["convnet-d2-w8", "convnet-d2-w8-bn", "resnet18-cifar-in-w8", "resnet18-cifar-bn-w8", "alexnet-c4.4.4.4.4"]
    {
        let resolution = if slug.starts_with("alexnet") { 32 } else { 16 };
        let model = model(slug, resolution, 4);
        let (x, targets, seeds) = (normal([4, 3, resolution, resolution], 4), [3, 1, 0, 2], [1, 2, 3, 4]);
        let reference = model.clone().by_differentiation();
        let a = model.evidence(x.clone(), &targets).unwrap();
        let b = reference.evidence(x.clone(), &targets).unwrap();
        close(&host(&a.gradient), &host(&b.gradient), 1e-7);
        for method in CamMethod::ALL {
            let raw = |model: &CamModel| host(&model.raw(method, x.clone(), &targets, Noise::Seeds(&seeds)).unwrap());
            let (a, b) = (raw(&model), raw(&reference));
            let scale = b.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
            close(&a, &b, 1e-4 * scale);
        }
    }
}

#[test]
fn terms_that_are_not_finite_are_left_out() {
    let nan = tensor(&[f32::NAN, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1, 2, 2, 2]);
    let raw = Evidence { activation: nan, gradient: tensor(&[1.0; 8], [1, 2, 2, 2]) }.grad_cam();
    close(&host(&raw), &[1.0, 2.0, 2.0, 2.0], 1e-6);
    let last = Evidence { activation: tensor(&[1.0, 2.0], [1, 1, 1, 2]), gradient: tensor(&[1.0, 1.0], [1, 1, 1, 2]) };
    let zero = tensor(&[0.0, 0.0], [1, 1, 1, 2]);
    let third = tensor(&[-1e-8, 0.0], [1, 1, 1, 2]);
    let clean = tensor(&[1.0, 0.0], [1, 1, 1, 2]);
    // 0 / 0 in every term.
    assert_eq!(host(&Smooth { clean, last, second: zero, third }.raw()), [0.0, 0.0]);
}
