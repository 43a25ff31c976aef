//! Acceptance checks E6 to E11 of the evaluation protocol, and the two execution paths against each other.

use burn::tensor::{
    Device, Tensor, TensorData,
    ops::{GridSampleOptions, InterpolateMode},
};

use super::*;
use compdd_core::rng::Stream;

const SHAPE: [usize; 3] = [3, 16, 16];

pub(super) fn noise(seed: u64, n: usize, [c, h, w]: [usize; 3]) -> Tensor<4> {
    let mut stream = Stream::new(seed, "test images", 0);
    let values: Vec<f32> = (0..n * c * h * w).map(|_| stream.normal()).collect();
    Tensor::from_data(TensorData::new(values, [n, c, h, w]), &Device::flex())
}

pub(super) fn values(x: Tensor<4>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

pub(super) fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn one(kind: Kind, config: &DsaConfig, shape: [usize; 3], slots: &[Vec<f32>]) -> Draws {
    Draws::new(vec![Op::from_slots(kind, config, shape, slots)])
}

/// Every kind with five images of random parameters.
pub(super) fn random_draws(shape: [usize; 3]) -> Vec<Draws> {
    let config = DsaConfig { mode: Mode::M, ..DsaConfig::default() };
    let draws = config.draw(&mut Stream::new(11, "test draws", 0), 5, shape, Sampling::PerImage);
    draws.ops().iter().map(|op| Draws::new(vec![op.clone()])).collect()
}

#[test]
fn tokens_are_uniform() {
    let config = DsaConfig::default();
    let mut counts = std::collections::BTreeMap::new();
    for call in 0..60_000 {
        let draws = config.draw(&mut Stream::new(0, "dsa", call), 1, SHAPE, Sampling::PerImage);
        let first = serde_json::to_value(&draws.ops()[0]).unwrap()["op"].to_string();
        *counts.entry(first).or_insert(0_i32) += 1;
    }
    assert_eq!(counts.len(), 6);
    assert!(counts.values().all(|count| (count - 10_000).abs() <= 400), "{counts:?}");
}

#[test]
fn neutral_parameters_change_nothing() {
    let x = noise(1, 2, SHAPE);
    let config = DsaConfig::default();
    let neutral_scale = (1.0 - 1.0 / 1.2) / (1.2 - 1.0 / 1.2);
    let cases = [
        (Kind::Brightness, vec![vec![0.5; 2]]),
        (Kind::Saturation, vec![vec![0.5; 2]]),
        (Kind::Contrast, vec![vec![0.5; 2]]),
        (Kind::Crop, vec![vec![0.0; 2]; 2]),
        (Kind::Flip, vec![vec![0.5; 2]]),
        (Kind::Scale, vec![vec![neutral_scale; 2]; 2]),
        (Kind::Rotate, vec![vec![0.5; 2]]),
    ];
    for (kind, slots) in cases {
        let draws = one(kind, &config, SHAPE, &slots);
        for path in [draws.apply_direct(x.clone()), draws.apply_tensor(x.clone())] {
            assert!(distance(&values(path), &values(x.clone())) <= 1e-6, "{kind:?}");
        }
    }
}

#[test]
fn crop_moves_up_and_fills_with_zero() {
    for (ratio, side, shift) in [(0.125, 32, 4), (0.125, 128, 16), (0.25, 128, 32)] {
        let config = DsaConfig { crop_ratio: ratio, ..DsaConfig::default() };
        let shape = [3, side, side];
        let distributions = Kind::Crop.distributions(&config, shape);
        assert_eq!(distributions, vec![operation::ParamDistribution::Whole { low: -shift, high: shift }; 2]);
        let x = noise(2, 1, shape);
        let moved = one(Kind::Crop, &config, shape, &[vec![shift as f32], vec![0.0]]).apply(x.clone());
        let s = shift as usize;
        let kept = values(moved.clone().slice([0..1, 0..3, 0..side - s, 0..side]));
        assert_eq!(kept, values(x.slice([0..1, 0..3, s..side, 0..side])));
        assert!(values(moved.slice([0..1, 0..3, side - s..side, 0..side])).iter().all(|&v| v == 0.0));
    }
}

#[test]
fn cutout_area() {
    let config = DsaConfig::default();
    let (side, shape) = (32_usize, [1, 32, 32]);
    let zeroed = |row: usize, column: usize| {
        let x = Tensor::ones([1, 1, side, side], &Device::flex());
        let y = one(Kind::Cutout, &config, shape, &[vec![row as f32], vec![column as f32]]).apply(x);
        values(y).iter().filter(|&&v| v == 0.0).count()
    };
    let mut total = 0;
    for row in 0..=side {
        for column in 0..=side {
            let count = zeroed(row, column);
            assert!(count >= 64, "{row} {column} {count}");
            if (8..=24).contains(&row) && (8..=24).contains(&column) {
                assert_eq!(count, 256);
            }
            total += count;
        }
    }
    assert_eq!([zeroed(0, 0), zeroed(side, side)], [64, 64]);
    let kept = 1.0 - f64::from(total as u32) / (33.0 * 33.0 * 1024.0);
    assert!((kept - 0.81353).abs() < 1e-5, "{kept}");
    assert_eq!(
        Kind::Cutout.distributions(&config, shape),
        vec![operation::ParamDistribution::Whole { low: 0, high: 32 }; 2]
    );
}

#[test]
fn limits_of_the_colour_operations_and_the_mirror() {
    let config = DsaConfig::default();
    let x = noise(3, 2, SHAPE);
    let grey = one(Kind::Saturation, &config, SHAPE, &[vec![0.0; 2]]).apply(x.clone());
    let channel = |c: usize| values(grey.clone().slice([0..2, c..c + 1, 0..16, 0..16]));
    assert!(distance(&channel(0), &channel(1)) < 1e-6 && distance(&channel(0), &channel(2)) < 1e-6);
    for u in [0.0, 0.3, 0.999_999] {
        let Op::Contrast { factor } = Op::from_slots(Kind::Contrast, &config, SHAPE, &[vec![u]]) else {
            unreachable!()
        };
        assert!((0.5..1.5).contains(&factor[0]));
    }
    let mirror = one(Kind::Flip, &config, SHAPE, &[vec![0.2, 0.7]]);
    let once = mirror.apply(x.clone());
    assert_ne!(values(once.clone()), values(x.clone()));
    assert_eq!(values(mirror.apply(once)), values(x));
}

#[test]
fn siamese_shares_and_per_image_differs() {
    let config = DsaConfig { mode: Mode::M, ..DsaConfig::default() };
    let draw = |n, sampling| config.draw(&mut Stream::new(5, "dsa", 3), n, SHAPE, sampling);
    let (small, large) = (draw(2, Sampling::Siamese), draw(9, Sampling::Siamese));
    for (a, b) in small.ops().iter().zip(large.ops()) {
        assert_eq!((a.len(), b.len()), (2, 9));
        let shared = |op: &Op| -> Vec<String> {
            let value = serde_json::to_value(op).unwrap();
            let lists = value.as_object().unwrap().values().filter_map(|v| v.as_array()).filter(|list| list.len() > 1);
            lists
                .map(|list| {
                    assert!(list.iter().all(|v| v == &list[0]));
                    list[0].to_string()
                })
                .collect()
        };
        assert_eq!(shared(a), shared(b));
    }
    let many = draw(64, Sampling::PerImage);
    let Op::Brightness { shift } = &many.ops()[0] else { unreachable!() };
    let distinct: std::collections::BTreeSet<_> = shift.iter().map(|v| v.to_bits()).collect();
    assert_eq!(distinct.len(), 64);
    let token =
        |n| DsaConfig::default().draw(&mut Stream::new(5, "dsa", 4), n, SHAPE, Sampling::PerImage).ops()[0].clone();
    assert_eq!(std::mem::discriminant(&token(1)), std::mem::discriminant(&token(100)));
}

#[test]
fn operations_are_affine_in_the_image() {
    let (a, b) = (noise(6, 5, SHAPE), noise(7, 5, SHAPE));
    for draws in random_draws(SHAPE) {
        let of_mean = values(draws.apply((a.clone() + b.clone()).mul_scalar(0.5)));
        let mean_of = values((draws.apply(a.clone()) + draws.apply(b.clone())).mul_scalar(0.5));
        assert!(distance(&of_mean, &mean_of) <= 1e-6, "{:?}", draws.ops()[0]);
    }
}

#[test]
fn gradients_match_finite_differences() {
    let (x, direction, cotangent) = (noise(8, 5, SHAPE), noise(9, 5, SHAPE), noise(10, 5, SHAPE));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    for draws in random_draws(SHAPE) {
        let leaf = x.clone().autodiff().require_grad();
        let mut gradients = (draws.apply(leaf.clone()) * cotangent.clone()).sum().backward();
        let gradient = values(leaf.grad_remove(&mut gradients).unwrap());
        let analytic = dot(&gradient, &values(direction.clone()));
        let at = |step: f32| {
            dot(&values(draws.apply(x.clone() + direction.clone().mul_scalar(step))), &values(cotangent.clone()))
        };
        let numeric = (at(0.5) - at(-0.5)) / 1.0;
        let scale =
            dot(&gradient, &gradient).sqrt() * dot(&values(direction.clone()), &values(direction.clone())).sqrt();
        assert!((analytic - numeric).abs() < 1e-5 * scale, "{:?}: {analytic} {numeric}", draws.ops()[0]);
    }
}

#[test]
fn both_paths_agree_on_every_shape() {
    for shape in [SHAPE, [3, 9, 14], [1, 28, 28], [3, 64, 64]] {
        let x = noise(12, 5, shape);
        for draws in random_draws(shape) {
            let (direct, tensor) = (values(draws.apply_direct(x.clone())), values(draws.apply_tensor(x.clone())));
            assert!(distance(&direct, &tensor) < 2e-5, "{shape:?} {:?}", draws.ops()[0]);
        }
    }
}

#[test]
fn resampling_equals_the_frameworks_grid_sampling() {
    let (h, w, angle) = (10_usize, 15_usize, 0.21_f64);
    let x = noise(13, 1, [2, h, w]);
    for align_corners in [true, false] {
        let mut grid = Vec::new();
        for (i, j) in (0..h * w).map(|p| (p / w, p % w)) {
            let normalised = |index: usize, side: usize| {
                let (index, side) = (index as f64, side as f64);
                if align_corners { 2.0 * index / (side - 1.0) - 1.0 } else { (2.0 * index + 1.0) / side - 1.0 }
            };
            let (a, b) = (normalised(j, w), normalised(i, h));
            grid.push((angle.cos() * a - angle.sin() * b) as f32);
            grid.push((angle.sin() * a + angle.cos() * b) as f32);
        }
        let grid = Tensor::from_data(TensorData::new(grid, [1, h, w, 2]), &Device::flex());
        let options = GridSampleOptions::new(InterpolateMode::Bilinear).with_align_corners(align_corners);
        let expected = values(x.clone().grid_sample_2d(grid, options));
        let draws = Draws::new(vec![Op::Rotate { angle: vec![angle as f32], align_corners }]);
        assert!(distance(&values(draws.apply(x.clone())), &expected) < 1e-5, "{align_corners}");
    }
}

#[test]
fn draws_survive_a_record() {
    let config = DsaConfig { mode: Mode::M, ..DsaConfig::default() };
    let draws = config.draw(&mut Stream::new(1, "dsa", 0), 7, [3, 33, 33], Sampling::PerImage);
    let text = serde_json::to_string(&draws).unwrap();
    assert_eq!(serde_json::from_str::<Draws>(&text).unwrap(), draws);
}

#[test]
fn strategies_parse_print_and_name_a_bad_token() {
    assert_eq!(DsaConfig::default().strategy.to_string(), "color_crop_cutout_flip_scale_rotate");
    assert_eq!(DsaConfig::parse("flip_crop").unwrap().strategy.to_string(), "flip_crop");
    assert!(
        DsaConfig::parse("none")
            .unwrap()
            .draw(&mut Stream::new(0, "", 0), 1, SHAPE, Sampling::PerImage)
            .ops()
            .is_empty()
    );
    let error = DsaConfig::parse("color_krop").unwrap_err();
    assert_eq!(error.to_string(), "augmentation strategy `color_krop` has an unknown token `krop`");
    let wild = DsaConfig { flip: 1.5, ..DsaConfig::default() };
    assert!(wild.validate().unwrap_err().to_string().contains("`flip` is 1.5"));
    assert_eq!(DsaConfig::default().validate(), Ok(()));
}
