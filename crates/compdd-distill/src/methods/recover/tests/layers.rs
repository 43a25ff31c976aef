//! How layers are compared: moving averages, layers left out, classes; and the order of images.

use burn::tensor::Tensor;

use super::{Stream, tensor, values};
use crate::methods::recover::{
    batches::{Batches, Order},
    matching::{CategoryForm, Comparison, Matched, Matching},
};
use compdd_nn::nn::LayerKind;

const BN: &[LayerKind] = &[LayerKind::BatchNorm];

/// One image of one channel with values `s` and `-s`: mean 0, variance `s^2`.
fn maps(images: &[f32]) -> Tensor<4> {
    tensor(images.iter().flat_map(|s| [*s, -*s]).collect(), [images.len(), 1, 1, 2])
}

fn layer(variance: f32, classes: &[f32]) -> Matched {
    let classes = if classes.is_empty() { Vec::new() } else { vec![vec![0.0; classes.len()], classes.to_vec()] };
    Matched::new(None, vec![tensor(vec![0.0], [1]), tensor(vec![variance], [1])], classes)
}

fn distance(matching: &mut Matching, z: Tensor<4>, labels: &[u32]) -> f32 {
    let found = matching.distances(vec![("bn".to_owned(), z)], labels, &mut Stream::new(0, "hooks", 0)).remove(0);
    values(found.unwrap())[0]
}

/// A constant statistic `s` is shown as `s (1 - m^n)` in its `n`-th use, and its slope stays one; begun with the first one it is `s` at once.
#[test]
fn moving_averages_start_at_zero() {
    let (moving, s) = (0.8, 4.0_f32);
    let comparison = Comparison { moving, ..Comparison::default() };
    let mut matching = Matching::new(BN, vec![layer(0.0, &[])], comparison);
    for n in 1..=10 {
        let z = maps(&[2.0]).autodiff().require_grad();
        let found = matching.distances(vec![("bn".to_owned(), z.clone())], &[0], &mut Stream::new(0, "hooks", 0));
        let found = found.into_iter().next().flatten().unwrap();
        let expected = f64::from(s) * (1.0 - moving.powi(n));
        assert!((f64::from(values(found.clone())[0]) - expected).abs() < 1e-5, "{n}");
        // d variance / d z = z at two values; that of the mean is the length of zero.
        let slope = values(z.grad_remove(&mut found.backward()).unwrap());
        assert!((slope[0] - 2.0).abs() < 1e-5 && (slope[1] + 2.0).abs() < 1e-5, "{n}: {slope:?}");
    }
    assert!((0.8926 * s - values(matching.layers()[0].average()[1].clone())[0]).abs() < 1e-3);
    let measured = Comparison { begins_measured: true, ..comparison };
    let mut matching = Matching::new(BN, vec![layer(0.0, &[])], measured);
    assert!((distance(&mut matching, maps(&[2.0]), &[0]) - s).abs() < 1e-6);
    matching.forget();
    assert!(matching.layers()[0].average().is_empty());
}

/// A layer that is left out contributes nothing, its average stays, and about the asked share is left out.
#[test]
fn layers_are_left_out() {
    let comparison = Comparison { moving: 0.5, drop: 0.4, ..Comparison::default() };
    let mut left_out = 0;
    for t in 0..200 {
        let mut matching = Matching::new(BN, vec![layer(0.0, &[]), layer(0.0, &[])], comparison);
        let inputs = ["a", "b"].map(|name| (name.to_owned(), maps(&[1.0]))).into();
        let found = matching.distances(inputs, &[0], &mut Stream::new(1, "hooks", t));
        for (layer, found) in matching.layers().iter().zip(&found) {
            assert_eq!(layer.average().is_empty(), found.is_none());
            left_out += usize::from(found.is_none());
        }
    }
    assert!((130..190).contains(&left_out), "{left_out} of 400");
}

