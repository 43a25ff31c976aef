//! Coresets of gradients: toys worked out by hand, and the definitions applied by brute force.

use super::*;
use compdd_core::rng::Stream;

fn cloud(seed: u64, n: usize, d: usize) -> Vec<f32> {
    let mut stream = Stream::new(seed, "cloud", 0);
    (0..n * d).map(|_| stream.normal()).collect()
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-4, "{found:?} {expected:?}");
    }
}

/// Every gain evaluated in every step.
fn every_gain(gradients: &[f32], n: usize, d: usize, m: usize) -> (Vec<usize>, Vec<f64>) {
    let distance = |i: usize, j: usize| {
        let (a, b) = (&gradients[i * d..][..d], &gradients[j * d..][..d]);
        a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>() as f32
    };
    let largest = (0..n * n).map(|k| distance(k / n, k % n)).fold(0.0, f32::max);
    let (mut best, mut order, mut gains) = (vec![0.0_f32; n], Vec::new(), Vec::new());
    for _ in 0..m {
        let gain = |j: usize| -> f64 { (0..n).map(|i| f64::from((largest - distance(i, j) - best[i]).max(0.0))).sum() };
        let left: Vec<usize> = (0..n).filter(|j| !order.contains(j)).collect();
        let all: Vec<f64> = left.iter().map(|&j| gain(j)).collect();
        let first = (0..all.len()).fold(0, |top, k| if all[k] > all[top] { k } else { top });
        order.push(left[first]);
        gains.push(all[first]);
        for (i, b) in best.iter_mut().enumerate() {
            *b = b.max(largest - distance(i, left[first]));
        }
    }
    (order, gains)
}

/// Acceptance 2 of the selection notes: scalar gradients, similarity `121 - d^2`.
#[test]
fn facility_location_of_five_numbers() {
    let cover = craig(&[0.0, 1.0, 2.0, 10.0, 11.0], 5, 1, 2).unwrap();
    assert_eq!((cover.order, cover.weights), (vec![2, 3], vec![3.0, 2.0]));
    assert_eq!(cover.gains, [455.0, 144.0]);
}

#[test]
fn lazy_evaluation_chooses_what_all_gains_choose() {
    for seed in 0..100 {
        let (n, d) = (5 + seed as usize % 23, 1 + seed as usize % 4);
        // Rounded to quarters, so that equal gains occur.
        let gradients: Vec<f32> = cloud(seed, n, d).iter().map(|v| (4.0 * v).round() / 4.0).collect();
        let m = n / 2 + seed as usize % 3;
        let cover = craig(&gradients, n, d, m).unwrap();
        let (order, gains) = every_gain(&gradients, n, d, m);
        assert_eq!((&cover.order, &cover.gains), (&order, &gains), "seed {seed}");
        assert_eq!(cover.weights.iter().sum::<f32>(), n as f32);
    }
}

#[test]
fn every_row_can_be_covered_by_itself() {
    let cover = craig(&cloud(1, 40, 3), 40, 3, 40).unwrap();
    let mut order = cover.order;
    order.sort_unstable();
    assert_eq!(order, (0..40).collect::<Vec<_>>());
    assert!(cover.weights.iter().all(|&weight| weight == 1.0), "distinct rows stand for themselves");
    assert_eq!(craig(&[1.0; 6], 6, 1, 6).unwrap().order, [0, 1, 2, 3, 4, 5]);
}

/// Acceptance 3: columns (1,0), (0,1), (1,1), target (2,3). The sum of the three rows is (2,2), so that a fourth row brings the target.
#[test]
fn pursuit_of_two_dimensions() {
    let rows = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0];
    let pursuit = |m, lambda| gradmatch(&rows, [4, 2, m], Target::Sum, lambda, 1e-100).unwrap();
    let one = pursuit(1, 0.5);
    assert_eq!(one.order, [2]);
    near(&one.weights, &[2.5]);
    near(&[one.residual], &[0.5_f64.sqrt()]);
    let two = pursuit(2, 0.5);
    assert_eq!(two.order, [2, 1]);
    near(&two.weights, &[1.63636, 0.90909]);
    near(&[two.residual], &[(0.36364_f64.powi(2) + 0.45455_f64.powi(2)).sqrt()]);
    let exact = pursuit(2, 0.0);
    near(&exact.weights, &[2.0, 1.0]);
    assert!(exact.residual < 1e-12);
}

