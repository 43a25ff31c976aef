//! Models: taps, files, requests that do not fit.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::{Device, Tensor};
use safetensors::{Dtype, tensor::TensorView};

use super::{host, model, network, normal};
use crate::cam::{CamError, CamMethod, CamModel, Noise, default_tap};
use compdd_nn::nn::{NetworkError, NetworkSpec};

#[test]
fn the_last_map_is_looked_at() {
    let tap = |slug, resolution| default_tap(&network(slug, resolution, 2)).map(str::to_owned).unwrap();
    assert_eq!(tap("convnet-d3-w2", 32), "feat2");
    assert_eq!(tap("convnet-d5-w2", 128), "feat4");
    assert_eq!(tap("convnet-d5-w2", 32), "relu4", "feat4 has one pixel");
    assert_eq!(tap("resnet18-w2", 32), "layer4");
    assert_eq!(tap("vgg11-w2", 32), "relu4");
    assert_eq!(tap("vgg11-w2", 128), "relu4");
    assert_eq!(tap("alexnet-c2.2.2.2.2", 32), "feat2");
    let error = default_tap(&network("mlp", 32, 2)).unwrap_err();
    assert_eq!(error.to_string(), "network `mlp` has no map of more than one pixel at 32 px");
}

#[test]
fn maps_have_the_size_of_the_tap() {
    for (slug, resolution, tap, side) in [
        ("convnet-d3-w4", 32, None, 4),
        ("convnet-d3-w4", 32, Some("feat0"), 16),
        ("convnet-d3-w4", 32, Some("relu0"), 32),
        ("resnet18-imagenet-bn-w2", 128, None, 4),
        ("resnet18-imagenet-bn-w2", 128, Some("layer1"), 32),
        ("vgg11-w2", 32, None, 2),
        ("lenet", 32, None, 5),
    ] {
        let fresh = model(slug, resolution, 2);
        let model = CamModel::new(fresh.network().clone(), fresh.params().clone(), tap).unwrap();
        let maps = model.maps(CamMethod::GradCam, normal([2, 3, resolution, resolution], 0), &[0, 1], &[]).unwrap();
        assert_eq!(maps.dims(), [2, side, side], "{slug} {tap:?}");
        assert!(host(&maps).iter().all(|value| (0.0..=1.0).contains(value)));
    }
}

#[test]
fn taps_that_do_not_serve_are_refused() {
    let at = |slug, resolution, tap| {
        let network = network(slug, resolution, 2);
        let params = network.init(0, &Device::flex());
        CamModel::new(network, params, Some(tap)).unwrap_err()
    };
    let error = at("vgg11-w2", 32, "feat4");
    assert!(matches!(&error, CamError::OnePixel { usable, .. } if usable == "relu4"), "{error}");
    let error = at("resnet18-cifar-in-w2", 32, "layer5");
    assert!(matches!(error, CamError::Network(NetworkError::Tap { .. })));
}

#[test]
fn requests_that_do_not_fit_are_named() {
    let model = model("convnet-d2-w4", 16, 3);
    let x = || normal([2, 3, 16, 16], 0);
    let ask = |method, x: Tensor<4>, targets: &[usize], seeds: &[u64]| {
        model.maps(method, x, targets, seeds).unwrap_err().to_string()
    };
    let plain = CamMethod::GradCam;
    assert_eq!(ask(plain, x(), &[0], &[]), "1 targets for 2 images");
    assert_eq!(ask(plain, x(), &[0, 3], &[]), "image 1 asks for class 3, but the CAM model has 3 classes");
    assert_eq!(ask(CamMethod::SMOOTH, x(), &[0, 1], &[1]), "1 seeds for 2 images");
    assert!(ask(plain, normal([2, 3, 32, 32], 0), &[0, 1], &[]).contains("[3, 32, 32]"));
    let none = CamMethod::SmoothGradCamPlusPlus { samples: 0, sigma: 0.3 };
    assert_eq!(ask(none, x(), &[0, 1], &[1, 2]), "smooth-grad-cam++ with 0 samples and sigma 0.3");
    let error = model.raw(CamMethod::SMOOTH, x(), &[0, 1], Noise::Given(&[x()])).unwrap_err();
    assert!(matches!(error, CamError::NoiseShape { found: 1, samples: 4, .. }));
    assert!(model.maps(plain, x(), &[0, 1], &[]).is_ok(), "no seeds for a method without noise");
}

#[test]
fn a_torchvision_checkpoint_is_a_model() {
    let spec = NetworkSpec::parse("resnet18-imagenet-bn-w1").unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/resnet18_w1.pth");
    let device = Device::flex();
    let model = CamModel::from_file(&spec, 64, 2, &path, None, &device).unwrap();
    assert_eq!((model.tap(), model.classes()), ("layer4", 2));
    let maps = model.maps(CamMethod::SMOOTH, normal([1, 3, 64, 64], 0), &[1], &[0]).unwrap();
    assert_eq!(maps.dims(), [1, 2, 2]);

    // The same tensors under torchvision's names as safetensors.
    let folder = tempfile::tempdir().unwrap();
    let params = model.params();
    let tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = params
        .entries()
        .map(|(slot, value)| {
            let name = slot.name.replace(".shortcut.", ".downsample.").replace("classifier.", "fc.");
            (name, (slot.shape.clone(), host(value).into_iter().flat_map(f32::to_le_bytes).collect()))
        })
        .collect();
    let write = |name: &str, skipped: &str| {
        let kept = tensors.iter().filter(|(name, _)| *name != skipped);
        let views =
            kept.map(|(name, (shape, bytes))| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
        let path = folder.path().join(name);
        std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
        path
    };
    let whole = write("resnet18.safetensors", "");
    let back = CamModel::from_file(&spec, 64, 2, &whole, Some("layer2"), &device).unwrap();
    assert_eq!(back.params().to_host(), params.to_host());
    assert_eq!(back.tap(), "layer2");

    let lacking = write("lacking.safetensors", "layer2.0.downsample.0.weight");
    let error = CamModel::from_file(&spec, 64, 2, &lacking, None, &device).unwrap_err().to_string();
    assert!(error.ends_with("missing `layer2.0.shortcut.0.weight` [2, 1, 1, 1]"), "{error}");
    let error = CamModel::from_file(&spec, 64, 3, &path, None, &device).unwrap_err().to_string();
    assert!(error.contains("`classifier.weight` [2, 8] instead of [3, 8]"), "{error}");
    let other = folder.path().join("weights.onnx");
    std::fs::write(&other, "onnx").unwrap();
    let error = CamModel::from_file(&spec, 64, 2, &other, None, &device).unwrap_err().to_string();
    assert!(error.contains("weights.onnx holds no parameters of a network"), "{error}");
}
