//! The dual kernels against the composed form, against differences in double precision, and against themselves on other
//! thread counts and processors.

use burn::tensor::{Device, Tensor};
use proptest::prelude::*;

use super::super::norm::{EPSILON, Epilogue, Maps};
use super::super::plan::{Plan, Sums};
use super::super::simd::Isa;
use super::super::tests::{ROUNDING, check_instruction_sets, check_threads, conv2d, distance, host, leaf, values};
use super::super::{im2col, ops};
use super::norm::{self, Affine};
use super::*;

/// Convolution of duals in small blocks.
fn dual_conv2d(
    x: Tensor<4>,
    stacked: bool,
    w: Tensor<4>,
    tangent: Tensor<4>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Tensor<4> {
    super::dual_conv2d(x, stacked, w, tangent, stride, padding, Blocks::Small)
}

/// The result of a dual convolution and its two gradients under a fixed random output gradient.
fn convolved(
    run: impl Fn(Tensor<4>, bool, Tensor<4>, Tensor<4>, [usize; 2], [usize; 2]) -> Tensor<4>,
    x: [usize; 4],
    stacked: bool,
    w: [usize; 4],
    stride: [usize; 2],
    padding: [usize; 2],
) -> [Vec<f32>; 3] {
    let (x, w, tangent) = (leaf(x, 1), leaf(w, 2), leaf(w, 3).inner());
    let y = run(x.clone(), stacked, w.clone(), tangent, stride, padding);
    let dy = leaf(y.dims(), 4).inner();
    let mut gradients = (y.clone() * dy).sum().backward();
    let (dx, dw) = (x.grad_remove(&mut gradients).unwrap(), w.grad_remove(&mut gradients).unwrap());
    [host(y.inner()), host(dx), host(dw)]
}

fn check_convolution(n: usize, [c, h, w]: [usize; 3], weight: [usize; 4], stride: [usize; 2], padding: [usize; 2]) {
    for stacked in [true, false] {
        let x = [if stacked { 2 * n } else { n }, c, h, w];
        let reference = convolved(composed::conv2d, x, stacked, weight, stride, padding);
        for (blocks, most) in ROUNDING {
            let run = |x, stacked, w, tangent, stride, padding| {
                super::dual_conv2d(x, stacked, w, tangent, stride, padding, blocks)
            };
            let ours = convolved(run, x, stacked, weight, stride, padding);
            for (what, (ours, reference)) in ["y", "dx", "dw"].into_iter().zip(ours.iter().zip(&reference)) {
                let far = distance(ours, reference);
                assert!(
                    far < most,
                    "{what} of {x:?} (stacked: {stacked}) under {weight:?}, {stride:?}, {padding:?}, {blocks:?}: {far}"
                );
            }
        }
    }
}

type Norm = fn(Tensor<4>, [Tensor<1>; 2], [Tensor<1>; 2], Epilogue) -> Tensor<4>;

/// The result of a dual normalisation and its three gradients under a fixed random output gradient.
fn normalised(run: Norm, shape: [usize; 4], after: Epilogue) -> [Vec<f32>; 4] {
    let (z, gamma, beta) = (leaf(shape, 1), leaf([shape[1]], 2), leaf([shape[1]], 3));
    let tangents = [leaf([shape[1]], 4).inner(), leaf([shape[1]], 5).inner()];
    let y = run(z.clone(), [gamma.clone(), beta.clone()], tangents, after);
    let dy = leaf(y.dims(), 6).inner();
    let mut gradients = (y.clone() * dy).sum().backward();
    let [dgamma, dbeta] = [gamma, beta].map(|t| host(t.grad_remove(&mut gradients).unwrap()));
    [host(y.inner()), host(z.grad_remove(&mut gradients).unwrap()), dgamma, dbeta]
}

fn check_normalisation(shape: [usize; 4]) {
    for after in ALL {
        let ours = normalised(normalise, shape, after);
        let reference = normalised(composed::normalise, shape, after);
        for (what, (ours, reference)) in ["y", "dz", "dgamma", "dbeta"].into_iter().zip(ours.iter().zip(&reference)) {
            let far = distance(ours, reference);
            assert!(far < 2e-4, "{what} of {shape:?}, {after:?}: {far}");
        }
    }
}

const ALL: [Epilogue; 3] = [Epilogue::Nothing, Epilogue::Relu, Epilogue::ReluPool];

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_convolutions_agree(
        n in 1_usize..4, c in 1_usize..6, o in 1_usize..20, h in 1_usize..10, w in 1_usize..10,
        kernel in prop::array::uniform2(1_usize..6), stride in prop::array::uniform2(1_usize..4), padding in prop::array::uniform2(0_usize..3),
    ) {
        prop_assume!(h + 2 * padding[0] >= kernel[0] && w + 2 * padding[1] >= kernel[1]);
        check_convolution(n, [c, h, w], [o, c, kernel[0], kernel[1]], stride, padding);
    }

    #[test]
    fn winograd_convolutions_agree(n in 1_usize..4, c in 12_usize..40, o in 12_usize..70, h in 1_usize..10, w in 1_usize..10) {
        check_convolution(n, [c, h, w], [o, c, 3, 3], [1, 1], [1, 1]);
    }

    #[test]
    fn normalisations_agree(n in 1_usize..4, c in 1_usize..6, h in 2_usize..10, w in 2_usize..20) {
        check_normalisation([2 * n, c, h, w]);
    }
}

