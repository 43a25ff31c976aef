//! Pipelines: what is drawn stays in bounds, is what it was before there were pipelines, and is replayed from its record.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use super::{
    tests::{distance, noise, values},
    *,
};
use compdd_core::rng::Stream;

const SHAPE: [usize; 3] = [3, 16, 16];
const SPACE: ([f32; 3], [f32; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

fn batch(images: usize, shape: [usize; 3]) -> BatchSpec {
    BatchSpec { images, shape, normalisation: Some(SPACE), sampling: Sampling::PerImage }
}

fn crop(scale: [f32; 2]) -> ResizedCropConfig {
    ResizedCropConfig { scale, ..ResizedCropConfig::default() }
}

/// Every operation there is, one after the other.
fn everything(mix: Operation) -> Pipeline {
    Pipeline::new(vec![
        Operation::RandAugment(RandAugmentConfig::default()),
        Operation::PatchShuffle(PatchShuffleConfig { grid: 2 }),
        Operation::RandomResizedCrop(ResizedCropConfig { size: Some(12), ..crop([0.3, 1.0]) }),
        Operation::PadCrop(PadCropConfig::default()),
        Operation::Flip(FlipConfig::default()),
        Operation::Dsa(DsaConfig::default()),
        mix,
    ])
}

fn mixes() -> [Operation; 2] {
    let mixup = MixConfig { alpha: 0.8, probability: 1.0 };
    [Operation::CutMix(MixConfig::default()), Operation::Mixup(mixup)]
}

/// One operation alone.
fn draw(operation: Operation, spec: &BatchSpec, step: u64) -> Draws {
    Pipeline::new(vec![operation]).draw_batch(spec, 7, step).unwrap()
}

#[test]
fn recorded_draws_make_the_same_views() {
    for (step, mix) in (0..10).flat_map(|step| mixes().map(|mix| (step, mix))) {
        let pipeline = everything(mix);
        assert_eq!(pipeline.validate(), Ok(()));
        let x = noise(step, 5, SHAPE);
        let draws = pipeline.draw_batch(&batch(5, SHAPE), 3, step).unwrap();
        let views = draws.apply(x.clone());
        assert_eq!(views.dims(), [5, 3, 12, 12]);
        assert_eq!(pipeline.output(SHAPE), [3, 12, 12]);
        let text = serde_json::to_string(&draws).unwrap();
        let read: Draws = serde_json::from_str(&text).unwrap();
        assert_eq!(read, draws);
        assert_eq!(values(read.apply(x)), values(views));
        assert!(draws.mixes() && draws.ops().iter().all(|op| op.len() == 5));
        assert_eq!(pipeline.draw_batch(&batch(5, SHAPE), 3, step).unwrap(), draws);
        assert_ne!(pipeline.draw_batch(&batch(5, SHAPE), 3, step + 1).unwrap(), draws);
    }
}

/// Scores that are stored were trained with these streams.
#[test]
fn dsa_and_cutmix_draw_what_they_drew_before() {
    let pipeline = Pipeline::from(DsaConfig::default()).with_cutmix(0.5);
    let mut mixed = 0;
    for step in 0..40 {
        let draws = pipeline.draw_batch(&batch(5, SHAPE), 9, step).unwrap();
        let dsa = DsaConfig::default().draw(&mut Stream::new(9, "dsa", step), 5, SHAPE, Sampling::PerImage);
        let mut stream = Stream::new(9, "cutmix", step);
        let mut expected = dsa.clone().into_ops();
        let x = noise(step, 5, SHAPE);
        let mut images = dsa.apply(x.clone());
        if stream.uniform() < 0.5 {
            let lam = stream.uniform();
            let centre = [stream.below(16), stream.below(16)];
            let mix = CutMix::new(lam, centre, stream.permutation(5), [16, 16]);
            images = mix.images(images);
            expected.push(Op::CutMix(mix));
            mixed += 1;
        }
        assert_eq!(draws.ops(), expected);
        assert_eq!(values(draws.apply(x)), values(images));
    }
    assert!((10..30).contains(&mixed), "{mixed}");
}

#[test]
fn an_operation_draws_the_same_whatever_stands_beside_it() {
    let spec = batch(6, SHAPE);
    let flip = || Operation::Flip(FlipConfig::default());
    let beside = Pipeline::new(vec![Operation::PatchShuffle(PatchShuffleConfig::default()), flip()]);
    assert_eq!(beside.draw_batch(&spec, 7, 2).unwrap().ops()[1..], *draw(flip(), &spec, 2).ops());
}

#[test]
fn operations_without_effect_change_nothing() {
    let x = noise(1, 4, SHAPE);
    let neutral = [
        Operation::RandomResizedCrop(crop([1.0, 1.0])),
        Operation::PadCrop(PadCropConfig { padding: 0, fill: Fill::Black }),
        Operation::PadCrop(PadCropConfig { padding: 0, fill: Fill::Mean }),
        Operation::Flip(FlipConfig { probability: 0.0 }),
        Operation::PatchShuffle(PatchShuffleConfig { grid: 1 }),
        Operation::CutMix(MixConfig { alpha: 1.0, probability: 0.0 }),
        Operation::Mixup(MixConfig { alpha: 1.0, probability: 0.0 }),
    ];
    for (operation, step) in
        neutral.into_iter().flat_map(|operation| (0..20).map(move |step| (operation.clone(), step)))
    {
        let draws = draw(operation, &batch(4, SHAPE), step);
        assert_eq!(values(draws.apply(x.clone())), values(x.clone()), "{draws:?}");
    }
    assert_eq!(
        values(Pipeline::new(Vec::new()).draw_batch(&batch(4, SHAPE), 0, 0).unwrap().apply(x.clone())),
        values(x)
    );
}

#[test]
fn a_mirror_is_its_own_inverse_and_a_shuffle_moves_pixels_only() {
    for (step, shape) in (0..20).flat_map(|step| [SHAPE, [3, 9, 14], [1, 28, 28]].map(|shape| (step, shape))) {
        let x = noise(step, 4, shape);
        let mirror = draw(Operation::Flip(FlipConfig { probability: 0.5 }), &batch(4, shape), step);
        assert_eq!(values(mirror.apply(mirror.apply(x.clone()))), values(x.clone()));
        let shuffle = draw(Operation::PatchShuffle(PatchShuffleConfig { grid: 3 }), &batch(4, shape), step);
        let planes = |x: Tensor<4>| -> Vec<Vec<u32>> {
            let bits = |plane: &[f32]| {
                let mut bits: Vec<u32> = plane.iter().map(|v| v.to_bits()).collect();
                bits.sort_unstable();
                bits
            };
            values(x).chunks_exact(shape[1] * shape[2]).map(bits).collect()
        };
        assert_eq!(planes(shuffle.apply(x.clone())), planes(x));
    }
}

/// Whole columns and whole rows of a mosaic change places: 4 of the 24 orders of its tiles.
#[test]
fn a_shuffled_mosaic_keeps_its_columns_and_rows() {
    let tiles: Vec<f32> = (0..64).map(|p| (p / 32 * 2 + p % 8 / 4) as f32).collect();
    let x = Tensor::<4>::from_data(TensorData::new(tiles, [1, 1, 8, 8]), &Device::flex());
    let corners = |x: Tensor<4>| [0, 4, 32, 36].map(|p| values(x.clone())[p] as u8);
    let shuffle = || Operation::PatchShuffle(PatchShuffleConfig { grid: 2 });
    let seen: std::collections::BTreeSet<_> =
        (0..60).map(|step| corners(draw(shuffle(), &batch(1, [1, 8, 8]), step).apply(x.clone()))).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]);
    let error = Pipeline::new(vec![Operation::PatchShuffle(PatchShuffleConfig { grid: 9 })])
        .draw_batch(&batch(1, [1, 8, 8]), 0, 0)
        .unwrap_err();
    assert!(error.to_string().contains("8 by 8 pixels cannot be cut into 9 by 9"), "{error}");
}

