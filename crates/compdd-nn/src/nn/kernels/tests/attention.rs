//! Spatial attention against the composed form, differences and numbers worked out by hand.

use burn::tensor::{DType, Device, Tensor, TensorData};
use proptest::prelude::*;

use super::super::attention::{self as kernel, Power};
use super::super::norm::Maps;
use super::super::simd::Isa;
use super::super::{attention, composed};
use super::{check_instruction_sets, check_threads, distance, host, leaf, values};

const POWERS: [f32; 8] = [1.0, 2.0, 3.0, 4.0, 8.0, 0.75, 1.5, 2.5];

/// The sums and the gradient of the maps under a fixed random gradient of the sums.
fn attended(run: impl Fn(Tensor<4>, f32) -> Tensor<2>, shape: [usize; 4], power: f32) -> [Vec<f32>; 2] {
    let x = leaf(shape, 1);
    let sums = run(x.clone(), power);
    let da = leaf(sums.dims(), 2).inner();
    let mut gradients = (sums.clone() * Tensor::from_inner(da)).sum().backward();
    [host(sums.inner()), host(x.grad_remove(&mut gradients).unwrap())]
}

fn check(shape: [usize; 4], power: f32) {
    let (ours, reference) = (attended(attention, shape, power), attended(composed::attention, shape, power));
    for (what, (ours, reference)) in ["sums", "dx"].into_iter().zip(ours.iter().zip(&reference)) {
        let far = distance(ours, reference);
        assert!(far < 1e-5, "{what} of {shape:?} to the power {power}: {far}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn attentions_agree(n in 1_usize..4, c in 1_usize..10, h in 1_usize..10, w in 1_usize..10, power in 0_usize..8) {
        check([n, c, h, w], POWERS[power]);
    }
}

/// Maps of more than one block, of a part of one, and of the sizes of a network.
#[test]
fn network_sized_attentions_agree() {
    for power in POWERS {
        check([2, 7, 33, 37], power);
    }
    check([3, 32, 32, 32], 4.0);
    check([1, 5, 64, 48], 1.0);
}

/// Acceptance check 2, before the normalisation.
#[test]
fn attention_of_two_channels() {
    let maps = [1.0, 2.0, 3.0, 4.0, 0.0, 1.0, 0.0, 1.0];
    let x = Tensor::<4>::from_data(TensorData::new(maps.to_vec(), [1, 2, 2, 2]), &Device::flex());
    for (power, expected) in
        [(1.0, [1.0, 3.0, 3.0, 5.0]), (2.0, [1.0, 5.0, 9.0, 17.0]), (4.0, [1.0, 17.0, 81.0, 257.0])]
    {
        for sign in [1.0, -1.0] {
            assert_eq!(host(attention(x.clone() * sign, power)), expected);
            let far = distance(&host(composed::attention(x.clone() * sign, power)), &expected);
            assert!(far < 1e-6, "{far}");
        }
    }
}

/// Directional derivatives of `sum(da * A(x))` by central differences in double precision.
#[test]
fn attention_gradients_match_differences() {
    let (n, c, plane) = (2, 5, 21);
    for power in POWERS {
        let [sums, dx] = attended(attention, [n, c, 3, 7], power);
        let double = |seed, count| values(count, seed).into_iter().map(f64::from).collect::<Vec<_>>();
        let (x, da) = (double(1, dx.len()), double(2, sums.len()));
        // No closer to the kink than the differences reach.
        let along: Vec<f64> = double(3, dx.len()).iter().zip(&x).map(|(d, x)| d * x).collect();
        let loss = |step: f64| {
            let term = |i: usize| {
                da[i / (c * plane) * plane + i % plane] * (x[i] + step * along[i]).abs().powf(f64::from(power))
            };
            (0..x.len()).map(term).sum::<f64>()
        };
        let expected = (loss(1e-4) - loss(-1e-4)) / 2e-4;
        let actual: f64 = dx.iter().zip(&along).map(|(dx, along)| f64::from(*dx) * along).sum();
        assert!((actual - expected).abs() < 1e-4 * (1.0 + expected.abs()), "power {power}: {actual}, not {expected}");
    }
}

/// Zero has no sign: its gradient is zero for every power, in both forms.
#[test]
fn zeros_have_no_gradient() {
    for run in [attention, composed::attention] {
        for power in POWERS {
            let x = Tensor::<4>::zeros([2, 3, 5, 5], &Device::flex()).autodiff().require_grad();
            let sums = run(x.clone(), power);
            let mut gradients = sums.clone().sum().backward();
            assert!(host(sums.inner()).iter().all(|v| *v == 0.0), "power {power}");
            assert!(host(x.grad_remove(&mut gradients).unwrap()).iter().all(|v| *v == 0.0), "power {power}");
        }
    }
}

/// Doubles take the composed form, and NaN shows.
#[test]
fn other_floats_and_nan() {
    let x = leaf([2, 3, 4, 5], 1).inner();
    let sums = attention(x.clone().cast(DType::F64), 4.0);
    assert_eq!(sums.dtype(), DType::F64);
    assert!(distance(&host(sums.cast(DType::F32)), &host(attention(x.clone(), 4.0))) < 1e-6);
    for power in POWERS {
        assert!(host(attention(x.clone() * f32::NAN, power)).iter().all(|v| v.is_nan()), "power {power}");
    }
}

/// Every output for one instruction set.
fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let maps = Maps { n: 3, c: 6, h: 35, w: 41 };
    let (x, da) = (values(3 * 6 * 35 * 41, 1), values(3 * 35 * 41, 2));
    let both = |power| [kernel::forward(isa, maps, &x, power), kernel::backward(isa, maps, &x, &da, power)];
    POWERS.into_iter().flat_map(|power| both(Power::new(power))).collect()
}

#[test]
fn attention_does_not_depend_on_threads_or_instructions() {
    check_threads(everything);
    check_instruction_sets(everything, 5e-6);
}
