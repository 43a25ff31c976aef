//! The distances, their derivatives, and the gradient of the images behind them.

use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::methods::matching::gradient::{GradientDistance, Metric, Tensors};
use compdd_core::rng::Stream;
use compdd_nn::{
    grad::{Batch, Differences, Differentiable, Objective, Targets},
    nn::{Init, Layout, Mode, Network, NetworkSpec, Params, Slot},
};

const METRICS: [Metric; 4] = [Metric::Ours, Metric::Mse, Metric::Cos, Metric::L1];
const OURS: GradientDistance = GradientDistance { metric: Metric::Ours, tensors: Tensors::Matrices };

/// Gradients of tensors with these shapes, in double precision.
fn gradients(parts: &[(&[usize], &[f64])]) -> Params {
    let slot = |shape: &[usize]| Slot { name: format!("{shape:?}"), shape: shape.to_vec(), init: Init::Zero };
    let layout = Layout { parameters: parts.iter().map(|(shape, _)| slot(shape)).collect(), buffers: Vec::new() };
    let values = parts.iter().map(|(_, values)| {
        let data = TensorData::new(values.to_vec(), [values.len()]);
        Tensor::from_data(data, (&Device::flex(), DType::F64))
    });
    Params::new(&Arc::new(layout), values.collect(), Vec::new())
}

fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, "noise", 0);
    (0..n).map(|_| f64::from(stream.normal())).collect()
}

fn value(loss: Tensor<1>) -> f64 {
    loss.into_scalar::<f64>()
}

#[test]
fn the_distance_of_dc_by_hand() {
    let shape: &[usize] = &[2, 2];
    let (real, synthetic) = (gradients(&[(shape, &[1., 0., 1., 1.])]), gradients(&[(shape, &[0., 1., 1., 1.])]));
    assert!((value(OURS.compare(&real, &synthetic).loss) - 1.000_000_5).abs() < 1e-9);

    let row = noise(12, 1);
    let one = gradients(&[(&[1, 12], &row)]);
    let square: f64 = row.iter().map(|x| x * x).sum();
    let own = value(OURS.compare(&one, &one).loss);
    assert!(own >= 0.0 && own <= 1e-6 / (square + 1e-6) * (1.0 + 1e-6), "{own}");

    let other = gradients(&[(&[1, 12], &noise(12, 2))]);
    let base = value(OURS.compare(&one, &other).loss);
    for scale in [0.5, 3.0, 100.0] {
        assert!((value(OURS.compare(&one.clone().scale(scale), &other).loss) - base).abs() < 1e-4);
        assert!((value(OURS.compare(&one, &other.clone().scale(scale)).loss) - base).abs() < 1e-4);
    }

    let (a, b) = (gradients(&[(&[12], &row)]), gradients(&[(&[12], &noise(12, 3))]));
    let compared = OURS.compare(&a, &b);
    assert_eq!(value(compared.loss), 0.0);
    assert!(compared.direction.to_host().iter().all(|v| *v == 0.0));
}