#[test]
fn padding_is_black_or_the_mean() {
    let x = noise(4, 40, SHAPE);
    for (fill, expected) in [(Fill::Mean, [0.0; 3]), (Fill::Black, std::array::from_fn(|c| -SPACE.0[c] / SPACE.1[c]))] {
        let draws = draw(Operation::PadCrop(PadCropConfig { padding: 16, fill }), &batch(40, SHAPE), 0);
        let y = values(draws.apply(x.clone()));
        let shares = y.chunks_exact(256).enumerate().map(|(plane, values)| {
            let inside = values.iter().filter(|v| **v != expected[plane % 3]).count();
            assert!(inside <= 256);
            inside
        });
        // The mean of the covered area is (33 side)^-2 (sum of 16 - |shift|)^2 = (16 * 16 / 33)^2.
        let mean = shares.sum::<usize>() as f32 / 120.0;
        assert!((mean - (256.0_f32 / 33.0).powi(2)).abs() < 15.0, "{mean}");
    }
    // A shift within the image is read as it is, and black is byte 0 of every channel.
    let shifted = Op::PadCrop(PadCrop::new(vec![2], vec![-3], vec![-1.0, -2.0, -3.0]));
    let (x, y) = (values(noise(5, 1, SHAPE)), values(Draws::new(vec![shifted]).apply(noise(5, 1, SHAPE))));
    for (p, v) in y.iter().enumerate() {
        let (c, i, j) = (p / 256, p / 16 % 16, p % 16);
        let expected = if i + 2 < 16 && j >= 3 { x[c * 256 + (i + 2) * 16 + j - 3] } else { -1.0 - c as f32 };
        assert_eq!(*v, expected);
    }
}

