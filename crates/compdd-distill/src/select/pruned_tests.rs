//! The weights of smoothing, and what is kept.

use super::*;
use compdd_core::{
    pruning::{Share, Side},
    rng::Stream,
};

fn share(text: &str) -> Share {
    text.parse().unwrap()
}

/// The closed form of the specification, from the last epoch back.
#[test]
fn the_weights_are_those_of_a_mirrored_gaussian() {
    let published = [0.2588, 0.2323, 0.1871, 0.1353, 0.0878, 0.0512, 0.0267, 0.0125, 0.0053, 0.0020, 0.0007, 0.0002];
    for epochs in [100, 13] {
        let weights = smoothing(epochs);
        assert_eq!(weights.len(), epochs);
        for (weight, expected) in weights.iter().rev().zip(published) {
            assert!((weight - expected).abs() < 1e-4, "{weight} {expected}");
        }
    }
    for epochs in [1, 2, 5, 12, 50] {
        let weights = smoothing(epochs);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // A constant curve stays what it is; nothing counts more than the last epoch.
        assert!(weights.is_sorted());
    }
}

#[test]
fn kept_images_lie_below_all_removed_ones_of_their_class() {
    let mut stream = Stream::new(0, "scores", 0);
    let labels: Vec<u32> = (0..701).map(|i| i % 7 % 4).collect();
    let scores: Vec<f64> = labels.iter().map(|_| f64::from(stream.normal())).collect();
    let count = |label: u32, among: &[usize]| among.iter().filter(|&&i| labels[i] == label).count();
    for removed in ["0", "0.1", "0.5", "0.95", "0.9999"] {
        for side in [Side::High, Side::Low] {
            let kept = kept(&labels, &scores, share(removed), side);
            assert!(kept.is_sorted());
            for label in 0..4 {
                let all: Vec<usize> = (0..labels.len()).collect();
                assert_eq!(count(label, &kept), share(removed).kept_of(count(label, &all)));
                let own = |inside: bool| {
                    let of_class = (0..labels.len()).filter(|&i| labels[i] == label);
                    let (kept, scores) = (&kept, &scores);
                    of_class.filter(move |i| kept.contains(i) == inside).map(move |i| scores[i])
                };
                let fits = match side {
                    Side::High => own(true).all(|low| own(false).all(|high| low <= high)),
                    _ => own(true).all(|high| own(false).all(|low| low <= high)),
                };
                assert!(fits, "{removed} {side} {label}");
            }
        }
    }
}

#[test]
fn nothing_removed_is_everything_and_no_class_is_emptied() {
    let labels = [0, 0, 1, 2, 2, 2];
    let scores = [1.0, 2.0, f64::INFINITY, 3.0, 3.0, 3.0];
    assert_eq!(kept(&labels, &scores, share("0"), Side::High), [0, 1, 2, 3, 4, 5]);
    assert_eq!(kept(&labels, &scores, share("0.999"), Side::High), [0, 2, 5]);
    assert_eq!(kept(&labels, &scores, share("0.5"), Side::Low), [1, 2, 4, 5]);
    assert_eq!(kept(&labels, &scores, share("0.5"), Side::Around(share("0"))), [0, 2, 3]);
}
