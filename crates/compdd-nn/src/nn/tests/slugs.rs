//! Slugs: canonical forms, the lineage's names, errors.

use proptest::prelude::*;

use super::super::{
    Activation, AlexNet, ConvNet, Depth, NetworkError, NetworkSpec, Norm, PoolKind, ResNet, Stem, Vgg11, VggHead, known,
};

fn canonical(slug: &str) -> String {
    NetworkSpec::parse(slug).unwrap().slug()
}

#[test]
fn known_networks_are_canonical_and_distinct() {
    let mut slugs: Vec<&str> = known().iter().map(|known| known.slug).collect();
    for slug in &slugs {
        assert_eq!(canonical(slug), *slug);
    }
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), known().len());
}

#[test]
fn other_spellings_have_one_canonical_form() {
    for (spelling, slug) in [
        ("convnet", "convnet-d3"),
        ("ConvNet", "convnet-d3"),
        ("ConvNetD5", "convnet-d5"),
        ("ConvNetW32", "convnet-d3-w32"),
        ("ConvNetBN", "convnet-d3-bn"),
        ("ConvNetAS", "convnet-d3-sigmoid"),
        ("ConvNetMP", "convnet-d3-maxpool"),
        ("convnet-kip", "convnet-d3-w1024-nn"),
        ("convnet-w64-maxpool-d4-gn", "convnet-d4-w64-gn-maxpool"),
        ("convnet-d3-w128-in-relu-avgpool", "convnet-d3"),
        ("AlexNet_Tiny", "alexnet-tiny"),
        ("alexnet-c64.192.384.256.256-imagenet", "alexnet-imagenet"),
        ("VGG11BN", "vgg11-bn"),
        ("ResNet18BN", "resnet18-bn"),
        ("ResNet18ImageNet", "resnet18-imagenet-in"),
        ("ResNet18_AP", "resnet18-ap-in"),
        ("resnet18-in", "resnet18"),
        ("resnet101-bn-w2-he-imagenet", "resnet101-imagenet-bn-he-w2"),
        (" mlp ", "mlp"),
    ] {
        assert_eq!(canonical(spelling), slug, "{spelling}");
    }
}

#[test]
fn an_unknown_network_names_the_nearest() {
    let error = NetworkSpec::parse("resnet-18").unwrap_err();
    assert_eq!(error.to_string(), "there is no network called `resnet-18`");
    let help = |error: &NetworkError| miette::Diagnostic::help(error).unwrap().to_string();
    assert_eq!(help(&error), "did you mean `resnet18`? `compdd network list` shows every network");
    for slug in [
        "convnet-d7",
        "convnet-d0",
        "convnet-w032",
        "convnet-d3-d4",
        "alexnet-c1.2.3",
        "mlp-w3",
        "vgg11-gn",
        "resnet50-ap",
        "resnet18-wide",
    ] {
        let error = NetworkSpec::parse(slug).unwrap_err();
        assert!(matches!(error, NetworkError::Variant { .. }), "{slug}");
        assert!(help(&error).contains("`compdd network list`"));
    }
    assert_eq!(
        NetworkSpec::parse("convnet-d3-zz").unwrap_err().to_string(),
        "network `convnet-d3-zz`: `zz` is not a variant of convnet"
    );
}

fn any_spec() -> impl Strategy<Value = NetworkSpec> {
    let width = 1..2000usize;
    let norm = prop::sample::select(vec![Norm::None, Norm::Batch, Norm::Layer, Norm::Instance, Norm::Group]);
    let activation =
        prop::sample::select(vec![Activation::Relu, Activation::Sigmoid, Activation::Leaky, Activation::Gelu]);
    let pooling = prop::sample::select(vec![None, Some(PoolKind::Max), Some(PoolKind::Average)]);
    let affine = || prop::sample::select(vec![Norm::Batch, Norm::Instance]);
    let vgg_norm = prop::sample::select(vec![Norm::None, Norm::Batch, Norm::Instance]);
    let head = prop::sample::select(vec![VggHead::Linear, VggHead::ImageNet]);
    let strided = prop::sample::select(vec![Stem::Auto, Stem::Cifar, Stem::Tiny, Stem::ImageNet]);
    let stem = prop::sample::select(vec![Stem::Auto, Stem::Cifar, Stem::Tiny, Stem::ImageNet, Stem::AvgPool]);
    let basic = prop::sample::select(vec![Depth::D18, Depth::D34]);
    let deep = prop::sample::select(vec![Depth::D50, Depth::D101]);
    let convnet = (1..=6usize, width.clone(), norm, activation, pooling)
        .prop_map(|(depth, width, norm, activation, pooling)| ConvNet { depth, width, norm, activation, pooling });
    prop_oneof![
        convnet.prop_map(NetworkSpec::ConvNet),
        Just(NetworkSpec::Mlp),
        Just(NetworkSpec::LeNet),
        (prop::array::uniform5(1..999usize), 0..3).prop_map(|(channels, stem)| NetworkSpec::AlexNet(AlexNet {
            channels,
            tiny: stem == 1,
            imagenet: stem == 2
        })),
        (width.clone(), vgg_norm, head).prop_map(|(width, norm, head)| NetworkSpec::Vgg11(Vgg11 { width, norm, head })),
        (stem, affine(), width.clone(), any::<bool>(), basic).prop_map(|(stem, norm, width, he, depth)| {
            NetworkSpec::ResNet(ResNet { stem, norm, width, he, ..ResNet::new(depth) })
        }),
        (strided, affine(), width, 1..=2usize, deep).prop_map(|(stem, norm, width, wide, depth)| {
            NetworkSpec::ResNet(ResNet { stem, norm, width, wide, ..ResNet::new(depth) })
        }),
    ]
}

proptest! {
    #[test]
    fn a_slug_says_everything(spec in any_spec()) {
        prop_assert_eq!(NetworkSpec::parse(&spec.slug()).unwrap(), spec);
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,30}") {
        let _ = NetworkSpec::parse(&text);
    }
}
