//! The terms that G-VBSM and EDC add, by hand: eigenvalues, densification, flatness.

use super::{tensor, values};
use crate::methods::recover::{
    densify::{densification, products},
    eigen::symmetric,
    flatness::{Form, averaged, divergence, uphill},
};
use compdd_core::rng::Stream;

/// `A v = l v`, unit vectors, the smallest value first; of a matrix of one row, of equal values and of none but zeros as well.
#[test]
fn eigenvectors_are_kept_by_their_matrix() {
    let mut stream = Stream::new(2, "matrix", 0);
    for n in [1, 2, 3, 7, 50] {
        let rows: Vec<f64> = (0..n * n).map(|_| f64::from(stream.normal())).collect();
        let entry = |i: usize, j: usize| (0..n).map(|k| rows[i * n + k] * rows[j * n + k]).sum::<f64>();
        let matrix: Vec<f64> = (0..n * n).map(|i| entry(i / n, i % n)).collect();
        let (found, vectors) = symmetric(&matrix, n);
        assert!(found.is_sorted());
        for (value, vector) in found.iter().zip(&vectors) {
            assert!((vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-10);
            for i in 0..n {
                let product: f64 = (0..n).map(|j| matrix[i * n + j] * vector[j]).sum();
                assert!((product - value * vector[i]).abs() < 1e-8 * (1.0 + value.abs()), "{n}");
            }
        }
    }
    assert_eq!(symmetric(&[0.0; 9], 3).0, [0.0; 3]);
    assert_eq!(symmetric(&[2.0, 0.0, 0.0, 2.0], 2).0, [2.0; 2]);
}

/// Products of [[1, 1], [1, 2]]: eigenvalues 2.618034 and 0.381966, divergence 0.259410; one image has nothing to differ from.
#[test]
fn densification_by_hand() {
    let x = tensor(vec![1.0, 0.0, 1.0, 1.0], [2, 1, 1, 2]);
    assert_eq!(values(products(tensor(vec![1.0; 4], [1, 1, 2, 2]), 1)), [1.0]);
    // Two pixels a side are kept: rows (1, 0, 0, 0) and (1, 1, 0, 0).
    let x4 = tensor(vec![1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0], [2, 1, 2, 2]);
    assert_eq!(values(products(x4.clone(), 2)), [1.0, 1.0, 1.0, 2.0]);
    let loss = values(densification(x4.clone(), 2, 4.0))[0];
    assert!((loss - 0.259_410).abs() < 1e-5, "{loss}");
    assert_eq!(values(densification(x4.clone().narrow(0, 0, 1), 2, 4.0)), [0.0]);
    assert_eq!(x.dims(), [2, 1, 1, 2]);
    // The first side is held: central differences of the second one alone.
    let tracked = x4.clone().autodiff().require_grad();
    let slopes = values(tracked.grad_remove(&mut densification(tracked.clone(), 2, 4.0).backward()).unwrap());
    let eigenvalues = |x: Vec<f32>| {
        let products: Vec<f64> = values(products(tensor(x, [2, 1, 2, 2]), 2)).into_iter().map(f64::from).collect();
        symmetric(&products, 2).0
    };
    let log_softmax = |l: &[f64], t: f64| {
        let sum: f64 = l.iter().map(|l| (l / t).exp()).sum();
        l.iter().map(|l| l / t - sum.ln()).collect::<Vec<_>>()
    };
    let held = log_softmax(&eigenvalues(values(x4.clone())), 4.0);
    let at = |place: usize, step: f32| {
        let mut moved = values(x4.clone());
        moved[place] += step;
        let own = log_softmax(&eigenvalues(moved), 1.0);
        held.iter().zip(own).map(|(p, q)| p.exp() * (p - q)).sum::<f64>()
    };
    for (place, slope) in slopes.iter().enumerate() {
        let expected = (at(place, 1e-2) - at(place, -1e-2)) / 2e-2;
        assert!((f64::from(*slope) - expected).abs() < 1e-3, "{place}: {slope}, not {expected}");
    }
}

/// Spreading lowers the term: two equal images are worse than two that differ.
#[test]
fn equal_images_are_dense_in_one_direction() {
    let loss = |rows: [f32; 8]| values(densification(tensor(rows.to_vec(), [2, 1, 2, 2]), 2, 4.0))[0];
    let equal = loss([1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    let apart = loss([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    assert!(apart.abs() < 1e-6 && equal > 0.1, "{equal} {apart}");
}

/// Nothing at the beginning, never negative; constant images are approached as `X + (X0 - X) b^n`.
#[test]
fn images_are_held_near_their_average() {
    let mut stream = Stream::new(5, "logits", 0);
    let mut drawn = || tensor((0..12).map(|_| 3.0 * stream.normal()).collect(), [4, 3]);
    for form in [Form::Paper, Form::Repo] {
        let (a, b) = (drawn(), drawn());
        assert!(values(divergence(a.clone(), a.clone(), 4.0, form))[0].abs() < 1e-7);
        assert!(values(divergence(a, b, 4.0, form))[0] > 0.0);
    }
    let mut average = tensor(vec![1.0], [1]);
    for _ in 0..100 {
        average = averaged(average, tensor(vec![0.0], [1]), 0.99);
    }
    assert!((values(average)[0] - 0.3660).abs() < 1e-4);
}

/// Of `f(x) = sum a x^2 / 2` the gradient at `x` is `a x`, and that of sharpness-aware minimisation `a (x + rho a x / |a x|)`.
#[test]
fn sharpness_by_hand() {
    let (x, a, rho) = ([3.0_f32, -4.0, 0.0], [1.0_f32, 1.0, 2.0], 0.5);
    let gradient = tensor(x.iter().zip(a).map(|(x, a)| a * x).collect(), [1, 3, 1, 1]);
    let way = values(uphill(gradient, rho));
    for (found, expected) in way.iter().zip([0.3, -0.4, 0.0]) {
        assert!((found - expected).abs() < 1e-6, "{way:?}");
    }
    assert_eq!(values(uphill(tensor(vec![0.0; 3], [1, 3, 1, 1]), rho)), [0.0; 3]);
}
