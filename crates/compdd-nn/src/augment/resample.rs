//! Bilinear resampling with zero fill on one affine grid per image, as tensor operations.
//!
//! Equal to `grid_sample(affine_grid(..))` of the usual frameworks; Burn's own affine grid knows one corner convention
//! only, and its grid sampling is a single scalar loop on the CPU.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::geometry::{Map, centre};

/// Samples every image of `x` `[n, c, h, w]` at its map.
///
/// `whole` promises that every map lands on whole pixels: one read instead of four.
pub(super) fn resample(x: Tensor<4>, maps: &[Map], whole: bool) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let (device, dtype) = (x.device().without_autodiff(), x.dtype());
    let [column, row] = coordinates(maps, h, w, &device);
    let planes = x.reshape([n, c, h * w]);
    let read = |column: Tensor<3>, row: Tensor<3>| {
        let (inside_column, near_column) = within(column, w);
        let (inside_row, near_row) = within(row, h);
        let index: Tensor<3, Int> = (near_row.mul_scalar(w as f32) + near_column).int();
        planes.clone().gather(2, index.expand([n, c, h * w])) * (inside_column * inside_row).cast(dtype)
    };
    if whole {
        return read(column, row).reshape([n, c, h, w]);
    }
    let (left, top) = (column.clone().floor(), row.clone().floor());
    let (across, down) = (column - left.clone(), row - top.clone());
    let mut sum: Option<Tensor<3>> = None;
    for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let share = |fraction: Tensor<3>, far: i32| if far == 1 { fraction } else { fraction.neg().add_scalar(1.0) };
        let weight = (share(across.clone(), dx) * share(down.clone(), dy)).cast(dtype);
        let term = read(left.clone().add_scalar(dx), top.clone().add_scalar(dy)) * weight;
        sum = Some(match sum {
            Some(sum) => sum + term,
            None => term,
        });
    }
    sum.map_or_else(|| planes.reshape([n, c, h, w]), |sum| sum.reshape([n, c, h, w]))
}

/// Column and row read by every output pixel, `[n, 1, h * w]` each.
fn coordinates(maps: &[Map], h: usize, w: usize, device: &Device) -> [Tensor<3>; 2] {
    let n = maps.len();
    let [cx, cy] = centre(h, w);
    let grid = |value: &dyn Fn(usize) -> f32| {
        let values: Vec<f32> = (0..h * w).map(value).collect();
        Tensor::<3>::from_data(TensorData::new(values, [1, 1, h * w]), device)
    };
    let j = grid(&|p| (p % w) as f32 - cx);
    let i = grid(&|p| (p / w) as f32 - cy);
    let coefficient = |k: usize| {
        let values: Vec<f32> = maps.iter().map(|map| map.coefficients()[k]).collect();
        Tensor::<3>::from_data(TensorData::new(values, [n, 1, 1]), device)
    };
    let axis = |k: usize| j.clone() * coefficient(k) + i.clone() * coefficient(k + 1) + coefficient(k + 2);
    [axis(0), axis(3)]
}

/// Whether a coordinate is inside the image (1 or 0), and the nearest one that is.
fn within(coordinate: Tensor<3>, side: usize) -> (Tensor<3>, Tensor<3>) {
    let near = coordinate.clone().clamp(0.0, side as f32 - 1.0);
    (near.clone().equal(coordinate).float(), near)
}
