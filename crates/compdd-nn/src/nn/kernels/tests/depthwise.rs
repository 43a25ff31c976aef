//! Depthwise convolution against the composed form and against differences in double precision.

use burn::tensor::{Device, Tensor};
use proptest::prelude::*;

use super::super::geometry::Geometry;
use super::super::simd::Isa;
use super::super::{composed, depthwise, depthwise_conv2d};
use super::{check_instruction_sets, check_threads, convolved, distance, exact, host, leaf, values};

fn check(x: [usize; 4], kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) {
    let w = [x[1], 1, kernel[0], kernel[1]];
    let ours = convolved(depthwise_conv2d, x, w, stride, padding);
    let reference = convolved(composed::depthwise_conv2d, x, w, stride, padding);
    for (what, (ours, reference)) in ["y", "dx", "dw"].into_iter().zip(ours.iter().zip(&reference)) {
        let far = distance(ours, reference);
        assert!(far < 5e-6, "{what} of {x:?} under {kernel:?}, stride {stride:?}, padding {padding:?}: {far}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_depthwise_convolutions_agree(
        n in 1_usize..5, c in 1_usize..20, h in 1_usize..20, w in 1_usize..20,
        kernel in prop::array::uniform2(1_usize..8), stride in prop::array::uniform2(1_usize..4), padding in prop::array::uniform2(0_usize..4),
    ) {
        prop_assume!(h + 2 * padding[0] >= kernel[0] && w + 2 * padding[1] >= kernel[1]);
        check([n, c, h, w], kernel, stride, padding);
    }
}

/// The kernels and maps of networks; batches of one and of several tasks; rows longer and shorter than a vector.
#[test]
fn network_sized_depthwise_convolutions_agree() {
    for (kernel, stride) in [3, 5, 7].into_iter().flat_map(|kernel| [1, 2].map(|stride| (kernel, stride))) {
        for x in [[1, 1, 56, 56], [9, 5, 32, 32], [3, 17, 15, 33], [130, 3, 4, 4], [257, 2, 2, 2]] {
            check(x, [kernel; 2], [stride; 2], [kernel / 2; 2]);
        }
    }
}

/// Pixels that no window reads: results beside which rows and columns are left over, steps longer than the filter.
#[test]
fn pixels_without_a_window_get_no_gradient() {
    let [_, dx, _] = convolved(depthwise_conv2d, [1, 1, 6, 6], [1, 1, 2, 2], [3, 3], [0, 0]);
    let read = |i: usize| i / 6 % 3 < 2 && i % 3 < 2;
    assert!(dx.iter().enumerate().all(|(i, value)| (*value != 0.0) == read(i)), "{dx:?}");
}

/// Directional derivatives of `sum(dy * y)` by central differences of the definition (exact: it is bilinear), against the
/// gradients' inner products with the same directions. The definition is a dense convolution whose other filters are zero.
#[test]
fn depthwise_gradients_match_differences() {
    for (x, kernel, stride, padding) in [
        ([2, 5, 6, 7], [3, 3], [1, 1], [1, 1]),
        ([3, 3, 9, 8], [5, 5], [2, 2], [2, 2]),
        ([1, 2, 11, 9], [7, 7], [2, 1], [3, 0]),
    ] {
        let c = x[1];
        let dense = Geometry::new(x, [c, c, kernel[0], kernel[1]], stride, padding).unwrap();
        let [y, dx, dw] = convolved(depthwise_conv2d, x, [c, 1, kernel[0], kernel[1]], stride, padding);
        let double = |seed, count| values(count, seed).into_iter().map(f64::from).collect::<Vec<_>>();
        let result = |x: &[f64], w: &[f64]| {
            let size = w.len() / c;
            let mut all = vec![0.0; c * c * size];
            for (channel, filter) in w.chunks(size).enumerate() {
                all[channel * (c + 1) * size..][..size].copy_from_slice(filter);
            }
            exact(&dense, x, &all)
        };
        let (xs, ws, dy) = (double(1, dx.len()), double(2, dw.len()), double(3, y.len()));
        let loss = |x: &[f64], w: &[f64]| result(x, w).iter().zip(&dy).map(|(a, b)| a * b).sum::<f64>();
        let moved = |v: &[f64], d: &[f64], s: f64| v.iter().zip(d).map(|(v, d)| v + s * d).collect::<Vec<_>>();
        let inner = |v: &[f32], d: &[f64]| v.iter().zip(d).map(|(v, d)| f64::from(*v) * d).sum::<f64>();
        let (along_x, along_w) = (double(5, dx.len()), double(6, dw.len()));
        let by_x = loss(&moved(&xs, &along_x, 0.5), &ws) - loss(&moved(&xs, &along_x, -0.5), &ws);
        let by_w = loss(&xs, &moved(&ws, &along_w, 0.5)) - loss(&xs, &moved(&ws, &along_w, -0.5));
        assert!((by_x - inner(&dx, &along_x)).abs() < 1e-4 * (1.0 + by_x.abs()), "{by_x} {}", inner(&dx, &along_x));
        assert!((by_w - inner(&dw, &along_w)).abs() < 1e-4 * (1.0 + by_w.abs()), "{by_w} {}", inner(&dw, &along_w));
        let expected: Vec<f32> = result(&xs, &ws).into_iter().map(|v| v as f32).collect();
        assert!(distance(&y, &expected) < 2e-6);
    }
}

fn everything(isa: Isa) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for (x, kernel, stride) in
        [([70, 5, 9, 8], [3, 3], [1, 1]), ([21, 3, 17, 18], [5, 5], [2, 2]), ([2, 4, 21, 40], [7, 4], [1, 2])]
    {
        let g = Geometry::depthwise(x, [x[1], 1, kernel[0], kernel[1]], stride, [2, 1]).unwrap();
        let (xs, ws) = (values(x.iter().product(), 1), values(g.filters().iter().product(), 2));
        let dy = values(g.n * g.c * g.pixels(), 3);
        all.push(depthwise::forward(isa, &g, &xs, &ws));
        all.push(depthwise::input_gradient(isa, &g, &dy, &ws));
        all.push(depthwise::weight_gradient(isa, &g, &xs, &dy));
    }
    all
}