/// Classes of variance 1, 9 and 5: the batch is held against the mean of its labels' classes, or every class against its own.
#[test]
fn classes_have_targets() {
    let of = |form, category, labels: &[u32], images: &[f32]| {
        let comparison = Comparison { category, form, ..Comparison::default() };
        let mut matching = Matching::new(BN, vec![layer(2.0, &[1.0, 9.0, 5.0])], comparison);
        distance(&mut matching, maps(images), labels)
    };
    let near = |found: f32, expected: f32| assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    let repo = CategoryForm::Repo;
    // Variances 4, 4, 16, 16: 10 together; the classes' mean is 5.
    near(of(repo, 1.0, &[0, 0, 1, 1], &[2.0, 2.0, 4.0, 4.0]), 5.0);
    near(of(repo, 1.0, &[1, 1, 1, 1], &[2.0, 2.0, 4.0, 4.0]), 1.0);
    near(of(repo, 0.5, &[0, 0, 1, 1], &[2.0, 2.0, 4.0, 4.0]), 0.5 * 8.0 + 0.5 * 5.0);
    // Class 0 has 4 where it should have 1, class 1 has 16 and should have 9.
    near(of(CategoryForm::Paper, 1.0, &[0, 0, 1, 1], &[2.0, 2.0, 4.0, 4.0]), 0.5 * 3.0 + 0.5 * 7.0);
    near(of(CategoryForm::Paper, 1.0, &[1, 0, 0, 0], &[4.0, 2.0, 2.0, 2.0]), 0.25 * 7.0 + 0.75 * 3.0);
    // With one class, and with a class target that is that of all images, both forms are the plain distance.
    for (form, class) in [(repo, 2), (CategoryForm::Paper, 2)] {
        near(of(form, 0.5, &[class; 2], &[3.0, 3.0]), 0.5 * 7.0 + 0.5 * 4.0);
        let mut matching =
            Matching::new(BN, vec![layer(2.0, &[2.0])], Comparison { category: 0.5, form, ..Comparison::default() });
        near(distance(&mut matching, maps(&[3.0, 3.0]), &[0, 0]), 7.0);
        near(distance(&mut matching, maps(&[1.0]), &[0]), 1.0);
    }
}

/// Image `k` of class `c` has the number `k classes + c`: three classes of two images.
#[test]
fn images_come_in_the_order_of_the_paper() {
    let numbers = |batches: Batches| -> Vec<Vec<usize>> {
        let number = |place: usize| place % batches.ipc * batches.classes + place / batches.ipc;
        (0..batches.len()).map(|batch| batches.members(batch).into_iter().map(number).collect()).collect()
    };
    let classes = Batches { order: Order::Classes, parts: 1, batch: 0, classes: 3, ipc: 2 };
    assert_eq!(numbers(classes), [[0, 3, 1, 4, 2, 5]]);
    assert_eq!(numbers(Batches { batch: 4, ..classes }), [vec![0, 3, 1, 4], vec![2, 5]]);
    assert_eq!(numbers(Batches { parts: 2, ..classes }), [[0, 1, 2, 3, 4, 5]]);
    assert_eq!(numbers(Batches { order: Order::Images, batch: 4, ..classes }), [[0, 1, 2], [3, 4, 5]]);
    assert_eq!(
        numbers(Batches { order: Order::Images, batch: 2, ..classes }),
        [vec![0, 1], vec![2], vec![3, 4], vec![5]]
    );
    // Groups of five of fifty images, and of one where there are fewer images than parts.
    let tiny = Batches { order: Order::Classes, parts: 10, batch: 100, classes: 200, ipc: 50 };
    assert_eq!(tiny.members(0)[..6], [0, 1, 2, 3, 4, 50]);
    assert_eq!((tiny.len(), tiny.members(10)[0]), (100, 5));
    assert_eq!(Batches { ipc: 1, ..tiny }.members(1)[0], 100);
}
