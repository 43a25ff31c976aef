//! Layer norm of rows and GELU against the composed form, differences and known values.

use burn::tensor::{DType, Device, Tensor, TensorData};
use proptest::prelude::*;

use super::super::gelu as kernel;
use super::super::simd::Isa;
use super::super::{composed, gelu, map_rows, normalise_rows, rows};
use super::{check_instruction_sets, check_threads, distance, host, leaf, values};

const EPSILON: f64 = 1e-6;

/// The result and its three gradients under a fixed random gradient of the result.
fn normalised(run: impl Fn(Tensor<3>, Tensor<1>, Tensor<1>, f64) -> Tensor<3>, shape: [usize; 3]) -> [Vec<f32>; 4] {
    let (x, gamma, beta) = (leaf(shape, 1), leaf([shape[2]], 2), leaf([shape[2]], 3));
    let y = run(x.clone(), gamma.clone(), beta.clone(), EPSILON);
    let dy = leaf(y.dims(), 4).inner();
    let mut gradients = (y.clone() * Tensor::from_inner(dy)).sum().backward();
    let [dgamma, dbeta] = [gamma, beta].map(|t| host(t.grad_remove(&mut gradients).unwrap()));
    [host(y.inner()), host(x.grad_remove(&mut gradients).unwrap()), dgamma, dbeta]
}

fn check_rows(shape: [usize; 3]) {
    let (ours, reference) = (normalised(normalise_rows, shape), normalised(composed::normalise_rows, shape));
    for (what, (ours, reference)) in ["y", "dx", "dgamma", "dbeta"].into_iter().zip(ours.iter().zip(&reference)) {
        let far = distance(ours, reference);
        assert!(far < 2e-5, "{what} of {shape:?}: {far}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    // Rows of few values are ill-conditioned: two may be equal.
    #[test]
    fn rows_agree(n in 1_usize..4, t in 1_usize..12, c in 6_usize..70) {
        check_rows([n, t, c]);
    }
}

/// More rows than a task has, and the widths of a network.
#[test]
fn network_sized_rows_agree() {
    check_rows([8, 256, 96]);
    check_rows([3, 49, 768]);
    check_rows([1, 5, 40_000]);
}

/// Values and derivatives in double precision by the series of the distribution.
#[test]
fn gelu_is_that_of_the_normal_distribution() {
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let below = |x: f64| {
        let (mut term, mut sum) = (x, x);
        for k in 1..200 {
            term *= x * x / f64::from(2 * k + 1);
            sum += term;
        }
        0.5 + density(x) * sum
    };
    let points: Vec<f32> = (-400..=400).map(|i| i as f32 / 50.0).collect();
    let x = Tensor::<1>::from_data(TensorData::new(points.clone(), [points.len()]), &Device::flex());
    let x = x.autodiff().require_grad();
    let y = gelu(x.clone());
    let mut gradients = y.clone().sum().backward();
    let (y, dx) = (host(y.inner()), host(x.grad_remove(&mut gradients).unwrap()));
    for ((x, y), dx) in points.iter().map(|x| f64::from(*x)).zip(&y).zip(&dx) {
        let (value, slope) = (x * below(x), below(x) + x * density(x));
        assert!((f64::from(*y) - value).abs() < 4e-7 * (1.0 + x.abs()), "{x}: {y}, not {value}");
        assert!((f64::from(*dx) - slope).abs() < 1e-6, "{x}: slope {dx}, not {slope}");
    }
}

#[test]
fn gelu_agrees_with_the_composed_form_and_lets_nan_show() {
    for shape in [[3, 5], [7, 50], [130, 300]] {
        let run = |form: fn(Tensor<2>) -> Tensor<2>| {
            let x = leaf(shape, 1);
            let y = form(x.clone() * 4.0);
            let mut gradients = (y.clone() * Tensor::from_inner(leaf(shape, 2).inner())).sum().backward();
            [host(y.inner()), host(x.grad_remove(&mut gradients).unwrap())]
        };
        for (ours, reference) in run(gelu).iter().zip(&run(composed::gelu)) {
            assert!(distance(ours, reference) < 2e-6, "{shape:?}: {}", distance(ours, reference));
        }
    }
    let x = leaf([3, 5], 1).inner();
    assert!(host(gelu(x.clone() * f32::NAN)).iter().all(|value| value.is_nan()));
    assert_eq!(gelu(x.cast(DType::F64)).dtype(), DType::F64);
    let far = host(gelu(Tensor::<1>::from_data([1e4_f32, -1e4, 200.0, -200.0], &Device::flex())));
    assert!(far[0] == 1e4 && far[2] == 200.0 && far[1].abs() + far[3].abs() < 1e-30, "{far:?}");
}

/// Products and both gradients are those of the framework, of tracked and of constant weights.
#[test]
fn mapped_rows_agree() {
    for [n, i, o] in [[1, 1, 1], [70, 33, 20], [3, 200, 130]] {
        let run = |form: fn(Tensor<2>, Tensor<2>) -> Tensor<2>| {
            let (x, w) = (leaf([n, i], 1), leaf([o, i], 2));
            let y = form(x.clone(), w.clone());
            let constant = form(x.clone(), w.clone().inner());
            assert_eq!(host(constant.inner()), host(y.clone().inner()));
            let mut gradients = (y.clone() * Tensor::from_inner(leaf([n, o], 3).inner())).sum().backward();
            let [dx, dw] = [x, w].map(|t| host(t.grad_remove(&mut gradients).unwrap()));
            [host(y.inner()), dx, dw]
        };
        let reference = run(|x, w| x.matmul(if w.is_autodiff() { w.transpose() } else { w.transpose().autodiff() }));
        for (ours, reference) in run(map_rows).iter().zip(&reference) {
            assert!(distance(ours, reference) < 1e-6, "{n} {i} {o}: {}", distance(ours, reference));
        }
    }
}

/// Every output for one instruction set.
fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let (x, dy) = (values(700 * 130, 1), values(700 * 130, 2));
    let (gamma, beta) = (values(130, 3), values(130, 4));
    let (dx, dgamma, dbeta) = rows::backward(isa, &x, &gamma, &dy, 1e-6);
    let y = rows::forward(isa, &x, &gamma, &beta, 1e-6);
    let wide: Vec<f32> = x.iter().map(|x| 6.0 * x).collect();
    vec![y, dx, dgamma, dbeta, kernel::forward(isa, &wide), kernel::backward(isa, &wide, &dy)]
}

#[test]
fn tokens_do_not_depend_on_threads_or_instructions() {
    check_threads(everything);
    check_instruction_sets(everything, 5e-6);
}
