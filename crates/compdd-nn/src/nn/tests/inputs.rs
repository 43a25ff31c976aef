//! The inputs of layers as taps.

use burn::tensor::{Device, Distribution, Tensor};

use super::network;
use crate::nn::{Layer, LayerKind, Mode, Taps, kernels::channel_moments, layer::walk};

fn images(side: usize) -> Tensor<4> {
    Tensor::random([3, 3, side, side], Distribution::Normal(0.5, 1.0), &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The input of every batch norm has the moments that it measures in train mode, in the order of the running statistics, whatever is
/// done in one go and however layers lie inside others.
#[test]
fn batch_norms_show_what_they_normalise() {
    let slugs = [
        "convnet-d2-w4-bn",
        "resnet18-cifar-bn-w4",
        "mobilenet-v2-cifar-nodrop-x0.5",
        "densenet121",
        "shufflenet-v2-x0.5-cifar",
    ];
    for slug in slugs {
        let side = if slug.starts_with("densenet") { 64 } else { 32 };
        let network = network(slug, side, 5);
        let params = network.init(1, &Device::flex());
        let out = network.forward_with(&params, images(side), Mode::Train, Taps::Inputs(&[LayerKind::BatchNorm]));
        let names: Vec<&str> = network.layout().buffers.iter().map(|slot| slot.name.as_str()).collect();
        assert!(!out.taps.is_empty() && out.taps.len() * 2 == names.len(), "{slug}");
        for (place, (name, input)) in out.taps.iter().enumerate() {
            assert_eq!(
                [&format!("{name}.running_mean"), &format!("{name}.running_var")],
                [names[2 * place], names[2 * place + 1]]
            );
            let [n, _, h, w] = input.dims();
            let count = (n * h * w) as f32;
            let [mean, variance] = channel_moments(input.clone()).map(values);
            let [new_mean, new_variance] = [0, 1].map(|which| values(out.buffers[2 * place + which].clone()));
            for channel in 0..mean.len() {
                let measured = [new_mean[channel] / 0.1, (new_variance[channel] - 0.9) / 0.1 * (count - 1.0) / count];
                let own = [mean[channel], variance[channel]];
                let far = |which: usize| (measured[which] - own[which]).abs() > 1e-3 * (1.0 + own[which].abs());
                assert!(!far(0) && !far(1), "{slug} {name} {channel}: {measured:?}, not {own:?}");
            }
        }
    }
}

/// Convolutions and batch norms in the order in which they run, the first of them sees the images, and nothing else changes.
#[test]
fn convolutions_and_batch_norms_come_in_order() {
    let network = network("resnet18-cifar-bn-w4", 32, 5);
    let (params, x) = (network.init(1, &Device::flex()), images(32));
    let kinds = [LayerKind::Conv, LayerKind::BatchNorm];
    let out = network.forward_with(&params, x.clone(), Mode::Eval, Taps::Inputs(&kinds));
    let mut listed = Vec::new();
    walk(network.layers(), &mut |layer: &Layer| {
        if layer.hooked().is_some() {
            listed.push(layer.name());
        }
    });
    assert_eq!(out.taps.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), listed);
    assert_eq!((listed.len(), listed[0], listed[1]), (40, "conv1", "bn1"));
    assert_eq!(values(out.taps[0].1.clone()), values(x.clone()));
    assert_eq!(values(out.logits), values(network.forward(&params, x, Mode::Eval).logits));
    let fused = super::network("convnet-d2-w4", 16, 5);
    let params = fused.init(1, &Device::flex());
    let out = fused.forward_with(&params, images(16), Mode::Eval, Taps::Inputs(&kinds));
    assert_eq!(out.taps.iter().map(|(_, map)| map.dims()).collect::<Vec<_>>(), [[3, 3, 16, 16], [3, 4, 8, 8]]);
}