/// The widths that have a way of their own through the pooling.
#[test]
fn network_sized_normalisations_agree() {
    for [h, w] in [[8, 8], [6, 8], [4, 16], [6, 16], [32, 32], [2, 48], [6, 64]] {
        check_normalisation([4, 3, h, w]);
    }
}

#[test]
fn network_sized_convolutions_agree() {
    check_convolution(3, [3, 32, 32], [32, 3, 3, 3], [1, 1], [1, 1]);
    check_convolution(2, [48, 17, 16], [40, 48, 3, 3], [1, 1], [1, 1]);
    check_convolution(9, [16, 4, 4], [48, 16, 3, 3], [1, 1], [1, 1]);
    check_convolution(2, [32, 16, 16], [64, 32, 3, 3], [2, 2], [1, 1]);
    check_convolution(2, [32, 16, 16], [64, 32, 1, 1], [2, 2], [0, 0]);
    check_convolution(20, [19, 3, 3], [21, 19, 1, 1], [1, 1], [0, 0]);
}

/// A convolution is linear in its input and in its weights: the tangent is the difference of two values, exactly but for
/// the cross term, which leaves with the sign of the step.
#[test]
fn convolution_tangents_are_directional_derivatives() {
    let (x, along) = (leaf([2, 13, 6, 5], 1).inner(), leaf([2, 13, 6, 5], 2).inner());
    let (w, tangent) = (leaf([14, 13, 3, 3], 3).inner(), leaf([14, 13, 3, 3], 4).inner());
    let at = |step: f32| {
        let (x, w) = (x.clone() + along.clone() * step, w.clone() + tangent.clone() * step);
        conv2d(x, w, [1, 1], [1, 1])
    };
    let difference = host((at(0.5) - at(-0.5)).div_scalar(1.0));
    let stacked = Tensor::cat(vec![x.clone(), along.clone()], 0);
    let y = host(dual_conv2d(stacked, true, w.clone(), tangent.clone(), [1, 1], [1, 1]));
    assert!(distance(&y[y.len() / 2..], &difference) < 5e-6);
    assert!(distance(&y[..y.len() / 2], &host(at(0.0))) < 5e-6);
}

/// The normalisation by its definition in double precision: values of `z + e z'` with the parameters moved alike.
fn exact(z: &[f64], affine: [&[f64]; 2], [h, w]: [usize; 2], after: Epilogue) -> Vec<f64> {
    let mut y = Vec::new();
    for (k, plane) in z.chunks(h * w).enumerate() {
        let k = k % affine[0].len();
        let mean = plane.iter().sum::<f64>() / (h * w) as f64;
        let variance = plane.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (h * w) as f64;
        let normal = |v: &f64| (v - mean) / (variance + f64::from(EPSILON)).sqrt() * affine[0][k] + affine[1][k];
        let rectified = |v: &f64| if after == Epilogue::Nothing { normal(v) } else { normal(v).max(0.0) };
        let values: Vec<f64> = plane.iter().map(rectified).collect();
        if after == Epilogue::ReluPool {
            for (i, j) in (0..h / 2).flat_map(|i| (0..w / 2).map(move |j| (i, j))) {
                let at = |a: usize, b: usize| values[(2 * i + a) * w + 2 * j + b];
                y.push(0.25 * (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)));
            }
        } else {
            y.extend(values);
        }
    }
    y
}

