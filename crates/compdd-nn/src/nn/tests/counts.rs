//! E1: parameter counts of every row of sections 5.2 to 5.6, and the shapes behind the layers.

use super::{
    super::{NetworkError, NetworkSpec, Shape},
    network,
};

fn count(slug: &str, resolution: usize, classes: usize) -> usize {
    network(slug, resolution, classes).parameter_count()
}

#[test]
fn convnets_have_the_counts_of_the_table() {
    let rows = [
        (3, 32, 2048, [320_010, 504_420, 709_320]),
        (3, 64, 8192, [381_450, 1_118_820, 1_938_120]),
        (3, 128, 32768, [627_210, 3_576_420, 6_853_320]),
        (4, 32, 512, [452_490, 498_660, 549_960]),
        (4, 64, 2048, [467_850, 652_260, 857_160]),
        (4, 128, 8192, [529_290, 1_266_660, 2_085_960]),
        (5, 32, 128, [596_490, 608_100, 621_000]),
        (5, 64, 512, [600_330, 646_500, 697_800]),
        (5, 128, 2048, [615_690, 800_100, 1_005_000]),
        (6, 64, 128, [744_330, 755_940, 768_840]),
        (6, 128, 512, [748_170, 794_340, 845_640]),
        (6, 256, 2048, [763_530, 947_940, 1_152_840]),
    ];
    for (depth, resolution, features, counts) in rows {
        for (classes, expected) in [10, 100, 200].into_iter().zip(counts) {
            let net = network(&format!("convnet-d{depth}"), resolution, classes);
            assert_eq!(net.parameter_count(), expected, "D{depth} at {resolution} px, {classes} classes");
            assert_eq!(net.features(), features);
        }
    }
}

#[test]
fn a_convnet_block_has_the_counts_of_the_text() {
    let rows = network("convnet-d3", 32, 10).describe();
    let of = |name: &str| rows.iter().find(|row| row.name == name).unwrap().parameters;
    assert_eq!([of("features.0"), of("features.1")], [3_584, 256]);
    assert_eq!([of("features.4"), of("features.5"), of("features.8"), of("features.9")], [147_584, 256, 147_584, 256]);
    assert_eq!(of("classifier"), 20_490);
    let maps: Vec<Shape> = rows.iter().filter(|row| row.kind.contains("pool")).map(|row| row.output).collect();
    assert_eq!(maps, [16, 8, 4].map(|side| Shape::Map([128, side, side])));
}

#[test]
fn alexnet_has_the_counts_of_the_text() {
    for (classes, expected) in [(10, 1_872_202), (100, 2_148_772), (200, 2_456_072)] {
        for (slug, resolution) in [("alexnet", 32), ("alexnet", 64), ("alexnet", 128), ("alexnet-tiny", 64)] {
            assert_eq!(count(slug, resolution, classes), expected, "{slug} at {resolution} px");
        }
    }
    let rows = network("alexnet", 32, 10).describe();
    let convs: Vec<usize> = rows.iter().filter(|row| row.kind.starts_with("conv")).map(|row| row.parameters).collect();
    assert_eq!(convs, [9_728, 614_592, 442_624, 442_560, 331_968]);
}

#[test]
fn vgg11_has_the_counts_of_the_text() {
    for (classes, expected) in [(10, 9_231_114), (100, 9_277_284), (200, 9_328_584)] {
        for (slug, resolution) in [("vgg11", 32), ("vgg11", 64), ("vgg11", 128), ("vgg11-bn", 32)] {
            assert_eq!(count(slug, resolution, classes), expected, "{slug} at {resolution} px");
        }
    }
}

