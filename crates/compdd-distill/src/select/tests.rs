//! Toys worked out by hand, and the definitions applied by brute force.

use super::*;
use compdd_core::rng::Stream;

/// Toy 1 of the selection notes: five points with mean (2, 2).
const TOY: [f32; 10] = [0.0, 0.0, 4.0, 0.0, 0.0, 4.0, 1.0, 1.0, 5.0, 5.0];

fn cloud(seed: u64, n: usize, d: usize) -> Vec<f32> {
    let mut stream = Stream::new(seed, "cloud", 0);
    (0..n * d).map(|_| stream.normal()).collect()
}

#[test]
fn toy_1() {
    assert_eq!(herding(&TOY, 5, 2, 3).unwrap(), [3, 4, 0]);
    assert_eq!(k_center(&TOY, 5, 2, 3).unwrap(), [3, 4, 1]);
}

#[test]
fn herding_is_greedy_mean_matching() {
    let (n, d, m) = (60, 5, 20);
    let features = cloud(1, n, d);
    let row = |i: usize| features[i * d..][..d].iter().map(|&v| f64::from(v));
    let mean: Vec<f64> =
        (0..d).map(|k| (0..n).map(|i| f64::from(features[i * d + k])).sum::<f64>() / n as f64).collect();
    let mut chosen: Vec<usize> = Vec::new();
    for k in 0..m {
        let error = |i: usize| -> f64 {
            let picked = |c: usize| chosen.iter().map(|&j| f64::from(features[j * d + c])).sum::<f64>();
            row(i).enumerate().map(|(c, e)| (mean[c] - (picked(c) + e) / (k + 1) as f64).powi(2)).sum()
        };
        let best = (0..n).filter(|i| !chosen.contains(i)).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap();
        chosen.push(best);
    }
    assert_eq!(herding(&features, n, d, m).unwrap(), chosen);
}

#[test]
fn k_center_takes_the_farthest_point() {
    let (n, d, m) = (60, 5, 20);
    let features = cloud(2, n, d);
    let distance = |i: usize, j: usize| -> f64 {
        (0..d).map(|k| (f64::from(features[i * d + k]) - f64::from(features[j * d + k])).powi(2)).sum()
    };
    let order = k_center(&features, n, d, m).unwrap();
    for k in 1..m {
        let cover = |i: usize| order[..k].iter().map(|&j| distance(i, j)).fold(f64::INFINITY, f64::min);
        let farthest = (0..n).map(cover).fold(0.0, f64::max);
        assert!((cover(order[k]) - farthest).abs() < 1e-12);
    }
}

#[test]
fn equal_rows_are_taken_in_order_and_once() {
    let features = [1.0_f32; 12];
    assert_eq!(herding(&features, 6, 2, 6).unwrap(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(k_center(&features, 6, 2, 6).unwrap(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_smaller_budget_is_a_prefix() {
    let features = cloud(3, 40, 7);
    for select in [herding, k_center] {
        let all = select(&features, 40, 7, 40).unwrap();
        assert_eq!(select(&features, 40, 7, 9).unwrap(), all[..9]);
        assert_eq!(select(&features, 40, 7, 0).unwrap(), [0_usize; 0]);
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..40).collect::<Vec<_>>());
    }
    let draw = |m| random(&mut Stream::new(4, "select", 0), 40, m).unwrap();
    assert_eq!(draw(40)[..9], draw(9));
}

#[test]
fn random_is_uniform() {
    let mut counts = [0_u32; 20];
    for seed in 0..4000 {
        for pick in random(&mut Stream::new(seed, "select", 0), 20, 5).unwrap() {
            counts[pick] += 1;
        }
    }
    assert!(counts.iter().all(|&count| count.abs_diff(1000) < 130), "{counts:?}");
}

#[test]
fn impossible_requests_are_named() {
    assert_eq!(herding(&TOY, 5, 2, 6).unwrap_err(), SelectError::TooFew { wanted: 6, available: 5 });
    assert_eq!(random(&mut Stream::new(0, "", 0), 3, 4).unwrap_err(), SelectError::TooFew { wanted: 4, available: 3 });
    assert_eq!(k_center(&TOY, 5, 3, 2).unwrap_err(), SelectError::Shape { length: 10, rows: 5, width: 3 });
    let mut broken = TOY;
    broken[6] = f32::NAN;
    assert_eq!(k_center(&broken, 5, 2, 2).unwrap_err(), SelectError::NotFinite { row: 3 });
}
