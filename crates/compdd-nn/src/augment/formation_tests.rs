//! Multi-formation: acceptance check 8 of the matching methods, the transpose, and sides that do not divide.

use burn::tensor::{
    DType, Device, Tensor, TensorData,
    module::interpolate,
    ops::{InterpolateMode, InterpolateOptions},
};

use super::{
    Formation,
    tests::{distance, noise, values},
};

fn numbered(n: usize, c: usize, side: usize) -> Tensor<4> {
    let all = (0..n * c * side * side).map(|i| i as f32).collect();
    Tensor::from_data(TensorData::new(all, [n, c, side, side]), &Device::flex())
}

#[test]
fn decoding_makes_four_images_keeps_constants_and_reaches_every_pixel() {
    let formation = Formation::new(2, 32).unwrap();
    assert_eq!((formation.tile(), formation.images()), (16, 4));
    assert_eq!(formation.decode(noise(1, 10, [3, 32, 32])).dims(), [40, 3, 32, 32]);
    let constant = formation.decode(Tensor::full([10, 3, 32, 32], 0.7, &Device::flex()));
    assert!(values(constant).iter().all(|v| (v - 0.7).abs() < 1e-6));
    for (factor, side) in [(2, 32), (3, 32), (3, 16), (4, 17)] {
        let formation = Formation::new(factor, side).unwrap();
        let x = noise(2, 2, [3, side, side]).autodiff().require_grad();
        let mut gradients = formation.decode(x.clone()).sum().backward();
        let gradient = values(x.grad_remove(&mut gradients).unwrap());
        assert!(gradient.iter().all(|&g| g > 0.1), "{factor} {side}");
    }
}

/// The upper left pixels of the second tile of a 2 by 2 grid, by hand.
#[test]
fn tiles_come_row_by_row_for_all_images_in_turn() {
    let (formation, side) = (Formation::new(2, 8).unwrap(), 8);
    let decoded = formation.decode(numbered(2, 1, side));
    for (tile, corner) in [0, 4, 32, 36].into_iter().enumerate() {
        for image in 0..2 {
            let one = values(decoded.clone().narrow(0, tile * 2 + image, 1));
            let first = (image * 64 + corner) as f32;
            // Centres lie a quarter of a pixel either way; the first is clamped to the edge of its tile.
            assert_eq!(one[0..4], [first, first + 0.25, first + 0.75, first + 1.25], "tile {tile}, image {image}");
            assert_eq!(one[7], first + 3.0);
            assert_eq!(one[8], first + 0.25 * 8.0);
        }
    }
    assert_eq!(formation.repeat(&["a", "b"]), ["a", "b", "a", "b", "a", "b", "a", "b"]);
}

#[test]
fn a_side_that_does_not_divide_reads_the_padding() {
    let formation = Formation::new(3, 16).unwrap().padded_with([5.0, -1.0, 0.5]);
    assert_eq!(formation.tile(), 6);
    // Padded to 18 pixels, cut and enlarged by the framework.
    let pad = |value: f32| Tensor::<4>::full([2, 1, 18, 18], value, &Device::flex());
    let x = noise(3, 2, [3, 16, 16]);
    let padded =
        Tensor::cat(vec![pad(5.0), pad(-1.0), pad(0.5)], 1).slice_assign([0..2, 0..3, 0..16, 0..16], x.clone());
    let tiles: Vec<Tensor<4>> = (0..9)
        .map(|t| (t / 3 * 6, t % 3 * 6))
        .map(|(row, column)| padded.clone().slice([0..2, 0..3, row..row + 6, column..column + 6]))
        .collect();
    let options =
        InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false).with_output_size([16, 16]);
    let expected = interpolate(Tensor::cat(tiles, 0), options);
    assert!(distance(&values(formation.decode(x)), &values(expected)) < 1e-5);
}

#[test]
fn the_pullback_equals_the_derivative_in_both_precisions() {
    for (factor, side) in [(1, 8), (2, 16), (3, 16), (4, 17)] {
        let formation = Formation::new(factor, side).unwrap().padded_with([0.3, -0.4, 2.0]);
        for (dtype, limit) in [(DType::F32, 1e-5), (DType::F64, 1e-6)] {
            let cotangent = noise(4, 2 * formation.images(), [3, side, side]).cast(dtype);
            let x = noise(5, 2, [3, side, side]).cast(dtype).autodiff().require_grad();
            let mut gradients = (formation.decode(x.clone()) * cotangent.clone()).sum().backward();
            let expected = x.grad_remove(&mut gradients).unwrap();
            let back = formation.pullback(cotangent);
            assert_eq!((back.dtype(), back.is_autodiff()), (dtype, false));
            let as_single = |x: Tensor<4>| values(x.cast(DType::F32));
            assert!(distance(&as_single(back), &as_single(expected)) < limit, "{factor} {side} {dtype:?}");
        }
    }
}

#[test]
fn composing_fills_the_tiles_with_shrunk_images() {
    let formation = Formation::new(2, 16).unwrap();
    let images = noise(6, 4 * 3, [3, 16, 16]);
    let stored = formation.compose(images.clone());
    assert_eq!(stored.dims(), [3, 3, 16, 16]);
    let small = formation.shrink(images.clone());
    assert_eq!(small.dims(), [12, 3, 8, 8]);
    // Half the size without a filter: the mean of two by two pixels.
    let first = |y: usize, x: usize| images.clone().slice([0..1, 0..1, y..y + 1, x..x + 1]).into_scalar::<f32>();
    let mean = (first(0, 0) + first(0, 1) + first(1, 0) + first(1, 1)) / 4.0;
    assert!((small.clone().slice([0..1, 0..1, 0..1, 0..1]).into_scalar::<f32>() - mean).abs() < 1e-6);
    // The third image of the second tile is the sixth of the list.
    let tile = stored.slice([2..3, 0..3, 0..8, 8..16]);
    assert!(distance(&values(tile), &values(small.narrow(0, 5, 1))) < 1e-6);

    // Tiles of 6, 6 and 4 pixels; constant images stay constant.
    let uneven = Formation::new(3, 16).unwrap();
    let constant = |i: usize| Tensor::<4>::full([1, 3, 16, 16], i as f32, &Device::flex());
    let stored = values(uneven.compose(Tensor::cat((0..9).map(constant).collect(), 0)));
    for (pixel, value) in stored[..256].iter().enumerate() {
        let tile = (pixel / 16 / 6) * 3 + pixel % 16 / 6;
        assert!((value - tile as f32).abs() < 1e-5, "{pixel}: {value}");
    }
}

#[test]
fn one_image_is_itself_and_too_many_are_refused() {
    let (one, x) = (Formation::new(1, 3).unwrap(), noise(7, 2, [3, 3, 3]));
    for same in [one.decode(x.clone()), one.compose(x.clone()), one.shrink(x.clone()), one.pullback(x.clone())] {
        assert_eq!(values(same), values(x.clone()));
    }
    for (factor, side) in [(0, 32), (9, 32), (2, 7), (16, 65)] {
        let error = Formation::new(factor, side).unwrap_err().to_string();
        assert!(error.contains(&format!("{side} pixels a side cannot hold {factor} by {factor}")), "{error}");
    }
}
