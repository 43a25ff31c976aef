//! Parameters in files.

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::Device;

use super::{
    super::{NetworkError, Params},
    network,
};

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
}

#[test]
fn safetensors_come_back_and_have_the_same_bytes() {
    let net = network("resnet18-cifar-bn-w3", 32, 4);
    let params = net.init(1, &Device::flex());
    let bytes = params.to_safetensors().unwrap();
    assert_eq!(bytes, net.init(1, &Device::flex()).to_safetensors().unwrap());
    let back = Params::from_safetensors(net.layout(), &bytes, "memory", &Device::flex()).unwrap();
    assert_eq!(back.to_host(), params.to_host());
    assert_eq!(back.get("layer2.0.shortcut.1.running_var"), Some(vec![1.0; 6]));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    params.save(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(Params::load(net.layout(), &path, &Device::flex()).unwrap().to_host(), params.to_host());
}

#[test]
fn tensors_of_another_network_are_all_named() {
    let (net, other) = (network("convnet-d2-w4", 8, 2), network("convnet-d1-w4-bn", 8, 3));
    let bytes = other.init(0, &Device::flex()).to_safetensors().unwrap();
    let error = Params::from_safetensors(net.layout(), &bytes, "weights.safetensors", &Device::flex()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "weights.safetensors does not fit the network: missing `features.4.weight` [4, 4, 3, 3], `features.4.bias` [4], \
         `features.5.weight` [4], `features.5.bias` [4]; unexpected `features.1.running_mean`, `features.1.running_var`; \
         of another shape `classifier.weight` [3, 64] instead of [2, 16], `classifier.bias` [3] instead of [2]"
    );
    let error = Params::from_safetensors(net.layout(), &bytes[..100], "cut", &Device::flex()).unwrap_err();
    assert!(matches!(error, NetworkError::Safetensors { .. }));
    let error = Params::load(net.layout(), Path::new("nowhere.safetensors"), &Device::flex()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read nowhere.safetensors");
}

/// The fixtures hold `(k % 7) / 8` at position `k` of every tensor and were written by `PyTorch`.
fn check_pattern(params: &Params) {
    for (slot, _) in params.entries() {
        let expected: Vec<f32> = (0..slot.len()).map(|k| (k % 7) as f32 / 8.0).collect();
        assert_eq!(params.get(&slot.name).unwrap(), expected, "{}", slot.name);
    }
}

#[test]
fn a_parallel_state_dict_is_imported() {
    let net = network("convnet-d1-w2", 8, 2);
    check_pattern(&Params::open(net.layout(), &fixture("convnet_d1_w2.pth"), &Device::flex()).unwrap());
}

/// Arguments, an optimiser, wrappers, both containers, whatever the files are called.
#[test]
fn checkpoints_of_trainers_are_imported() {
    let net = network("convnet-d1-w2", 8, 2);
    for name in ["checkpoint.pth.tar", "lightning.ckpt"] {
        check_pattern(&Params::open(net.layout(), &fixture(name), &Device::flex()).unwrap());
    }
}

#[test]
fn a_nested_half_precision_torchvision_checkpoint_is_imported() {
    let net = network("resnet18-imagenet-bn-w1", 64, 2);
    check_pattern(&Params::open(net.layout(), &fixture("resnet18_w1.pth"), &Device::flex()).unwrap());
}

#[test]
fn bad_checkpoints_are_refused() {
    let net = network("convnet-d2-w2", 8, 2);
    let import = |path: &Path| Params::open(net.layout(), path, &Device::flex()).unwrap_err();
    let error = import(&fixture("convnet_d1_w2.pth"));
    assert!(matches!(&error, NetworkError::Mismatch { .. }), "{error}");
    assert!(error.to_string().contains("missing `features.4.weight` [2, 2, 3, 3]"), "{error}");
    assert!(matches!(import(Path::new("nowhere.pth")), NetworkError::Io(_)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.pth");
    fs::write(&path, "not a checkpoint").unwrap();
    assert!(matches!(import(&path), NetworkError::Checkpoint { .. }));
    assert!(import(folder.path()).to_string().contains("zip -0 -r"));
}

/// Names of published files that are spelled otherwise here, and tensors that are no parameters.
#[test]
fn published_spellings_are_understood() {
    for (slug, side, renames) in [
        ("resnet50-imagenet-bn-w1", 64, vec![(".shortcut.", ".downsample."), ("classifier.", "fc.")]),
        (
            "vit-b-16-p4-w6-l1-h3",
            8,
            vec![(".in_proj.", ".in_proj_"), (".mlp.0.", ".mlp.linear_1."), (".mlp.3.", ".mlp.linear_2.")],
        ),
        (
            "densenet121-k1",
            16,
            vec![(".norm1.", ".norm.1."), (".conv1.", ".conv.1."), (".norm2.", ".norm.2."), (".conv2.", ".conv.2.")],
        ),
    ] {
        let net = network(slug, side, 3);
        let params = net.init(1, &Device::flex());
        let mut named: BTreeMap<_, _> = params
            .entries()
            .map(|(slot, _)| {
                let name = renames.iter().fold(slot.name.clone(), |name, (here, there)| name.replace(here, there));
                (name, (slot.shape.clone(), params.get(&slot.name).unwrap()))
            })
            .collect();
        assert!(renames.iter().all(|(_, there)| named.keys().any(|name| name.contains(there))), "{slug}");
        named.insert("features.norm5.num_batches_tracked".into(), (vec![], vec![7.0]));
        named.insert("features.1.0.attn.relative_position_index".into(), (vec![1], vec![0.0]));
        let back = Params::from_named(net.layout(), named, "memory", &Device::flex()).unwrap();
        assert_eq!(back.to_host(), params.to_host(), "{slug}");
    }
}
