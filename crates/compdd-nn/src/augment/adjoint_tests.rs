//! The pullback against the forward operations and against automatic differentiation.

use burn::tensor::Tensor;
use proptest::prelude::*;

use super::tests::{distance, noise, random_draws, values};
use super::*;
use compdd_core::rng::Stream;

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn length(a: &[f32]) -> f64 {
    dot(a, a).sqrt()
}

/// `<A x - A 0, y>` and `<x, A' y>`, and the scale of both.
fn both_sides(draws: &Draws, x: &Tensor<4>, y: &Tensor<4>) -> [f64; 3] {
    let moved = values(draws.apply(x.clone()) - draws.apply(x.zeros_like()));
    let (back, x, y) = (values(draws.pullback(y.clone())), values(x.clone()), values(y.clone()));
    [dot(&moved, &y), dot(&x, &back), length(&moved) * length(&y) + length(&x) * length(&back)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// All strategies, both conventions of the corners, images that are not square, one image and several.
    #[test]
    fn the_pullback_is_the_transpose(
        seed in 0_u64..1000, n in 1_usize..4, c in 1_usize..4, h in 4_usize..14, w in 4_usize..14,
        every in any::<bool>(), align_corners in any::<bool>(), shared in any::<bool>(),
    ) {
        let mode = if every { Mode::M } else { Mode::S };
        let config = DsaConfig { mode, align_corners, rotate: 60.0, ..DsaConfig::default() };
        let sampling = if shared { Sampling::Siamese } else { Sampling::PerImage };
        let draws = config.draw(&mut Stream::new(seed, "test pullback", 0), n, [c, h, w], sampling);
        let (x, y) = (noise(seed, n, [c, h, w]), noise(seed + 1000, n, [c, h, w]));
        let [forward, back, scale] = both_sides(&draws, &x, &y);
        prop_assert!((forward - back).abs() <= 1e-6 * scale, "{forward} {back}: {:?}", draws.ops());
    }
}

#[test]
fn each_operation_equals_its_derivative() {
    for shape in [[3, 16, 16], [3, 9, 14], [1, 28, 28]] {
        let cotangent = noise(2, 5, shape);
        let mut all = random_draws(shape);
        all.push(Draws::new(all.iter().flat_map(|draws| draws.ops().to_vec()).collect()));
        for draws in all {
            let direct = values(draws.pullback(cotangent.clone()));
            let tensor = values(draws.pull_tensor(&cotangent));
            assert!(distance(&direct, &tensor) < 2e-5, "{shape:?} {:?}", draws.ops()[0]);
            let x = noise(1, 5, shape).autodiff().require_grad();
            let mut gradients = (draws.apply_tensor(x.clone()) * cotangent.clone()).sum().backward();
            assert!(distance(&direct, &values(x.grad_remove(&mut gradients).unwrap())) < 2e-5, "{:?}", draws.ops()[0]);
        }
    }
}

/// A shift of the values, and no operation at all, return cotangents untouched, and no graph.
#[test]
fn what_does_not_scale_returns_the_cotangent() {
    let cotangent = noise(3, 2, [3, 8, 8]);
    for draws in [Draws::default(), Draws::new(vec![Op::Brightness { shift: vec![0.3, -0.2] }])] {
        let back = draws.pullback(cotangent.clone().autodiff());
        assert!(!back.is_autodiff());
        assert_eq!(values(back), values(cotangent.clone()));
    }
}
