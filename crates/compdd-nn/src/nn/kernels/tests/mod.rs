//! The kernels against the composed form, against differences, and against themselves on other thread counts and
//! processors.

mod attention;
mod batch;
mod depthwise;
mod max_pool;
mod pool;
mod tokens;

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use super::geometry::Geometry;
use super::norm::{self, Epilogue, Maps};
use super::plan::Plan;
use super::simd::Isa;
use super::winograd::Blocks;
use super::{composed, conv3x3, im2col, instance_norm, norm_relu, norm_relu_pool, normalise, ops};

/// Values in -1 .. 1 from a small generator of its own (steps of a 64-bit congruence).
pub(super) fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

pub(super) fn leaf<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let data = TensorData::new(values(shape.iter().product(), seed), shape);
    Tensor::from_data(data, &Device::flex()).autodiff().require_grad()
}

pub(super) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// Largest difference over the largest reference value.
pub(super) fn distance(ours: &[f32], reference: &[f32]) -> f32 {
    assert_eq!(ours.len(), reference.len());
    let scale = reference.iter().fold(1e-3_f32, |m, v| m.max(v.abs()));
    ours.iter().zip(reference).fold(0.0_f32, |m, (a, b)| m.max((a - b).abs())) / scale
}

/// The result of a convolution and its two gradients under a fixed random output gradient.
fn convolved(
    run: impl Fn(Tensor<4>, Tensor<4>, [usize; 2], [usize; 2]) -> Tensor<4>,
    x: [usize; 4],
    w: [usize; 4],
    stride: [usize; 2],
    padding: [usize; 2],
) -> [Vec<f32>; 3] {
    let (x, w) = (leaf(x, 1), leaf(w, 2));
    let y = run(x.clone(), w.clone(), stride, padding);
    let dy = leaf(y.dims(), 3).inner();
    let mut gradients = (y.clone() * Tensor::from_inner(dy)).sum().backward();
    let (dx, dw) = (x.grad_remove(&mut gradients).unwrap(), w.grad_remove(&mut gradients).unwrap());
    [host(y.inner()), host(dx), host(dw)]
}

/// What the two sizes of blocks may be away from the composed form.
pub(super) const ROUNDING: [(Blocks, f32); 2] = [(Blocks::Small, 5e-6), (Blocks::Large, 5e-5)];

/// Convolution in small blocks.
pub(super) fn conv2d(x: Tensor<4>, w: Tensor<4>, stride: [usize; 2], padding: [usize; 2]) -> Tensor<4> {
    super::conv2d(x, w, stride, padding, Blocks::Small)
}

fn check_convolution(x: [usize; 4], w: [usize; 4], stride: [usize; 2], padding: [usize; 2]) {
    let reference = convolved(composed::conv2d, x, w, stride, padding);
    for (blocks, most) in ROUNDING {
        let run = |x, w, stride, padding| super::conv2d(x, w, stride, padding, blocks);
        let ours = convolved(run, x, w, stride, padding);
        for (what, (ours, reference)) in ["y", "dx", "dw"].into_iter().zip(ours.iter().zip(&reference)) {
            let far = distance(ours, reference);
            assert!(
                far < most,
                "{what} of {x:?} under {w:?}, stride {stride:?}, padding {padding:?}, {blocks:?}: {far}"
            );
        }
    }
}

/// The result of a normalisation and its three gradients under a fixed random output gradient.
fn normalised(run: impl Fn(Tensor<4>, Tensor<1>, Tensor<1>) -> Tensor<4>, shape: [usize; 4]) -> [Vec<f32>; 4] {
    let (z, gamma, beta) = (leaf(shape, 1), leaf([shape[1]], 2), leaf([shape[1]], 3));
    let y = run(z.clone(), gamma.clone(), beta.clone());
    let dy = leaf(y.dims(), 4).inner();
    let mut gradients = (y.clone() * Tensor::from_inner(dy)).sum().backward();
    let [dgamma, dbeta] = [gamma, beta].map(|t| host(t.grad_remove(&mut gradients).unwrap()));
    [host(y.inner()), host(z.grad_remove(&mut gradients).unwrap()), dgamma, dbeta]
}

