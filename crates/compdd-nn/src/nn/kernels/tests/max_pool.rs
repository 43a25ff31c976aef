//! Max pooling against the composed form.

use burn::tensor::{DType, Device, Tensor};
use proptest::prelude::*;

use super::super::geometry::Geometry;
use super::super::simd::Isa;
use super::super::{composed, max_pool, max_pool as kernel};
use super::{check_instruction_sets, check_threads, distance, host, leaf, values};

type Pool = fn(Tensor<4>, usize, usize, usize) -> Tensor<4>;

/// The largest values, and the gradient of the maps under a fixed random gradient of them.
fn pooled(run: Pool, x: Tensor<4>, [kernel, stride, padding]: [usize; 3]) -> [Vec<f32>; 2] {
    let x = x.detach().require_grad();
    let y = run(x.clone(), kernel, stride, padding);
    let dy = leaf(y.dims(), 2).inner();
    let mut gradients = (y.clone() * Tensor::from_inner(dy)).sum().backward();
    [host(y.inner()), host(x.grad_remove(&mut gradients).unwrap())]
}

fn check(shape: [usize; 4], window: [usize; 3]) {
    // Few different values, so that many are equal: the first of them counts.
    for x in [leaf(shape, 1), (leaf(shape, 1) * 2.0).round()] {
        let [ours, reference] = [max_pool as Pool, composed::max_pool].map(|run| pooled(run, x.clone(), window));
        assert_eq!(ours[0], reference[0], "{shape:?} by {window:?}");
        assert!(distance(&ours[1], &reference[1]) < 1e-6, "gradient of {shape:?} by {window:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn poolings_agree(
        n in 1_usize..4, c in 1_usize..5, h in 3_usize..20, w in 3_usize..40, kernel in 1_usize..4, stride in 1_usize..4,
        padded in any::<bool>(),
    ) {
        check([n, c, h, w], [kernel, stride, if padded { kernel / 2 } else { 0 }]);
    }
}

#[test]
fn the_poolings_of_networks_agree() {
    for (shape, window) in [
        ([2, 3, 112, 112], [3, 2, 1]),
        ([3, 4, 32, 32], [2, 2, 0]),
        ([2, 3, 13, 13], [3, 2, 0]),
        ([2, 2, 2, 2], [2, 2, 0]),
    ] {
        check(shape, window);
    }
}

/// A block worked out by hand; NaN wins; doubles take the composed form; views give what their copies give.
#[test]
fn by_hand_nan_doubles_and_views() {
    let block = |last: f32| Tensor::<4>::from_data([[[[1.0_f32, 7.0, 2.0], [3.0, 6.0, last]]]], &Device::flex());
    assert_eq!(host(max_pool(block(9.0), 2, 1, 0)), [7.0, 9.0]);
    assert_eq!(host(max_pool(block(9.0), 3, 2, 1)), [7.0, 9.0]);
    let seen = host(max_pool(block(f32::NAN), 2, 1, 0));
    assert!(seen[0] == 7.0 && seen[1].is_nan());
    let x = leaf([2, 3, 6, 9], 1).inner();
    let wide = max_pool(x.clone().cast(DType::F64), 3, 2, 1);
    assert_eq!(wide.dtype(), DType::F64);
    assert_eq!(host(wide.cast(DType::F32)), host(max_pool(x.clone(), 3, 2, 1)));
    let view = x.swap_dims(2, 3);
    let copy = Tensor::<4>::from_data(view.to_data(), &Device::flex());
    assert_eq!(host(max_pool(view, 3, 2, 1)), host(max_pool(copy, 3, 2, 1)));
}

/// Every output for one instruction set.
fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let cases = [([9, 7, 6, 10], 3, 2, 1), ([3, 5, 8, 8], 2, 2, 0), ([2, 3, 33, 31], 3, 1, 1)];
    let both = |(shape, size, stride, padding): ([usize; 4], usize, usize, usize)| {
        let g = Geometry::new(shape, [shape[1], shape[1], size, size], [stride; 2], [padding; 2]).unwrap();
        let x = values(shape.iter().product(), 1);
        let dy = values(g.n * g.c * g.oh * g.ow, 2);
        [kernel::forward(isa, &g, &x), kernel::backward(&g, &x, &dy)]
    };
    cases.into_iter().flat_map(both).collect()
}

#[test]
fn pooling_does_not_depend_on_threads_or_instructions() {
    check_threads(everything);
    check_instruction_sets(everything, 1e-6);
}
