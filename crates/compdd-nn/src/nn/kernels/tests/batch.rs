//! Batch norm against the composed form, differences in double precision, and numbers worked out by hand.

use burn::tensor::{DType, Device, Tensor, TensorData};
use proptest::prelude::*;

use super::super::batch::{self as kernel, BatchNormMode, Channels, Rectifier};
use super::super::norm::{EPSILON, Maps};
use super::super::simd::Isa;
use super::super::{batch_norm, batch_norm_by, channel_moments, composed};
use super::{check_instruction_sets, check_threads, distance, host, leaf, values};

const RELU: Option<Rectifier> = Some(Rectifier::Relu);
/// What gamma is multiplied by, so that results reach beyond the upper bound of `ReLU6`.
const STEEP: f32 = 8.0;
const ALL: [Option<Rectifier>; 3] = [None, RELU, Some(Rectifier::Relu6)];

type BatchNorm = fn(Tensor<4>, Tensor<1>, Tensor<1>, Option<Rectifier>) -> (Tensor<4>, [Tensor<1>; 2]);

/// Result, moments, and the gradients under a fixed random gradient of the result.
fn normalised(run: BatchNorm, shape: [usize; 4], after: Option<Rectifier>) -> [Vec<f32>; 6] {
    let (z, gamma, beta) = (leaf(shape, 1), leaf([shape[1]], 2), leaf([shape[1]], 3));
    let (y, [mean, variance]) = run(z.clone() + 0.5, gamma.clone() * STEEP, beta.clone(), after);
    let dy = leaf(y.dims(), 4).inner();
    let mut gradients = (y.clone() * Tensor::from_inner(dy)).sum().backward();
    let [dgamma, dbeta] = [gamma, beta].map(|t| host(t.grad_remove(&mut gradients).unwrap()));
    [host(y.inner()), host(mean), host(variance), host(z.grad_remove(&mut gradients).unwrap()), dgamma, dbeta]
}