/// Values and tangents against the definition and its differences; the gradients of the inner product with a random
/// output gradient against differences of that, tangents included.
#[test]
fn normalisations_match_differences() {
    let (c, size) = (3, [4, 6]);
    let half = c * size[0] * size[1];
    let double = |seed, count| values(count, seed).into_iter().map(f64::from).collect::<Vec<_>>();
    let (affine, tangents) = ([double(2, c), double(3, c)], [double(4, c), double(5, c)]);
    let moved = |v: &[f64], d: &[f64], step: f64| v.iter().zip(d).map(|(v, d)| v + step * d).collect::<Vec<_>>();
    for after in ALL {
        let [y, dz, dgamma, dbeta] = normalised(normalise, [2, c, size[0], size[1]], after);
        let dual = |z: &[f64], [gamma, beta]: [&[f64]; 2]| {
            let at = |step: f64| {
                let z = moved(&z[..half], &z[half..], step);
                let (gamma, beta) = (moved(gamma, &tangents[0], step), moved(beta, &tangents[1], step));
                exact(&z, [&gamma, &beta], size, after)
            };
            let difference = |(a, b): (f64, f64)| (a - b) / 2e-4;
            let along: Vec<f64> = at(1e-4).into_iter().zip(at(-1e-4)).map(difference).collect();
            [at(0.0), along].concat()
        };
        let (z, dy) = (double(1, 2 * half), double(6, y.len()));
        let expected: Vec<f32> = dual(&z, [&affine[0], &affine[1]]).into_iter().map(|v| v as f32).collect();
        assert!(distance(&y, &expected) < 1e-5, "{after:?}: {}", distance(&y, &expected));
        let slope = |which: usize, at: usize| {
            let side = |step: f64| {
                let mut all = [z.clone(), affine[0].clone(), affine[1].clone()];
                all[which][at] += step;
                dual(&all[0], [&all[1], &all[2]]).iter().zip(&dy).map(|(a, b)| a * b).sum::<f64>()
            };
            ((side(1e-4) - side(-1e-4)) / 2e-4) as f32
        };
        for (which, ours) in [dz, dgamma, dbeta].iter().enumerate() {
            let differences: Vec<f32> = (0..ours.len()).map(|at| slope(which, at)).collect();
            let far = distance(ours, &differences);
            assert!(far < 2e-5, "{after:?}, operand {which}: {far}");
        }
    }
}

/// Every dual kernel's output for a few sizes and one instruction set.
fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    let sums: [Sums; 3] = [&[&[(0, 0)], &[(1, 0), (0, 1)]], &[&[(0, 0), (1, 1)], &[(1, 0)]], &[&[(0, 0), (1, 1)]]];
    for (x, w, stride, padding) in [
        ([5, 20, 9, 8], [36, 20, 3, 3], [1, 1], [1, 1]),
        ([20, 16, 4, 4], [16, 16, 3, 3], [1, 1], [1, 1]),
        ([3, 6, 11, 7], [9, 6, 5, 4], [2, 1], [2, 0]),
    ] {
        for blocks in [Blocks::Small, Blocks::Large] {
            let g = Geometry::new(x, w, stride, padding).unwrap().in_blocks(blocks);
            let maps = [1, 2].map(|seed| values(x.iter().product(), seed));
            let weights = [3, 4].map(|seed| values(w.iter().product(), seed));
            let dy = [5, 6].map(|seed| values(g.n * g.o * g.pixels(), seed));
            for sums in sums {
                let forward = Plan { maps: &[&maps[0], &maps[1]], weights: &[&weights[0], &weights[1]], sums };
                let backward = Plan { maps: &[&dy[0], &dy[1]], ..forward };
                all.extend([ops::forward(isa, &g, forward), ops::input_gradient(isa, &g, backward)]);
                if g.is_winograd() {
                    all.extend([im2col::forward(isa, &g, forward), im2col::input_gradient(isa, &g, backward)]);
                }
            }
        }
    }
    let [gamma, beta, gamma_tangent, beta_tangent] = [5, 6, 7, 8].map(|seed| values(7, seed));
    let affine = Affine { gamma: &gamma, beta: &beta, gamma_tangent: &gamma_tangent, beta_tangent: &beta_tangent };
    for ([h, w], after) in
        [[6, 10], [8, 8], [4, 16], [6, 32]].into_iter().flat_map(|size| ALL.map(|after| (size, after)))
    {
        let maps = Maps { n: 18, c: 7, h, w };
        let z = values(18 * 7 * h * w, 4);
        let y = norm::forward(isa, maps, &z, affine, after);
        let dy = values(y.len(), 9);
        let (dz, dgamma, dbeta) = norm::backward(isa, maps, &z, affine, &dy, after);
        all.extend([y, dz, dgamma, dbeta]);
    }
    all
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    check_threads(everything);
}