#[test]
fn whitened_images_have_no_bytes() {
    let spec = BatchSpec { normalisation: None, ..batch(2, SHAPE) };
    let message = |operation| Pipeline::new(vec![operation]).draw_batch(&spec, 0, 0).unwrap_err().to_string();
    assert!(message(Operation::RandAugment(RandAugmentConfig::default())).contains("`rand-augment` needs images"));
    assert!(message(Operation::PadCrop(PadCropConfig::default())).contains("`pad-crop` needs images"));
    draw(Operation::PadCrop(PadCropConfig { padding: 4, fill: Fill::Mean }), &spec, 0);
}

#[test]
fn images_of_a_siamese_batch_share_their_parameters() {
    let spec = BatchSpec { sampling: Sampling::Siamese, ..batch(3, SHAPE) };
    let same = noise(2, 1, SHAPE).repeat_dim(0, 3);
    for step in 0..10 {
        let mut pipeline = everything(mixes()[0].clone()).operations().to_vec();
        pipeline.pop();
        let views = values(Pipeline::new(pipeline).draw_batch(&spec, 1, step).unwrap().apply(same.clone()));
        let first = &views[..views.len() / 3];
        assert!(views.chunks_exact(first.len()).all(|view| view == first));
    }
}

/// `<apply(x) - apply(0), y> = <x, pullback(y)>`, across a change of size and of the minibatch.
#[test]
fn the_pullback_is_the_transpose() {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    for (step, mix) in (0..10).flat_map(|step| mixes().map(|mix| (step, mix))) {
        let linear = Pipeline::new(everything(mix).operations()[1..].to_vec());
        let draws = linear.draw_batch(&batch(4, SHAPE), 5, step).unwrap();
        let (x, y) = (noise(step, 4, SHAPE), noise(step + 100, 4, [3, 12, 12]));
        let there = values(draws.apply(x.clone()) - draws.apply(x.zeros_like()));
        let back = values(draws.pullback(y.clone()));
        let (a, b) = (dot(&there, &values(y.clone())), dot(&values(x.clone()), &back));
        assert!((a - b).abs() < 1e-3 * (1.0 + a.abs()), "{a} {b}");
        let leaf = x.autodiff().require_grad();
        let mut gradients = (draws.apply(leaf.clone()) * y).sum().backward();
        assert!(distance(&values(leaf.grad_remove(&mut gradients).unwrap()), &back) < 1e-5);
    }
}

proptest! {
    #[test]
    fn boxes_lie_inside_and_have_what_was_asked(
        h in 1_usize..90, w in 1_usize..90, low in 0.01_f32..1.0, narrow in 0.3_f32..1.0, step in 0_u64..1000,
    ) {
        let config = ResizedCropConfig { ratio: [narrow, 1.0 / narrow], ..crop([low, 1.0]) };
        let spec = batch(3, [3, h, w]);
        let draws = draw(Operation::RandomResizedCrop(config), &spec, step);
        let Op::ResizedCrop(crop) = &draws.ops()[0] else { unreachable!() };
        for b in crop.boxes() {
            prop_assert!(b.height >= 1 && b.width >= 1 && b.top + b.height <= h && b.left + b.width <= w);
            // Sides are rounded to whole pixels.
            prop_assert!((b.width as f32 - 0.5) / (b.height as f32 + 0.5) <= 1.0 / narrow + 1e-3 || b.height == 1 || b.width == 1);
        }
        prop_assert_eq!(draws.apply(noise(step, 3, [3, h, w])).dims(), [3, 3, h, w]);
    }

    #[test]
    fn a_resized_image_stays_within_its_values(side in 1_usize..40, to in 1_usize..40, antialias: bool, step in 0_u64..1000) {
        let x = noise(step, 2, [3, side, side]);
        let config = ResizedCropConfig { size: Some(to), antialias, ..crop([0.08, 1.0]) };
        let y = values(draw(Operation::RandomResizedCrop(config.clone()), &batch(2, [3, side, side]), step).apply(x.clone()));
        let edge = |values: &[f32], pick: fn(f32, f32) -> f32| values.iter().copied().reduce(pick).unwrap();
        let x = values(x);
        prop_assert!(edge(&y, f32::max) <= edge(&x, f32::max) + 1e-5 && edge(&y, f32::min) >= edge(&x, f32::min) - 1e-5);
        // Shares sum to one: a constant image stays constant.
        let flat = Tensor::<4>::ones([2, 3, side, side], &Device::flex()).mul_scalar(0.7);
        let y = values(draw(Operation::RandomResizedCrop(config), &batch(2, [3, side, side]), step).apply(flat));
        prop_assert!(y.iter().all(|v| (v - 0.7).abs() < 1e-5));
    }
}