fn check_normalisation(shape: [usize; 4], after: Epilogue) {
    let ours = normalised(|z, g, b| normalise(z, g, b, after), shape);
    let reference = normalised(|z, g, b| composed::normalise(z, g, b, after), shape);
    for (ours, reference) in ours.iter().zip(&reference) {
        assert!(distance(ours, reference) < 5e-5, "{shape:?}, {after:?}: {}", distance(ours, reference));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_convolutions_agree(
        n in 1_usize..4, c in 1_usize..6, o in 1_usize..20, h in 1_usize..10, w in 1_usize..10,
        kernel in prop::array::uniform2(1_usize..6), stride in prop::array::uniform2(1_usize..4), padding in prop::array::uniform2(0_usize..3),
    ) {
        prop_assume!(h + 2 * padding[0] >= kernel[0] && w + 2 * padding[1] >= kernel[1]);
        check_convolution([n, c, h, w], [o, c, kernel[0], kernel[1]], stride, padding);
    }

    #[test]
    fn point_convolutions_agree(n in 1_usize..9, c in 1_usize..40, o in 1_usize..40, h in 1_usize..8, w in 1_usize..8) {
        check_convolution([n, c, h, w], [o, c, 1, 1], [1, 1], [0, 0]);
    }

    #[test]
    fn winograd_convolutions_agree(n in 1_usize..4, c in 12_usize..40, o in 12_usize..70, h in 1_usize..10, w in 1_usize..10) {
        check_convolution([n, c, h, w], [o, c, 3, 3], [1, 1], [1, 1]);
    }

    #[test]
    fn normalisations_agree(n in 1_usize..4, c in 1_usize..6, h in 1_usize..10, w in 1_usize..10) {
        for after in [Epilogue::Nothing, Epilogue::Relu, Epilogue::ReluPool] {
            // Tiny planes are ill-conditioned (two equal values): leave them to the tests of their own. No pooling of
            // one row.
            if h * w < 4 || (after == Epilogue::ReluPool && (h < 2 || w < 2)) { continue; }
            check_normalisation([n, c, h, w], after);
        }
    }
}

/// The widths that have a way of their own through the pooling.
#[test]
fn network_sized_normalisations_agree() {
    for [h, w] in [[8, 8], [6, 8], [4, 16], [32, 32], [2, 48]] {
        check_normalisation([4, 3, h, w], Epilogue::ReluPool);
    }
}

#[test]
fn network_sized_convolutions_agree() {
    check_convolution([3, 3, 32, 32], [32, 3, 3, 3], [1, 1], [1, 1]);
    check_convolution([2, 48, 17, 16], [40, 48, 3, 3], [1, 1], [1, 1]);
    check_convolution([9, 16, 4, 4], [48, 16, 3, 3], [1, 1], [1, 1]);
    check_convolution([2, 16, 16, 16], [40, 16, 5, 5], [1, 1], [2, 2]);
    check_convolution([2, 32, 16, 16], [64, 32, 3, 3], [2, 2], [1, 1]);
    check_convolution([2, 32, 16, 16], [64, 32, 1, 1], [2, 2], [0, 0]);
    check_convolution([2, 24, 17, 16], [70, 24, 1, 1], [1, 1], [0, 0]);
    check_convolution([70, 40, 2, 2], [9, 40, 1, 1], [1, 1], [0, 0]);
    check_convolution([9, 300, 4, 4], [33, 300, 1, 1], [1, 1], [0, 0]);
    check_convolution([1, 3, 40, 40], [24, 3, 7, 7], [2, 2], [3, 3]);
}

/// Convolution by its definition, in double precision.
fn exact(g: &Geometry, x: &[f64], weight: &[f64]) -> Vec<f64> {
    let mut y = Vec::new();
    for (i, o) in (0..g.n).flat_map(|i| (0..g.o).map(move |o| (i, o))) {
        for (row, column) in (0..g.oh).flat_map(|r| (0..g.ow).map(move |c| (r, c))) {
            let mut sum = 0.0;
            for k in 0..g.terms() {
                let (c, ki, kj) = (k / (g.kh * g.kw), k / g.kw % g.kh, k % g.kw);
                let at = |out: usize, k: usize, axis: usize| (out * g.stride[axis] + k).checked_sub(g.padding[axis]);
                if let (Some(r), Some(s)) =
                    (at(row, ki, 0).filter(|&r| r < g.h), at(column, kj, 1).filter(|&s| s < g.w))
                {
                    sum += x[((i * g.c + c) * g.h + r) * g.w + s] * weight[o * g.terms() + k];
                }
            }
            y.push(sum);
        }
    }
    y
}

/// Blocks of 2 x 2 results round less than the definition does, larger ones a few times more.
#[test]
fn large_blocks_round_a_little_more() {
    let g = Geometry::new([2, 64, 12, 12], [32, 64, 3, 3], [1, 1], [1, 1]).unwrap();
    let (x, w) = (values(g.n * g.c * g.h * g.w, 1), values(g.o * g.terms(), 2));
    let exact =
        exact(&g, &x.iter().map(|&v| v.into()).collect::<Vec<_>>(), &w.iter().map(|&v| v.into()).collect::<Vec<_>>());
    let plan = Plan { maps: &[&x], weights: &[&w], sums: Plan::ONE };
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let rounding = |y: Vec<f32>| {
        norm(&mut y.iter().zip(&exact).map(|(y, e)| f64::from(*y) - e)) / norm(&mut exact.iter().copied())
    };
    let isa = Isa::detect();
    let direct = rounding(im2col::forward(isa, &g, plan));
    let [small, large] = ROUNDING.map(|(blocks, _)| rounding(ops::forward(isa, &g.in_blocks(blocks), plan)));
    assert!(small < direct && large < 8.0 * direct, "{direct:e} {small:e} {large:e}");
}

/// Directional derivatives of `sum(dy * y)`, by central differences of the double-precision definition (exact: it is
/// bilinear), against the gradients' inner products with the same directions.
#[test]
fn gradients_match_differences() {
    for (x, w, stride, padding) in [
        ([2, 13, 5, 6], [17, 13, 3, 3], [1, 1], [1, 1]),
        ([2, 3, 7, 6], [5, 3, 3, 2], [2, 1], [1, 0]),
        ([5, 19, 3, 3], [10, 19, 1, 1], [1, 1], [0, 0]),
        ([1, 16, 6, 6], [33, 16, 5, 5], [1, 1], [2, 2]),
    ] {
        let g = Geometry::new(x, w, stride, padding).unwrap();
        let [y, dx, dw] = convolved(conv2d, x, w, stride, padding);
        let double = |seed, count| values(count, seed).into_iter().map(f64::from).collect::<Vec<_>>();
        let (xs, ws, dy) = (double(1, dx.len()), double(2, dw.len()), double(3, y.len()));
        let loss = |x: &[f64], w: &[f64]| exact(&g, x, w).iter().zip(&dy).map(|(a, b)| a * b).sum::<f64>();
        let moved = |v: &[f64], d: &[f64], s: f64| v.iter().zip(d).map(|(v, d)| v + s * d).collect::<Vec<_>>();
        let inner = |v: &[f32], d: &[f64]| v.iter().zip(d).map(|(v, d)| f64::from(*v) * d).sum::<f64>();
        let (along_x, along_w) = (double(5, dx.len()), double(6, dw.len()));
        let by_x = (loss(&moved(&xs, &along_x, 0.5), &ws) - loss(&moved(&xs, &along_x, -0.5), &ws)) / 1.0;
        let by_w = (loss(&xs, &moved(&ws, &along_w, 0.5)) - loss(&xs, &moved(&ws, &along_w, -0.5))) / 1.0;
        assert!((by_x - inner(&dx, &along_x)).abs() < 1e-4 * (1.0 + by_x.abs()), "{by_x} {}", inner(&dx, &along_x));
        assert!((by_w - inner(&dw, &along_w)).abs() < 1e-4 * (1.0 + by_w.abs()), "{by_w} {}", inner(&dw, &along_w));
        let exact: Vec<f32> = exact(&g, &xs, &ws).into_iter().map(|v| v as f32).collect();
        assert!(distance(&y, &exact) < 2e-6);
    }
}

/// The same by differences of a double-precision normalisation.
#[test]
fn normalisation_gradients_match_differences() {
    let (c, h, w) = (3, 4, 6);
    for after in [Epilogue::Nothing, Epilogue::Relu, Epilogue::ReluPool] {
        let [y, dz, dgamma, dbeta] = normalised(|z, g, b| normalise(z, g, b, after), [1, c, h, w]);
        let double = |seed, count| values(count, seed).into_iter().map(f64::from).collect::<Vec<_>>();
        let (z, gamma, beta, dy) = (double(1, c * h * w), double(2, c), double(3, c), double(4, y.len()));
        let loss = |z: &[f64], gamma: &[f64], beta: &[f64]| {
            let mut sum = 0.0;
            for (k, plane) in z.chunks(h * w).enumerate() {
                let mean = plane.iter().sum::<f64>() / (h * w) as f64;
                let variance = plane.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (h * w) as f64;
                for (i, v) in plane.iter().enumerate() {
                    let mut y = (v - mean) / (variance + f64::from(norm::EPSILON)).sqrt() * gamma[k] + beta[k];
                    if after != Epilogue::Nothing {
                        y = y.max(0.0);
                    }
                    sum += if after == Epilogue::ReluPool {
                        0.25 * y * dy[k * h * w / 4 + i / w / 2 * (w / 2) + i % w / 2]
                    } else {
                        y * dy[k * h * w + i]
                    };
                }
            }
            sum
        };
        let step = 1e-6;
        let slope = |which: usize, at: usize| {
            let side = |s: f64| {
                let mut all = [z.clone(), gamma.clone(), beta.clone()];
                all[which][at] += s;
                loss(&all[0], &all[1], &all[2])
            };
            ((side(step) - side(-step)) / (2.0 * step)) as f32
        };
        for (which, ours) in [dz, dgamma, dbeta].iter().enumerate() {
            let differences: Vec<f32> = (0..ours.len()).map(|at| slope(which, at)).collect();
            assert!(
                distance(ours, &differences) < 1e-5,
                "{after:?}, operand {which}: {}",
                distance(ours, &differences)
            );
        }
    }
}

/// Every kernel's output bytes for one set of sizes and one instruction set.
fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for (x, w, stride, padding) in [
        ([5, 20, 9, 8], [36, 20, 3, 3], [1, 1], [1, 1]),
        ([40, 16, 4, 4], [16, 16, 3, 3], [1, 1], [1, 1]),
        ([5, 3, 9, 8], [18, 3, 3, 3], [1, 1], [1, 1]),
        ([3, 6, 11, 7], [9, 6, 5, 4], [2, 1], [2, 0]),
        ([2, 3, 21, 40], [9, 3, 7, 7], [2, 2], [3, 3]),
        ([70, 19, 3, 3], [10, 19, 1, 1], [1, 1], [0, 0]),
    ] {
        let g = Geometry::new(x, w, stride, padding).unwrap();
        let large = g.in_blocks(Blocks::Large);
        let (xs, ws) = (values(x.iter().product(), 1), values(w.iter().product(), 2));
        let dy = values(g.n * g.o * g.pixels(), 3);
        let forward = Plan { maps: &[&xs], weights: &[&ws], sums: Plan::ONE };
        let backward = Plan { maps: &[&dy], ..forward };
        for g in [g, large] {
            all.push(ops::forward(isa, &g, forward));
            all.push(ops::input_gradient(isa, &g, backward));
            all.push(ops::weight_gradient(isa, &g, &xs, &dy));
        }
        all.push(im2col::forward(isa, &g, forward));
        all.push(im2col::input_gradient(isa, &g, backward));
        all.push(im2col::weight_gradient(isa, &g, &xs, &dy));
    }
    let maps = Maps { n: 9, c: 7, h: 6, w: 10 };
    let (z, gamma, beta) = (values(9 * 7 * 60, 4), values(7, 5), values(7, 6));
    for after in [Epilogue::Nothing, Epilogue::Relu, Epilogue::ReluPool] {
        let y = norm::forward(isa, maps, &z, &gamma, &beta, after);
        let dy = values(y.len(), 7);
        let (dz, dgamma, dbeta) = norm::backward(isa, maps, &z, &gamma, &beta, &dy, after);
        all.extend([y, dz, dgamma, dbeta]);
    }
    all
}