/// The mixed second derivative against central differences of the direction, and finite where a row of either gradient is zero.
#[test]
fn mixed_derivatives_are_those_of_the_direction() {
    let shapes: [&[usize]; 3] = [&[3, 4], &[2, 3, 1, 2], &[5]];
    let random = |seed: u64| {
        let values: Vec<Vec<f64>> = shapes.iter().zip(10 * seed..).map(|(s, k)| noise(s.iter().product(), k)).collect();
        gradients(&shapes.iter().copied().zip(&values).map(|(shape, values)| (shape, &values[..])).collect::<Vec<_>>())
    };
    let (real, synthetic, along, toward) = (random(1), random(2), random(3), random(4));
    for metric in METRICS {
        for tensors in [Tensors::All, Tensors::Matrices] {
            let distance = GradientDistance { metric, tensors };
            let slope =
                |step: f64| distance.compare(&real.clone().add_scaled(&toward, step), &synthetic).direction.dot(&along);
            let expected = (slope(1e-5) - slope(-1e-5)) / 2e-5;
            let mixed = distance.mixed(&real, &synthetic, &along);
            let found = mixed.dot(&toward);
            assert!(
                (found - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                "{metric:?} {tensors:?}: {found} {expected}"
            );
            for (r, s) in [(real.zeros_like(), synthetic.clone()), (real.clone(), synthetic.zeros_like())] {
                let values = distance.mixed(&r, &s, &along).to_host();
                assert!(values.iter().all(|value| value.is_finite()), "{metric:?}");
            }
        }
    }
}

#[test]
fn a_synthetic_gradient_of_zeros_has_a_finite_direction() {
    let real = gradients(&[(&[2, 3], &noise(6, 1))]);
    for metric in METRICS {
        let compared = GradientDistance { metric, tensors: Tensors::All }.compare(&real, &real.zeros_like());
        assert!(value(compared.loss).is_finite());
        assert!(compared.direction.to_host().iter().all(|v| v.is_finite()), "{metric:?}");
    }
}

#[test]
fn directions_are_the_derivatives_of_the_distances() {
    let make = |seed| {
        let (a, b, c) = (noise(2 * 3 * 9, seed), noise(2, seed + 1), noise(12, seed + 2));
        gradients(&[(&[2, 3, 3, 3], &a), (&[2], &b), (&[3, 4], &c)])
    };
    let (real, synthetic, along) = (make(10), make(20), make(30));
    for metric in METRICS {
        for tensors in [Tensors::All, Tensors::Matrices, Tensors::Convolutions] {
            let distance = GradientDistance { metric, tensors };
            let at = |step: f64| value(distance.compare(&real, &synthetic.clone().add_scaled(&along, step)).loss);
            let direction = distance.compare(&real, &synthetic).direction;
            let (slope, difference) = (direction.dot(&along), (at(1e-6) - at(-1e-6)) / 2e-6);
            assert!((slope - difference).abs() < 1e-6 * slope.abs().max(1.0), "{distance:?}: {slope} {difference}");
            let counted = direction.values().iter().map(|v| value(v.clone().abs().sum()) > 0.0).collect::<Vec<_>>();
            assert_eq!(counted, [4, 1, 2].map(|rank| tensors.counts(rank)));
        }
    }
}

/// A network with its parameters, a real and a synthetic batch, of one class.
fn case(slug: &str, side: usize) -> (Network, Params, Batch, Batch) {
    let network = NetworkSpec::parse(slug).unwrap().build(3, side, 3).unwrap();
    let params = network.init(5, &Device::flex()).map(|value| value.cast(DType::F64));
    let batch = |n: usize, seed: u64| {
        let data = TensorData::new(noise(n * 3 * side * side, seed), [n, 3, side, side]);
        let rows = TensorData::new([0.0, 1.0, 0.0].repeat(n), [n, 3]);
        Batch {
            images: Tensor::from_data(data, (&Device::flex(), DType::F64)),
            targets: Targets::Probabilities(Tensor::from_data(rows, (&Device::flex(), DType::F64))),
        }
    };
    (network, params, batch(4, 1), batch(2, 2))
}

/// Length of the difference over the length, and the cosine.
fn agreement(a: &Tensor<4>, b: &Tensor<4>) -> (f64, f64) {
    let dot = |x: &Tensor<4>, y: &Tensor<4>| (x.clone() * y.clone()).sum().into_scalar::<f64>();
    let difference = a.clone() - b.clone();
    let (aa, bb) = (dot(a, a).sqrt(), dot(b, b).sqrt());
    (dot(&difference, &difference).sqrt() / bb, dot(a, b) / (aa * bb))
}

#[test]
fn exact_products_against_two_gradients() {
    for (slug, side) in [("mlp", 4), ("convnet-d3-w8", 16), ("convnet-d2-w4-bn", 8)] {
        let (network, params, real, synthetic) = case(slug, side);
        let buffers = params.buffers().iter().map(|buffer| buffer.clone().cast(DType::F64)).collect();
        let params = params.with_buffers(buffers);
        let objective = Objective::new(&network, Mode::Eval);
        let target = objective.gradient(&params, &real).1;
        let direction = OURS.compare(&target, &objective.gradient(&params, &synthetic).1).direction;
        let exact = objective.products(&params, &synthetic, &direction, Differences::Exact).images;
        // The published step is 0.01 over the length of the direction; it crosses the kinks of many ReLUs, which have no part
        // in the derivative. Double precision has room for a smaller one.
        let step = 1e-7 / params.dot(&params).sqrt();
        let central = objective.products(&params, &synthetic, &direction, Differences::Central { step }).images;
        let (relative, angle) = agreement(&central, &exact);
        assert!(relative < 1e-4 && angle > 0.999_999, "{slug}: {relative:.2e}, cosine {angle}");
    }
}

/// Two gradients a step of `scale / |v|` apart instead of the exact products, in single precision, on the field's network: at
/// the usual 0.01 the cosine with the derivative is 0.1, and smaller steps are worse, because every kink of a `ReLU` between
/// the two gradients adds a jump that is no part of it. The golden values, from double backward, agree with the products.
#[test]
fn the_shortcut_by_two_gradients_misses_the_derivative() {
    let network = NetworkSpec::parse("convnet-d3").unwrap().build(3, 32, 10).unwrap();
    let params = network.init(4, &Device::flex());
    let batch = |seed: u64, n: usize| {
        let values: Vec<f32> = noise(n * 3072, seed).into_iter().map(|value| value as f32).collect();
        let images = Tensor::from_data(TensorData::new(values, [n, 3, 32, 32]), &Device::flex());
        let mut rows = vec![0.0_f32; n * 10];
        rows.iter_mut().step_by(10).for_each(|entry| *entry = 1.0);
        let rows = Tensor::from_data(TensorData::new(rows, [n, 10]), &Device::flex());
        Batch { images, targets: Targets::Probabilities(rows) }
    };
    let (real, synthetic) = (batch(1, 16), batch(2, 10));
    let objective = Objective::new(&network, Mode::Eval);
    let target = objective.gradient(&params, &real).1;
    let direction = OURS.compare(&target, &objective.gradient(&params, &synthetic).1).direction;
    let exact = objective.products(&params, &synthetic, &direction, Differences::Exact).images;
    let angles = [0.01, 0.0001].map(|scale| {
        let step = scale / params.dot(&params).sqrt();
        let central = objective.products(&params, &synthetic, &direction, Differences::Central { step }).images;
        agreement(&central, &exact).1
    });
    assert!(angles[0] < 0.5 && angles[1] < angles[0], "{angles:?}");
}

#[test]
fn the_gradient_of_the_images_is_that_of_the_distance() {
    let (network, params, real, synthetic) = case("convnet-d2-w4-sigmoid", 8);
    let objective = Objective::new(&network, Mode::Eval);
    let target = objective.gradient(&params, &real).1;
    let along = real.images.clone().narrow(0, 0, 2);
    for metric in [Metric::Ours, Metric::Mse, Metric::Cos] {
        let distance = GradientDistance { metric, tensors: Tensors::Matrices };
        let compared = |images: Tensor<4>| {
            let batch = Batch { images, targets: synthetic.targets.clone() };
            distance.compare(&target, &objective.gradient(&params, &batch).1)
        };
        let direction = compared(synthetic.images.clone()).direction;
        let gradient = objective.products(&params, &synthetic, &direction, Differences::Exact).images;
        let slope = (gradient * along.clone()).sum().into_scalar::<f64>();
        let at = |step: f64| value(compared(synthetic.images.clone() + along.clone() * step).loss);
        let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!((slope - difference).abs() < 1e-5 * slope.abs(), "{metric:?}: {slope} {difference}");
    }
}