/// The weights solve the ridge equations of the chosen rows, none is negative, and the residual is what is left.
#[test]
fn pursuit_solves_its_equations() {
    for seed in 0..20 {
        let (n, d, m, lambda) = (60, 12, 20, 0.5);
        let rows: Vec<f32> = cloud(seed, n, d).iter().map(|v| v + 0.2).collect();
        let found = gradmatch(&rows, [n, d, m], Target::Mean, lambda, 1e-100).unwrap();
        assert!(found.order.len() > 1 && found.weights.iter().all(|&weight| weight >= 0.0));
        let row = |i: usize| rows[i * d..][..d].iter().map(|&v| f64::from(v));
        let mut left: Vec<f64> =
            (0..d).map(|k| (0..n).map(|i| f64::from(rows[i * d + k])).sum::<f64>() / n as f64).collect();
        for (&i, weight) in found.order.iter().zip(&found.weights) {
            left.iter_mut().zip(row(i)).for_each(|(l, v)| *l -= weight * v);
        }
        near(&[left.iter().map(|l| l * l).sum::<f64>().sqrt()], &[found.residual]);
        for (&i, weight) in found.order.iter().zip(&found.weights) {
            let along: f64 = row(i).zip(&left).map(|(v, l)| v * l).sum();
            assert!((along - lambda * weight).abs() < 1e-9, "seed {seed}: {along} {weight}");
        }
    }
}

#[test]
fn pursuit_ends_where_no_row_helps() {
    let copies = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
    let found = gradmatch(&copies, [3, 2, 3], Target::Sum, 0.0, 1e-100).unwrap();
    assert_eq!(found.order, [0]);
    near(&found.weights, &[3.0]);
}

fn validation(seed: u64) -> (Vec<f32>, Vec<u32>) {
    (cloud(seed, 12, 4), (0..12).map(|i| i % 4).collect())
}

/// Acceptance 4.
#[test]
fn glister_without_a_step_is_an_order_of_products() {
    let labels: Vec<u32> = (0..30).map(|i| i % 4).collect();
    let gradients = bias_gradients(&cloud(2, 30, 4), &labels, 4);
    let (logits, classes) = validation(3);
    let held = Validation { logits: &logits, labels: &classes };
    let choice = glister(&gradients, [30, 4, 30], held, 0.0, Candidates::All).unwrap();
    let mean: Vec<f64> = (0..4)
        .map(|k| bias_gradients(&logits, &classes, 4).chunks(4).map(|row| f64::from(row[k])).sum::<f64>() / 12.0)
        .collect();
    let product = |i: &usize| gradients[4 * i..][..4].iter().zip(&mean).map(|(&g, m)| f64::from(g) * m).sum::<f64>();
    let mut order: Vec<usize> = (0..30).collect();
    order.sort_by(|a, b| product(b).total_cmp(&product(a)));
    assert_eq!(choice.order, order);
    assert!(choice.gains.is_sorted_by(|a, b| a >= b));
}

/// The validation loss after the virtual step that the choice stands for is lower than after that of random rows.
#[test]
fn glister_lowers_the_validation_loss() {
    let labels: Vec<u32> = (0..60).map(|i| i % 4).collect();
    let gradients = bias_gradients(&cloud(5, 60, 4), &labels, 4);
    let (logits, classes) = validation(6);
    let loss = |order: &[usize]| -> f64 {
        let moved = |k: usize| order.iter().map(|&i| gradients[4 * i + k]).sum::<f32>();
        let rows = logits.chunks(4).zip(&classes);
        rows.map(|(row, &label)| {
            let stepped: Vec<f32> = row.iter().enumerate().map(|(k, z)| z - 0.05 * moved(k)).collect();
            -realism(&stepped, label as usize)
        })
        .sum()
    };
    let held = Validation { logits: &logits, labels: &classes };
    let chosen = |candidates| glister(&gradients, [60, 4, 10], held, 0.05, candidates).unwrap().order;
    let drawn: f64 = (0..20).map(|seed| loss(&Stream::new(seed, "draw", 0).sample(60, 10))).sum::<f64>() / 20.0;
    assert!(loss(&chosen(Candidates::All)) < drawn);
    let sampled = || chosen(Candidates::Sample(Box::new(Stream::new(7, "pool", 0))));
    assert_eq!(sampled(), sampled());
    assert!(loss(&sampled()) < drawn);
    let mut all = glister(&gradients, [60, 4, 60], held, 0.05, Candidates::Sample(Box::new(Stream::new(7, "pool", 0))))
        .unwrap()
        .order;
    all.sort_unstable();
    assert_eq!(all, (0..60).collect::<Vec<_>>(), "a pool never asks for more than are left");
}

#[test]
fn gradients_of_the_last_layer() {
    let bias = bias_gradients(&[0.0, 0.0, 3.0, 0.0], &[1, 0], 2);
    let p = 1.0 / (1.0 + 3.0_f64.exp());
    near(&bias.iter().map(|&v| f64::from(v)).collect::<Vec<_>>(), &[0.5, -0.5, -p, p]);
    let own = own_class_gradients(&[0.0, 0.0, 3.0, 0.0], &[2.0, 4.0, 6.0, 8.0], &[1, 0], 2);
    near(&own.iter().map(|&v| f64::from(v)).collect::<Vec<_>>(), &[-0.5, -1.0, -2.0, -p, -6.0 * p, -8.0 * p]);
}