#[test]
fn resnet18_has_the_counts_of_the_table() {
    for (classes, small, pooled, imagenet) in
        [(10, 11_173_962, 11_250_762, 11_181_642), (100, 11_220_132, 11_988_132, 11_227_812)]
    {
        for norm in ["in", "bn"] {
            assert_eq!(count(&format!("resnet18-cifar-{norm}"), 32, classes), small);
            assert_eq!(count(&format!("resnet18-tiny-{norm}"), 64, classes), small);
            assert_eq!(count(&format!("resnet18-ap-{norm}"), 32, classes), pooled);
            assert_eq!(count(&format!("resnet18-imagenet-{norm}"), 128, classes), imagenet);
        }
    }
    assert_eq!(count("resnet18-cifar-in", 32, 200), 11_271_432);
    assert_eq!(count("resnet18-imagenet-bn", 224, 1000), 11_689_512, "torchvision's ResNet18");
    let bn = network("resnet18-cifar-bn", 32, 10);
    assert_eq!(bn.layout().buffers.iter().map(super::super::Slot::len).sum::<usize>(), 9_600);
}

#[test]
fn resnet18_stages_have_the_counts_of_the_text() {
    let net = network("resnet18-cifar-in", 32, 10);
    let stage = |prefix: &str| -> usize {
        net.layout().parameters.iter().filter(|slot| slot.name.starts_with(prefix)).map(super::super::Slot::len).sum()
    };
    assert_eq!(
        ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"].map(stage),
        [1_728, 128, 147_968, 525_568, 2_099_712, 8_393_728]
    );
    assert_eq!(network("resnet18-imagenet-in", 64, 10).layout().parameters[0].len(), 9_408);
}

#[test]
fn resnet18_takes_the_stem_of_the_resolution() {
    for (resolution, stem) in [(32, "cifar"), (64, "tiny"), (96, "imagenet"), (128, "imagenet"), (224, "imagenet")] {
        let chosen = network("resnet18", resolution, 10);
        assert_eq!(chosen.layers(), network(&format!("resnet18-{stem}-in"), resolution, 10).layers());
    }
}

#[test]
fn every_cross_architecture_network_fits_64_and_128_pixels() {
    for slug in ["alexnet", "vgg11", "resnet18", "resnet18-ap-in", "lenet", "mlp", "convnet-d5"] {
        for resolution in [64, 128] {
            assert!(network(slug, resolution, 10).features() > 0, "{slug} at {resolution} px");
        }
    }
}

#[test]
fn small_networks_have_the_lineage_sizes() {
    assert_eq!(count("mlp", 32, 10), (3072 * 128 + 128) + (128 * 128 + 128) + (128 * 10 + 10));
    let head = 400 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10;
    assert_eq!(count("lenet", 32, 10), 6 * 75 + 6 + 16 * 150 + 16 + head);
    let grey = NetworkSpec::LeNet.build(1, 28, 10).unwrap();
    assert_eq!(grey.parameter_count(), 6 * 25 + 6 + 16 * 150 + 16 + head);
    let digits = NetworkSpec::parse("convnet-d3").unwrap().build(1, 28, 10).unwrap();
    assert_eq!(digits.features(), 2048, "28-pixel digits are treated as 32 pixels");
}

#[test]
fn norms_change_the_parameters_as_they_should() {
    let plain = count("convnet-d3-nn", 32, 10);
    assert_eq!(count("convnet-d3", 32, 10) - plain, 3 * 256);
    assert_eq!(count("convnet-d3-gn", 32, 10) - plain, 3 * 256);
    assert_eq!(count("convnet-d3-bn", 32, 10) - plain, 3 * 256);
    assert_eq!(count("convnet-d3-ln", 32, 10) - plain, 2 * 128 * (32 * 32 + 16 * 16 + 8 * 8));
    assert_eq!(network("convnet-d3-nopool", 32, 10).features(), 128 * 32 * 32);
    assert_eq!(network("convnet-d3-nn", 32, 10).layout().parameters[2].name, "features.3.weight");
    assert_eq!(network("convnet-d3-nopool", 32, 10).layout().parameters[4].name, "features.3.weight");
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let refuse = |slug: &str, resolution| NetworkSpec::parse(slug).unwrap().build(3, resolution, 10).unwrap_err();
    let error = refuse("convnet-d6", 32);
    assert!(matches!(error, NetworkError::DoesNotFit { .. }));
    assert_eq!(
        error.to_string(),
        "network `convnet-d6` cannot be built for 3x32x32 images: the map is 1x1 before the pooling of block 6 of 6"
    );
    assert!(refuse("convnet-d3-w6-gn", 32).to_string().contains("cannot split 6 channels into 4 groups"));
    assert!(refuse("lenet", 8).to_string().contains("needs a map of at least 5x5"), "{}", refuse("lenet", 8));
    assert!(refuse("vgg11", 16).to_string().contains("needs a map of at least 2x2"));
}