fn check(shape: [usize; 4], after: Option<Rectifier>) {
    let (ours, reference) = (normalised(batch_norm, shape, after), normalised(composed::batch_normalise, shape, after));
    let parts = ["y", "mean", "variance", "dz", "dgamma", "dbeta"];
    for (what, (ours, reference)) in parts.into_iter().zip(ours.iter().zip(&reference)) {
        let far = distance(ours, reference);
        assert!(far < 5e-5, "{what} of {shape:?}, {after:?}: {far}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn batch_norms_agree(n in 1_usize..6, c in 1_usize..6, h in 1_usize..10, w in 1_usize..10, after in prop::sample::select(ALL.to_vec())) {
        // A few values are ill-conditioned (two equal ones): leave them to the tests of their own.
        if n * h * w >= 4 { check([n, c, h, w], after); }
    }
}

#[test]
fn network_sized_batch_norms_agree() {
    for after in ALL {
        check([6, 20, 32, 32], after);
        check([40, 3, 4, 4], after);
        check([64, 5, 1, 1], after);
        check([3, 4, 17, 33], after);
    }
}

fn rectified(y: f64, after: Option<Rectifier>) -> f64 {
    match after {
        None => y,
        Some(Rectifier::Relu) => y.max(0.0),
        Some(Rectifier::Relu6) => y.clamp(0.0, 6.0),
    }
}

/// Directional derivatives of `sum(dy * y)` by central differences in double precision, through the statistics.
#[test]
fn batch_norm_gradients_match_differences() {
    let [n, c, plane] = [3, 2, 20];
    for after in ALL {
        let [y, _, _, dz, dgamma, dbeta] = normalised(batch_norm, [n, c, 4, 5], after);
        let double = |seed, count| values(count, seed).into_iter().map(f64::from).collect::<Vec<_>>();
        let (z, gamma, beta, dy) = (double(1, n * c * plane), double(2, c), double(3, c), double(4, y.len()));
        let loss = |z: &[f64], gamma: &[f64], beta: &[f64]| {
            let mut sum = 0.0;
            for channel in 0..c {
                let mine = || (0..z.len()).filter(|i| i / plane % c == channel);
                let mean = mine().map(|i| z[i]).sum::<f64>() / (n * plane) as f64;
                let variance = mine().map(|i| (z[i] - mean).powi(2)).sum::<f64>() / (n * plane) as f64;
                for i in mine() {
                    let normal = (z[i] - mean) / (variance + f64::from(EPSILON)).sqrt();
                    let y = f64::from(STEEP) * gamma[channel] * normal + beta[channel];
                    sum += dy[i] * rectified(y, after);
                }
            }
            sum
        };
        let moved = |v: &[f64], d: &[f64], s: f64| v.iter().zip(d).map(|(v, d)| v + s * d).collect::<Vec<_>>();
        let inner = |v: &[f32], d: &[f64]| v.iter().zip(d).map(|(v, d)| f64::from(*v) * d).sum::<f64>();
        let (along, along_gamma, along_beta) = (double(5, z.len()), double(6, c), double(7, c));
        let step = 1e-5;
        let slope = |up: f64, down: f64| (up - down) / (2.0 * step);
        let by_z = slope(loss(&moved(&z, &along, step), &gamma, &beta), loss(&moved(&z, &along, -step), &gamma, &beta));
        let by_gamma = slope(
            loss(&z, &moved(&gamma, &along_gamma, step), &beta),
            loss(&z, &moved(&gamma, &along_gamma, -step), &beta),
        );
        let by_beta = slope(
            loss(&z, &gamma, &moved(&beta, &along_beta, step)),
            loss(&z, &gamma, &moved(&beta, &along_beta, -step)),
        );
        let ours = [inner(&dz, &along), inner(&dgamma, &along_gamma), inner(&dbeta, &along_beta)];
        for (ours, expected) in ours.into_iter().zip([by_z, by_gamma, by_beta]) {
            assert!((ours - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{after:?}: {ours}, not {expected}");
        }
    }
}

/// Mean 2, biased variance 5 over two images of two pixels: -1, 1, 3, 5.
#[test]
fn a_batch_worked_out_by_hand() {
    let z = Tensor::<4>::from_data(TensorData::new(vec![-1.0_f32, 1.0, 3.0, 5.0], [2, 1, 1, 2]), &Device::flex());
    let flat = |value: f32| Tensor::<1>::from_data([value], &Device::flex());
    let (y, [mean, variance]) = batch_norm(z, flat(2.0), flat(1.0), RELU);
    assert_eq!((host(mean), host(variance)), (vec![2.0], vec![5.0]));
    let root = (5.0_f32 + EPSILON).sqrt();
    let expected = [0.0, (1.0 - 2.0 / root).max(0.0), 1.0 + 2.0 / root, 1.0 + 6.0 / root];
    assert!(distance(&host(y), &expected) < 1e-6);
}

/// Moments and the gradient of `<weights, moments>`.
fn moments(run: fn(Tensor<4>) -> [Tensor<1>; 2], shape: [usize; 4]) -> [Vec<f32>; 3] {
    let z = leaf(shape, 1);
    let [mean, variance] = run(z.clone() + 0.5);
    let weights = [2, 3].map(|seed| Tensor::from_inner(leaf([shape[1]], seed).inner()));
    let [by_mean, by_variance] = weights;
    let loss = (mean.clone() * by_mean).sum() + (variance.clone() * by_variance).sum();
    let dz = host(z.grad_remove(&mut loss.backward()).unwrap());
    [host(mean.inner()), host(variance.inner()), dz]
}

#[test]
fn channel_moments_agree_and_are_differentiable() {
    for shape in [[2, 3, 4, 5], [6, 20, 32, 32], [5, 4, 1, 1], [1, 1, 1, 1]] {
        let (ours, reference) = (moments(channel_moments, shape), moments(composed::channel_moments, shape));
        for (ours, reference) in ours.iter().zip(&reference) {
            assert!(distance(ours, reference) < 5e-5, "{shape:?}: {}", distance(ours, reference));
        }
    }
    // -1, 1, 3, 5: mean 2, variance 5; d(mean + variance)/dz = 1/4 + (z - 2)/2.
    let z = Tensor::<4>::from_data(TensorData::new(vec![-1.0_f32, 1.0, 3.0, 5.0], [2, 1, 1, 2]), &Device::flex());
    let z = z.autodiff().require_grad();
    let [mean, variance] = channel_moments(z.clone());
    let mut gradients = (mean.clone() + variance.clone()).backward();
    assert_eq!([host(mean.inner()), host(variance.inner())], [vec![2.0], vec![5.0]]);
    assert_eq!(host(z.grad_remove(&mut gradients).unwrap()), [-1.25, -0.25, 0.75, 1.75]);
}

/// A large offset does not eat the variance.
#[test]
fn variance_survives_an_offset() {
    let z = leaf([8, 2, 6, 6], 1).inner();
    let (_, [_, variance]) = batch_norm(z.clone() + 1000.0, leaf([2], 2).inner(), leaf([2], 3).inner(), None);
    let (_, [_, expected]) = batch_norm(z, leaf([2], 2).inner(), leaf([2], 3).inner(), None);
    assert!(distance(&host(variance), &host(expected)) < 1e-3);
}

#[test]
fn constant_channels_stay_finite_and_nan_shows() {
    let z = Tensor::<4>::full([2, 3, 4, 4], 7.5, &Device::flex()).autodiff().require_grad();
    let (y, _) = batch_norm(z.clone(), leaf([3], 1), leaf([3], 2), RELU);
    let mut gradients = y.clone().sum().backward();
    let dz = host(z.grad_remove(&mut gradients).unwrap());
    assert!(host(y.inner()).iter().chain(&dz).all(|v| v.is_finite()));
    let (y, _) = batch_norm(z.inner() * f32::NAN, leaf([3], 1).inner(), leaf([3], 2).inner(), RELU);
    assert!(host(y).iter().all(|v| v.is_nan()));
}

/// On the bounds of `ReLU6`, 0 and 6, nothing passes; between them everything does.
#[test]
fn rectified_gradients_are_zero_on_the_bounds() {
    let z = Tensor::from_inner(Tensor::<4>::full([2, 3, 4, 4], 7.5, &Device::flex()));
    let beta = Tensor::<1>::from_data([0.0_f32, 6.0, 3.0], &Device::flex()).autodiff().require_grad();
    let (y, _) = batch_norm(z, Tensor::from_inner(leaf([3], 1).inner()), beta.clone(), ALL[2]);
    let mut gradients = y.sum().backward();
    assert_eq!(host(beta.grad_remove(&mut gradients).unwrap()), [0.0, 0.0, 32.0]);
}

/// Only what is tracked gets a gradient; doubles take the composed form; views give what their copies give.
#[test]
fn untracked_strided_and_double_operands() {
    let (z, gamma, beta) = (leaf([2, 3, 4, 5], 1), leaf([3], 2), leaf([3], 3));
    let constant = |t: &Tensor<1>| Tensor::from_inner(t.clone().inner());
    let (y, _) = batch_norm(z.clone(), constant(&gamma), constant(&beta), RELU);
    let mut gradients = y.clone().square().sum().backward();
    assert!(z.grad_remove(&mut gradients).is_some() && gamma.grad_remove(&mut gradients).is_none());
    let images = Tensor::from_inner(z.clone().inner());
    let (_, [mean, _]) = batch_norm(images.clone(), gamma.clone(), beta.clone(), None);
    let mut gradients = batch_norm(images, gamma.clone(), beta.clone(), RELU).0.sum().backward();
    assert!(gamma.grad_remove(&mut gradients).is_some() && z.grad_remove(&mut gradients).is_none());
    let double = |t: Tensor<1>| t.inner().cast(DType::F64);
    let (wide, [wide_mean, _]) =
        batch_norm(z.clone().inner().cast(DType::F64), double(gamma.clone()), double(beta.clone()), RELU);
    assert_eq!(wide.dtype(), DType::F64);
    assert!(distance(&host(wide.cast(DType::F32)), &host(y.inner())) < 1e-5);
    assert!(distance(&host(wide_mean.cast(DType::F32)), &host(mean)) < 1e-5);
    let view = z.inner().swap_dims(2, 3);
    let copy = Tensor::<4>::from_data(view.to_data(), &Device::flex());
    let run = |z| host(batch_norm(z, gamma.clone().inner(), beta.clone().inner(), RELU).0);
    assert_eq!(run(view), run(copy));
}

/// Every output for one instruction set.
fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let maps = Maps { n: 11, c: 7, h: 9, w: 10 };
    let size = 11 * 7 * 90;
    let (z, gamma, beta, dy) = (values(size, 4), values(7, 5), values(7, 6), values(size, 7));
    let gamma: Vec<f32> = gamma.into_iter().map(|value| STEEP * value).collect();
    let moments = kernel::moments(isa, maps, &z);
    let mut all = vec![moments.clone(), kernel::moments_gradient(isa, maps, &z, &moments, &dy[..14])];
    for (own, rectifier) in [(true, None), (true, RELU), (false, RELU), (true, ALL[2]), (false, ALL[2])] {
        let channels = Channels::new(&moments, &gamma, &beta);
        let (dz, dgamma, dbeta) = kernel::backward(isa, maps, &z, channels, &dy, BatchNormMode { own, rectifier });
        all.extend([kernel::forward(isa, maps, &z, channels, rectifier), dz, dgamma, dbeta]);
    }
    all
}

#[test]
fn batch_norm_does_not_depend_on_threads_or_instructions() {
    check_threads(everything);
    check_instruction_sets(everything, 5e-6);
}

/// In eval mode the moments stand: result and gradients are those of the composed form, which has no part in them.
#[test]
fn batch_norms_by_given_moments_agree() {
    type By = fn(Tensor<4>, Tensor<1>, Tensor<1>, [Tensor<1>; 2], Option<Rectifier>) -> Tensor<4>;
    let all = |run: By, shape: [usize; 4], after| {
        let (z, gamma, beta) = (leaf(shape, 1), leaf([shape[1]], 2), leaf([shape[1]], 3));
        let moments = [leaf([shape[1]], 4).inner(), leaf([shape[1]], 5).inner().abs() + 0.1];
        let y = run(z.clone(), gamma.clone() * STEEP, beta.clone(), moments, after);
        let dy = leaf(y.dims(), 6).inner();
        let mut gradients = (y.clone() * Tensor::from_inner(dy)).sum().backward();
        let [dgamma, dbeta] = [gamma, beta].map(|t| host(t.grad_remove(&mut gradients).unwrap()));
        [host(y.inner()), host(z.grad_remove(&mut gradients).unwrap()), dgamma, dbeta]
    };
    for (shape, after) in [([6, 20, 9, 7], RELU), ([3, 4, 16, 16], None), ([2, 5, 1, 1], RELU)] {
        let (ours, reference) = (all(batch_norm_by, shape, after), all(composed::batch_normalise_by, shape, after));
        for (what, (ours, reference)) in ["y", "dz", "dgamma", "dbeta"].into_iter().zip(ours.iter().zip(&reference)) {
            assert!(distance(ours, reference) < 5e-6, "{what} of {shape:?}, {after:?}");
        }
    }
}

/// Constants of either kind go with what is tracked, and untracked values give the same bits.
#[test]
fn given_moments_go_with_tracked_and_untracked_values() {
    let (z, row) = (leaf([2, 3, 4, 5], 1), |seed| leaf([3], seed).inner());
    let run = |z: Tensor<4>, gamma: Tensor<1>| batch_norm_by(z, gamma, row(3), [row(4), row(5).abs() + 0.1], RELU);
    let plain = host(run(z.clone().inner(), row(2)));
    assert_eq!(host(run(z.clone(), row(2)).inner()), plain);
    let gamma = leaf([3], 2);
    let y = run(z.clone().inner(), gamma.clone());
    assert_eq!(host(y.clone().inner()), plain);
    let mut gradients = y.sum().backward();
    assert!(gamma.grad_remove(&mut gradients).is_some() && z.grad_remove(&mut gradients).is_none());
}