#[test]
fn depthwise_convolution_does_not_depend_on_threads_or_instructions() {
    check_threads(everything);
    check_instruction_sets(everything, 5e-6);
}

/// A value that is not a number shows in the windows that hold it, and nowhere else.
#[test]
fn nan_shows_where_it_is_read() {
    let x = leaf([2, 3, 6, 6], 1).inner().slice_fill([0..1, 1..2, 2..3, 3..4], f32::NAN);
    let y = host(depthwise_conv2d(x, leaf([3, 1, 3, 3], 2).inner(), [1, 1], [1, 1]));
    let near = |i: usize| i / 36 == 1 && (1..4).contains(&(i / 6 % 6)) && (2..5).contains(&(i % 6));
    assert!(y.iter().enumerate().all(|(i, value)| value.is_nan() == near(i)));
}

/// Views give what their copies give; filters of several channels, and fewer filters than channels, are not served.
#[test]
fn strided_operands_and_misfits() {
    let (x, w) = (leaf([2, 4, 6, 5], 1).inner().swap_dims(2, 3), leaf([4, 1, 3, 3], 2).inner());
    let copy = Tensor::<4>::from_data(x.to_data(), &Device::flex());
    let run = |x| host(depthwise_conv2d(x, w.clone(), [2, 2], [1, 1]));
    assert_eq!(run(x), run(copy));
    assert!(Geometry::depthwise([1, 4, 5, 5], [4, 2, 3, 3], [1, 1], [1, 1]).is_none());
    assert!(Geometry::depthwise([1, 4, 5, 5], [8, 1, 3, 3], [1, 1], [1, 1]).is_none());
    assert!(Geometry::depthwise([1, 4, 2, 2], [4, 1, 3, 3], [1, 1], [0, 0]).is_none());
}