/// Section 8 of the specification of evaluation with teachers, and torchvision's and timm's documentation.
#[test]
fn published_networks_have_their_counts() {
    for (slug, expected) in [
        ("resnet18-imagenet-bn", 11_689_512),
        ("resnet34-imagenet-bn", 21_797_672),
        ("resnet50-imagenet-bn", 25_557_032),
        ("resnet50-imagenet-bn-wide", 68_883_240),
        ("resnet101-imagenet-bn", 44_549_160),
        ("vgg11-imagenet-bn", 132_868_840),
        ("alexnet-imagenet", 61_100_840),
        ("mobilenet-v2", 3_504_872),
        ("mobilenet-v2-x0.5-nodrop", 1_968_680),
        ("efficientnet-b0", 5_288_548),
        ("densenet121", 7_978_856),
        ("shufflenet-v2-x0.5", 1_366_792),
        ("shufflenet-v2-x1.0", 2_278_604),
        ("deit-tiny", 5_717_416),
        ("vit-b-16", 86_567_656),
        ("convnext-tiny", 28_589_128),
        ("swin-tiny", 28_288_354),
        ("swin-v2-t", 28_351_570),
    ] {
        assert_eq!(count(slug, 224, 1000), expected, "{slug}");
    }
}

#[test]
fn networks_for_small_images_have_their_counts() {
    for (slug, counts) in [
        ("resnet18-cifar-bn", [11_173_962, 11_220_132, 11_271_432]),
        ("resnet50-cifar-bn", [23_520_842, 23_705_252, 23_910_152]),
        ("resnet101-cifar-bn", [42_512_970, 42_697_380, 42_902_280]),
    ] {
        for (classes, expected) in [10, 100, 200].into_iter().zip(counts) {
            assert_eq!(count(slug, 32, classes), expected, "{slug}, {classes} classes");
        }
    }
    assert_eq!(count("resnet18-imagenet-bn", 224, 10), 11_181_642);
    assert_eq!(count("convnet-d3-bn", 32, 10), 320_010);
    assert_eq!(count("convnet-d4-bn", 64, 200), 857_160);
    assert_eq!(count("convnet-d5-bn", 128, 10), 615_690);
    // The stem of small images has the kernel of the large one: strides carry no parameters.
    for slug in ["mobilenet-v2", "shufflenet-v2-x0.5", "efficientnet-b0"] {
        assert_eq!(count(&format!("{slug}-cifar"), 32, 10), count(&format!("{slug}-imagenet"), 224, 10), "{slug}");
    }
}

/// `n = (depth - 4) / 6` blocks a stage: a layer of the first stage has `9 (16 k)^2` weights, and so on.
#[test]
fn wide_networks_have_the_counts_of_their_formula() {
    let formula = |n: usize, k: usize, classes: usize| {
        let mut total = 27 * 16;
        let mut before = 16;
        for channels in [16 * k, 32 * k, 64 * k] {
            total += 2 * before + 9 * before * channels + 2 * channels + 9 * channels * channels + before * channels;
            total += (n - 1) * (4 * channels + 18 * channels * channels);
            before = channels;
        }
        total + 2 * before + before * classes + classes
    };
    for (slug, n) in [("wrn-16-2", 2), ("wrn-40-2", 6)] {
        assert_eq!(count(slug, 32, 100), formula(n, 2, 100), "{slug}");
    }
    assert_eq!(count("wrn-16-2", 32, 100), 703_284);
}