fn bits(all: &[Vec<f32>]) -> Vec<Vec<u32>> {
    all.iter().map(|values| values.iter().map(|v| v.to_bits()).collect()).collect()
}

/// One, two and five threads give the same bits.
pub(super) fn check_threads(everything: fn(Isa) -> Vec<Vec<f32>>) {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        bits(&pool.install(|| everything(Isa::detect())))
    };
    let one = on(1);
    assert!(one == on(2));
    assert!(one == on(5));
}

/// Every instruction set of the processor gives the best one's results, up to `tolerance`.
pub(super) fn check_instruction_sets(everything: fn(Isa) -> Vec<Vec<f32>>, tolerance: f32) {
    let best = everything(Isa::detect());
    for isa in Isa::supported() {
        for (a, b) in everything(isa).iter().zip(&best) {
            assert!(distance(a, b) < tolerance, "{isa:?}: {}", distance(a, b));
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    check_threads(everything);
}

#[test]
fn instruction_sets_agree() {
    check_instruction_sets(everything, 5e-6);
}

#[test]
fn constant_maps_stay_finite() {
    let z = Tensor::<4>::full([2, 3, 4, 4], 7.5, &Device::flex()).autodiff().require_grad();
    let y = norm_relu_pool(z.clone(), leaf([3], 1), leaf([3], 2));
    let mut gradients = y.clone().sum().backward();
    let dz = host(z.grad_remove(&mut gradients).unwrap());
    assert!(host(y.inner()).iter().chain(&dz).all(|v| v.is_finite()));
}

/// A map of one pixel is its own mean: the result is beta, whatever the input.
#[test]
fn one_pixel_gives_beta_exactly() {
    let (gamma, beta) = (leaf([5], 2), leaf([5], 3));
    let y = host(instance_norm(leaf([2, 5, 1, 1], 1), gamma.clone(), beta.clone()).inner());
    let expected = host(beta.clone().inner());
    assert_eq!(y, [expected.clone(), expected.clone()].concat());
    let y = host(norm_relu(leaf([2, 5, 1, 1], 1), gamma, beta).inner());
    let positive: Vec<f32> = expected.iter().map(|v| v.max(0.0)).collect();
    assert_eq!(y, [positive.clone(), positive].concat());
}

#[test]
fn nan_is_not_hidden() {
    let z = Tensor::<4>::full([1, 2, 4, 4], f32::NAN, &Device::flex());
    let y = host(norm_relu_pool(z.clone(), leaf([2], 1).inner(), leaf([2], 2).inner()));
    assert!(y.iter().all(|v| v.is_nan()));
    assert!(host(conv3x3(z, leaf([3, 2, 3, 3], 1).inner())).iter().all(|v| v.is_nan()));
}

/// Images that are not leaves get no gradient, and views that are not laid out row by row give the same results.
#[test]
fn untracked_and_strided_operands() {
    let image = leaf([2, 14, 6, 6], 1).inner();
    let weight = leaf([15, 14, 3, 3], 2);
    let y = conv3x3(Tensor::from_inner(image.clone()), weight.clone());
    let mut gradients = y.clone().sum().backward();
    assert!(weight.grad_remove(&mut gradients).is_some());
    let view = image.clone().swap_dims(2, 3).clone();
    let copy = Tensor::from_data(view.to_data(), &Device::flex());
    assert_eq!(host(conv3x3(view, weight.clone().inner())), host(conv3x3(copy, weight.inner())));
}

#[test]
fn empty_batches_and_misfits_are_the_frameworks_business() {
    assert!(Geometry::new([0, 3, 4, 4], [2, 3, 3, 3], [1, 1], [1, 1]).is_none());
    assert!(Geometry::new([1, 3, 4, 4], [2, 4, 3, 3], [1, 1], [1, 1]).is_none());
    assert!(Geometry::new([1, 3, 2, 2], [2, 3, 5, 5], [1, 1], [1, 1]).is_none());
    assert!(Geometry::new([1, 3, 2, 2], [2, 3, 1, 1], [0, 1], [0, 0]).is_none());
}
