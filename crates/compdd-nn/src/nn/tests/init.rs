//! How fresh weights are distributed: the rules of torchvision and timm.

use burn::tensor::Device;

use super::network;

/// Deviation from zero and largest magnitude of a tensor.
fn spread(values: &[f32]) -> (f64, f64) {
    let square: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
    ((square / values.len() as f64).sqrt(), values.iter().fold(0.0, |most, value| f64::from(value.abs()).max(most)))
}

#[test]
fn weights_have_the_deviations_of_their_scheme() {
    let he = |fan: f64| (2.0 / fan).sqrt();
    for (slug, side, name, deviation) in [
        ("resnet18-cifar-bn-he", 32, "layer2.0.conv1.weight", he(128.0 * 9.0)),
        ("wrn-16-2", 32, "block3.layer.1.conv2.weight", he(128.0 * 9.0)),
        // The fan out of a depthwise convolution counts all channels, as `torch.nn.init` does.
        ("mobilenet-v2", 32, "features.14.conv.1.0.weight", he(576.0 * 9.0)),
        ("mobilenet-v2", 32, "classifier.1.weight", 0.01),
        ("efficientnet-b0", 32, "features.4.1.block.2.fc1.weight", he(20.0)),
        ("efficientnet-b0", 32, "classifier.1.weight", 1.0 / (3.0f64 * 40.0).sqrt()),
        ("densenet121", 32, "features.denseblock2.denselayer3.conv2.weight", he(128.0 * 9.0)),
        ("shufflenet-v2-x1.0", 32, "conv5.0.weight", 1.0 / (3.0f64 * 464.0).sqrt()),
        ("deit-tiny", 224, "blocks.3.mlp.fc1.weight", 0.02),
        ("deit-tiny", 224, "pos_embed", 0.02),
        ("convnext-tiny", 32, "features.5.2.block.0.weight", 0.02),
        ("swin-tiny-s2", 64, "features.5.1.attn.qkv.weight", 0.02),
        ("swin-v2-t-s2", 64, "features.1.1.attn.cpb_mlp.0.weight", 0.02),
        (
            "vit-b-16-w192-l2-h3",
            32,
            "encoder.layers.encoder_layer_0.self_attention.in_proj.weight",
            (2.0f64 / 768.0).sqrt(),
        ),
        ("vit-b-16-w192-l2-h3", 32, "encoder.layers.encoder_layer_1.mlp.0.bias", 1e-6),
        ("vit-b-16-w192-l2-h3", 32, "conv_proj.weight", (1.0f64 / 768.0).sqrt()),
    ] {
        let params = network(slug, side, 40).init(7, &Device::flex());
        let (found, _) = spread(&params.get(name).unwrap());
        assert!((found / deviation - 1.0).abs() < 0.06, "{slug} {name}: {found} instead of {deviation}");
    }
}

#[test]
fn constants_are_constants() {
    let value = |slug: &str, side, name: &str| network(slug, side, 5).init(7, &Device::flex()).get(name).unwrap();
    assert_eq!(value("convnext-tiny", 32, "features.1.0.layer_scale"), [1e-6; 96]);
    assert_eq!(value("vit-b-16-w12-l1-h3", 32, "heads.head.weight"), [0.0; 60]);
    assert_eq!(value("swin-v2-t-w4-h1", 32, "features.3.0.attn.logit_scale"), [10.0_f32.ln(); 2]);
    assert_eq!(value("mobilenet-v2", 32, "classifier.1.bias"), [0.0; 5]);
    assert_eq!(value("densenet121", 32, "classifier.bias"), [0.0; 5]);
    assert!(value("shufflenet-v2-x0.5", 32, "fc.bias").iter().all(|bias| *bias != 0.0));
    let (_, largest) = spread(&value("deit-tiny", 224, "cls_token"));
    assert!(largest > 0.0 && largest < 1e-5);
}
