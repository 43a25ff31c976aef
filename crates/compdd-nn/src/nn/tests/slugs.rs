//! Slugs: canonical forms, the lineage's names, errors.

use proptest::prelude::*;

use super::super::{
    Activation, AlexNet, ConvNet, ConvNextTiny, DenseNet121, Depth, EfficientNetB0, MobileNetV2, NetworkError,
    NetworkSpec, Norm, PoolKind, ResNet, ShuffleNetV2, Start, Stem, SwinTiny, SwinVersion, Vgg11, VggHead, Vit,
    VitKind, WideResNet, known,
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
        ("mobilenet_v2", "mobilenet-v2"),
        ("mobilenet-v2-nodrop-x0.50", "mobilenet-v2-x0.5-nodrop"),
        ("shufflenet-v2", "shufflenet-v2-x1.0"),
        ("shufflenet-v2-c24.48.96.192.1024-cifar", "shufflenet-v2-x0.5-cifar"),
        ("efficientnet_b0", "efficientnet-b0"),
        ("vit_b_16", "vit-b-16"),
        ("deit-tiny-p16-h3", "deit-tiny"),
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
        "shufflenet-v2-c4.8.13.16.24",
        "wrn-17-2",
        "wrn-16",
        "wrn-16-2-3",
        "mobilenet-v2-x0",
        "mobilenet-v2-x1.234",
        "deit-tiny-w2-w3",
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
        wider(),
    ]
}

/// The networks of torchvision and timm beyond the lineage.
fn wider() -> impl Strategy<Value = NetworkSpec> {
    let start = || prop::sample::select(vec![Start::Auto, Start::Cifar, Start::ImageNet]);
    let kind = prop::sample::select(vec![VitKind::DeitTiny, VitKind::B16]);
    let version = prop::sample::select(vec![SwinVersion::One, SwinVersion::Two]);
    let size = || 1..999usize;
    prop_oneof![
        (1..9usize, size()).prop_map(|(n, widen)| NetworkSpec::WideResNet(WideResNet { depth: 6 * n + 4, widen })),
        (start(), 1..9999usize, any::<bool>())
            .prop_map(|(start, width, dropout)| NetworkSpec::MobileNetV2(MobileNetV2 { start, width, dropout })),
        (start(), prop::array::uniform5(size()))
            .prop_map(|(start, half)| NetworkSpec::ShuffleNetV2(ShuffleNetV2 { start, channels: half.map(|c| 2 * c) })),
        (start(), 1..9999usize).prop_map(|(start, width)| NetworkSpec::EfficientNetB0(EfficientNetB0 { start, width })),
        (start(), size()).prop_map(|(start, growth)| NetworkSpec::DenseNet121(DenseNet121 { start, growth })),
        (kind, size(), size(), size(), size()).prop_map(|(kind, patch, width, depth, heads)| NetworkSpec::Vit(Vit {
            kind,
            patch,
            width,
            depth,
            heads
        })),
        size().prop_map(|width| NetworkSpec::ConvNextTiny(ConvNextTiny { width })),
        (version, size(), size(), size()).prop_map(|(version, width, heads, window)| NetworkSpec::SwinTiny(SwinTiny {
            version,
            width,
            heads,
            window
        })),
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
