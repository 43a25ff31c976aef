//! Resizing, gradient weights, complexity.

use super::{close, host, normal, tensor};
use crate::cam::{Comparison, Threshold, complexity, dae_weights, due, enhanced_share, normalise, refreshes, resize};

/// A 4x4 map that is one at `(row, column)`, at 128 px.
fn impulse(row: usize, column: usize) -> Vec<f32> {
    let mut cells = [0.0; 16];
    cells[row * 4 + column] = 1.0;
    host(&resize(tensor(&cells, [1, 4, 4]), 128))
}

#[test]
fn enlarging_is_bilinear_with_half_pixel_centres() {
    let corner = impulse(0, 0);
    assert_eq!(corner[..16], [1.0; 16]);
    assert_eq!(corner[16..18], [0.984_375, 0.953_125]);
    assert_eq!([corner[15 * 128], corner[16 * 128], corner[17 * 128]], [1.0, 0.984_375, 0.953_125]);
    assert_eq!(corner[16 * 128 + 16], 0.984_375 * 0.984_375);
    let inner = impulse(1, 2);
    assert_eq!(inner.iter().copied().fold(0.0, f32::max), 0.984_375 * 0.984_375);
    // Weights add up to one everywhere, and nothing leaves the range.
    assert!(host(&resize(tensor(&[1.0; 16], [1, 4, 4]), 128)).iter().all(|v| (v - 1.0).abs() < 1e-6));
    let maps = normal([3, 5, 5], 0);
    assert_eq!(host(&resize(maps.clone(), 5)), host(&maps));
    // Rows and columns of a map that is not square; shrinking samples without antialiasing.
    let wide = tensor(&[0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0], [1, 2, 4]);
    assert_eq!(host(&resize(wide, 2)), [0.5, 2.5, 10.5, 12.5]);
}

#[test]
fn the_toy_by_hand() {
    let map = || tensor(&[0.0, 0.2, 0.6, 1.0], [1, 2, 2]);
    let weights = |beta, threshold| host(&dae_weights(map(), beta, threshold));
    assert_eq!(weights(0.0, Threshold::Mean), [1.0, 1.0, 0.6, 1.0]);
    assert_eq!(weights(1.0, Threshold::Mean), [1.0, 1.0, 1.6, 2.0]);
    assert_eq!(weights(2.0, Threshold::Mean), [1.0, 1.0, 2.6, 3.0]);
    assert_eq!(weights(1.0, Threshold::Constant(0.2)), [1.0, 1.2, 1.6, 2.0]);
    assert_eq!(weights(1.0, Threshold::Constant(0.0)), [1.0, 1.2, 1.6, 2.0]);
    assert_eq!(weights(1.0, Threshold::Constant(0.7)), [1.0, 1.0, 1.0, 2.0]);
    assert_eq!(enhanced_share(map(), Threshold::Mean), 0.5);
    assert_eq!(host(&dae_weights(tensor(&[0.0; 4], [1, 2, 2]), 1.5, Threshold::Mean)), [1.5; 4]);
}

#[test]
fn every_image_is_enhanced_somewhere_and_nowhere_else() {
    let maps = resize(normalise(normal([20, 4, 4], 1)), 32);
    for beta in [1.0, 2.0] {
        let weights = host(&dae_weights(maps.clone(), beta, Threshold::Mean));
        for (weights, map) in weights.chunks(1024).zip(host(&maps).chunks(1024)) {
            let mean = map.iter().map(|v| f64::from(*v)).sum::<f64>() / 1024.0;
            assert!(weights.iter().any(|weight| *weight > 1.0));
            let bounds = (f64::from(beta) + mean - 1e-5)..=(f64::from(beta) + 1.0 + 1e-5);
            assert!(weights.iter().all(|weight| *weight == 1.0 || bounds.contains(&f64::from(*weight))));
        }
    }
    let share = enhanced_share(maps.clone(), Threshold::Mean);
    assert!(share > 0.1 && share < 0.9, "{share}");
    assert!((enhanced_share(maps.clone() * 0.25, Threshold::Mean) - share).abs() < 1e-6, "a power of two is exact");
    assert_ne!(
        enhanced_share(maps.clone() * 0.25, Threshold::Constant(0.5)),
        enhanced_share(maps, Threshold::Constant(0.5))
    );
}

#[test]
fn complexity_is_the_share_that_is_not_activated() {
    let one = |map, threshold| complexity(map, threshold, Comparison::AtLeast)[0];
    assert_eq!(one(tensor(&[1.0; 49], [1, 7, 7]), 0.5), 0.0);
    let mut cells = [0.3; 49];
    cells[..12].fill(0.5);
    let map = tensor(&cells, [1, 7, 7]);
    assert!((one(map.clone(), 0.5) - 37.0 / 49.0).abs() < 1e-7);
    assert!((one(map.clone(), 0.5) - 0.7551).abs() < 1e-4);
    assert_eq!(complexity(map, 0.5, Comparison::Above), [1.0]);
    let maps = normalise(normal([10, 7, 7], 2));
    assert_eq!(complexity(maps.clone(), 0.0, Comparison::AtLeast), [0.0; 10]);
    let mut before = vec![0.0; 10];
    for step in 0..=20 {
        let scores = complexity(maps.clone(), step as f32 / 20.0, Comparison::AtLeast);
        assert!(scores.iter().zip(&before).all(|(now, before)| now >= before));
        before = scores;
    }
    for score in complexity(maps, 0.5, Comparison::AtLeast) {
        assert!((1.0 / 49.0 - 1e-6..=48.0 / 49.0 + 1e-6).contains(&score), "{score}");
    }
    assert_eq!(complexity(tensor(&[0.0; 49], [1, 7, 7]), 0.5, Comparison::AtLeast), [1.0]);
}

#[test]
fn refreshes_of_the_published_schedules() {
    for (interval, expected) in [(50, 201), (100, 101), (200, 51), (0, 1), (20_000, 1)] {
        assert_eq!(refreshes(10_000, interval), expected);
        assert_eq!((0..=10_000).filter(|iteration| due(*iteration, interval)).count(), expected);
    }
}

#[test]
fn thresholds_have_names() {
    for threshold in [Threshold::Mean, Threshold::Constant(0.0), Threshold::Constant(0.2)] {
        assert_eq!(threshold.to_string().parse::<Threshold>().unwrap(), threshold);
    }
    assert!("median".parse::<Threshold>().is_err() && "nan".parse::<Threshold>().is_err());
}

#[test]
fn weights_are_those_of_each_map_alone() {
    let maps = normalise(normal([6, 8, 8], 3));
    let all = host(&dae_weights(maps.clone(), 1.0, Threshold::Mean));
    for i in 0..6 {
        let one = host(&dae_weights(maps.clone().narrow(0, i, 1), 1.0, Threshold::Mean));
        close(&one, &all[i * 64..][..64], 0.0);
    }
}
