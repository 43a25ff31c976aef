//! Pooling by two against the composed form.

use burn::tensor::{DType, Tensor};
use proptest::prelude::*;

use super::super::norm::Maps;
use super::super::simd::Isa;
use super::super::{avg_pool, composed, pool as kernel};
use super::{check_instruction_sets, check_threads, distance, host, leaf, values};

/// The means, and the gradient of the maps under a fixed random gradient of the means.
fn pooled(run: fn(Tensor<4>) -> Tensor<4>, shape: [usize; 4]) -> [Vec<f32>; 2] {
    let x = leaf(shape, 1);
    let y = run(x.clone());
    let dy = leaf(y.dims(), 2).inner();
    let mut gradients = (y.clone() * Tensor::from_inner(dy)).sum().backward();
    [host(y.inner()), host(x.grad_remove(&mut gradients).unwrap())]
}

fn check(shape: [usize; 4]) {
    for (ours, reference) in pooled(avg_pool, shape).iter().zip(&pooled(composed::avg_pool2, shape)) {
        assert!(distance(ours, reference) < 1e-6, "{shape:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn poolings_agree(n in 1_usize..4, c in 1_usize..6, h in 2_usize..20, w in 2_usize..40) {
        check([n, c, h, w]);
    }
}

#[test]
fn network_sized_poolings_agree() {
    for shape in [[4, 3, 32, 32], [5, 7, 16, 16], [3, 20, 8, 8], [9, 2, 4, 4], [9, 2, 2, 2], [2, 3, 8, 48]] {
        check(shape);
    }
}

/// Doubles take the composed form; a block of four numbers has their mean.
#[test]
fn other_floats_and_a_block_by_hand() {
    let x = leaf([2, 3, 4, 6], 1).inner();
    let wide = avg_pool(x.clone().cast(DType::F64));
    assert_eq!(wide.dtype(), DType::F64);
    assert!(distance(&host(wide.cast(DType::F32)), &host(avg_pool(x))) < 1e-6);
    let block = Tensor::<4>::from_data([[[[1.0_f32, 2.0], [3.0, 6.0]]]], &burn::tensor::Device::flex());
    assert_eq!(host(avg_pool(block)), [3.0]);
}

/// Every output for one instruction set.
fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let sizes = [Maps { n: 9, c: 7, h: 6, w: 10 }, Maps { n: 3, c: 5, h: 8, w: 8 }, Maps { n: 2, c: 3, h: 32, w: 32 }];
    let both = |maps: Maps| {
        let count = maps.n * maps.c * maps.h * maps.w;
        [kernel::forward(isa, maps, &values(count, 1)), kernel::backward(isa, maps, &values(count / 4, 2))]
    };
    sizes.into_iter().flat_map(both).collect()
}

#[test]
fn pooling_does_not_depend_on_threads_or_instructions() {
    check_threads(everything);
    check_instruction_sets(everything, 1e-6);
}
