//! Dropout and stochastic depth: masks by rate, by name, in train mode only.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};

use super::{super::Mode, network};

fn host<const D: usize>(x: &Tensor<D>) -> Vec<f32> {
    x.clone().inner().try_into_vec_as::<f32>().unwrap()
}

#[test]
fn masks_keep_what_they_should() {
    let net = network("mobilenet-v2", 32, 3);
    let draw = |seed, step| net.masks(8, seed, step, &Device::flex());
    let masks = draw(1, 0);
    assert_eq!(masks.len(), 1, "only the head drops anything");
    assert_eq!(masks[0].dims(), [8, 1280]);
    let values = host(&masks[0]);
    assert!(values.iter().all(|value| [0.0, 1.25].contains(value)));
    let zeros = values.iter().filter(|value| **value == 0.0).count() as f64 / values.len() as f64;
    assert!((zeros - 0.2).abs() < 0.02, "{zeros}");
    assert_eq!(values, host(&draw(1, 0)[0]));
    assert!(values != host(&draw(1, 1)[0]) && values != host(&draw(2, 0)[0]));
    assert!(network("mobilenet-v2-nodrop", 32, 3).masks(8, 1, 0, &Device::flex()).is_empty());
}

/// Block `i` of 16 is dropped with probability `0.2 i / 16`; only blocks that end in a sum can be: 2, 4, 6, 7, 9, 10, 12, 13, 14.
#[test]
fn stochastic_depth_grows_to_its_rate() {
    let masks = network("efficientnet-b0", 32, 3).masks(4000, 3, 0, &Device::flex());
    let rates = [2, 4, 6, 7, 9, 10, 12, 13, 14].map(|block| 0.2 * f64::from(block) / 16.0);
    assert_eq!(masks.len(), rates.len() + 1);
    for (mask, rate) in masks.iter().zip(rates) {
        assert_eq!(mask.dims(), [4000, 1]);
        let zeros = host(mask).iter().filter(|value| **value == 0.0).count() as f64 / 4000.0;
        assert!((zeros - rate).abs() < 0.025, "{zeros} instead of {rate}");
    }
    for (slug, side, count) in [("convnext-tiny-w4", 32, 17), ("swin-tiny-w4-h1-s2", 64, 22)] {
        assert_eq!(network(slug, side, 3).masks(2, 0, 0, &Device::flex()).len(), count, "{slug}");
    }
}

#[test]
fn a_mask_of_ones_and_no_mask_are_the_same_and_zeros_are_not() {
    let net = network("convnext-tiny-w4", 32, 3);
    let params = net.init(0, &Device::flex()).map(|value| value.clone() * 0.0 + value.clamp_min(0.02));
    let x = Tensor::<4>::ones([2, 3, 32, 32], &Device::flex());
    let masks = net.masks(2, 0, 0, &Device::flex());
    let with = |value: f64| -> Vec<Tensor<2>> { masks.iter().map(|mask| mask.zeros_like() + value).collect() };
    let plain = host(&net.forward(&params, x.clone(), Mode::Train).logits);
    assert_eq!(host(&net.forward_dropping(&params, x.clone(), &with(1.0)).logits), plain);
    assert_ne!(host(&net.forward_dropping(&params, x.clone(), &with(0.0)).logits), plain);
    assert_eq!(host(&net.forward(&params, x, Mode::Eval).logits), plain);
}

/// Some of the masks would drop nothing in the layers after them.
#[test]
fn masks_are_one_for_each_dropping_layer_or_none() {
    let net = network("convnext-tiny-w4", 32, 3);
    let params = net.init(0, &Device::flex());
    let x = Tensor::<4>::ones([2, 3, 32, 32], &Device::flex());
    let masks = net.masks(2, 0, 0, &Device::flex());
    let runs = |masks: &[Tensor<2>]| {
        catch_unwind(AssertUnwindSafe(|| net.forward_dropping(&params, x.clone(), masks).logits)).is_ok()
    };
    assert!(runs(&masks) && runs(&[]));
    assert!(!runs(&masks[1..]), "one mask too few");
    assert!(!runs(&[masks.clone(), masks[..1].to_vec()].concat()), "one mask too many");
}