#[test]
fn instruction_sets_agree() {
    check_instruction_sets(everything, 1e-5);
}

/// The values of a dual are what the kernels without tangents compute.
#[test]
fn values_are_those_of_the_plain_kernels() {
    let (x, w, tangent) =
        (leaf([4, 16, 8, 8], 1).inner(), leaf([16, 16, 3, 3], 2).inner(), leaf([16, 16, 3, 3], 3).inner());
    let plain = host(conv2d(x.clone().slice(0..2), w.clone(), [1, 1], [1, 1]));
    let z = dual_conv2d(x, true, w, tangent, [1, 1], [1, 1]);
    assert_eq!(host(z.clone())[..plain.len()], plain);
    let [gamma, beta, gamma_tangent, beta_tangent] = [4, 5, 6, 7].map(|seed| leaf([16], seed).inner());
    let plain = host(super::super::norm_relu_pool(z.clone().slice(0..2), gamma.clone(), beta.clone()));
    let y = host(dual_norm_relu_pool(z, gamma, beta, gamma_tangent, beta_tangent));
    assert!(distance(&y[..plain.len()], &plain) < 2e-6);
}

#[test]
fn constant_maps_stay_finite() {
    let z = Tensor::<4>::full([2, 3, 4, 4], 7.5, &Device::flex()).autodiff().require_grad();
    let [gamma, beta, gamma_tangent, beta_tangent] = [1, 2, 3, 4].map(|seed| leaf([3], seed));
    let y = dual_norm_relu_pool(z.clone(), gamma, beta, gamma_tangent, beta_tangent);
    let mut gradients = y.clone().sum().backward();
    let dz = host(z.grad_remove(&mut gradients).unwrap());
    assert!(host(y.inner()).iter().chain(&dz).all(|v| v.is_finite()));
}

/// A diverged run shows in the values.
#[test]
fn nan_is_not_hidden() {
    let z = Tensor::<4>::full([2, 2, 4, 4], f32::NAN, &Device::flex());
    let [gamma, beta, gamma_tangent, beta_tangent] = [1, 2, 3, 4].map(|seed| leaf([2], seed).inner());
    let y = host(dual_norm_relu_pool(z, gamma, beta, gamma_tangent, beta_tangent));
    assert!(y[..y.len() / 2].iter().all(|v| v.is_nan()));
}

/// Images and weights that are not leaves get no gradient; tangents never do; views give the same results.
#[test]
fn constants_and_strided_operands() {
    let (image, weight, tangent) = (leaf([2, 14, 6, 6], 1), leaf([15, 14, 3, 3], 2), leaf([15, 14, 3, 3], 3));
    let y = dual_conv2d(image.clone().inner(), false, weight.clone(), tangent.clone(), [1, 1], [1, 1]);
    let mut gradients = y.sum().backward();
    assert!(weight.grad_remove(&mut gradients).is_some() && tangent.grad_remove(&mut gradients).is_none());
    let y = dual_conv2d(image.clone(), true, weight.clone().inner(), tangent.clone().inner(), [1, 1], [1, 1]);
    assert!(image.grad_remove(&mut y.sum().backward()).is_some());
    let view = image.inner().swap_dims(2, 3);
    let copy = Tensor::from_data(view.to_data(), &Device::flex());
    let run = |x| host(dual_conv2d(x, true, weight.clone().inner(), tangent.clone().inner(), [1, 1], [1, 1]));
    assert_eq!(run(view), run(copy));
}

/// Odd sizes are pooled by the composed form.
#[test]
fn odd_maps_lose_their_edge_to_the_pooling() {
    let parameters = [1, 2, 3, 4].map(|seed| leaf([2], seed).inner());
    let [gamma, beta, gamma_tangent, beta_tangent] = parameters;
    let y = dual_norm_relu_pool(leaf([2, 2, 5, 7], 5).inner(), gamma, beta, gamma_tangent, beta_tangent);
    assert_eq!(y.dims(), [2, 2, 2, 3]);
}
