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

/// Column and row read by every output pixel, `[n, 1, h * w]` each. Three small uploads, and both at once.
fn coordinates(maps: &[Map], h: usize, w: usize, device: &Device) -> [Tensor<3>; 2] {
    let n = maps.len();
    let [cx, cy] = centre(h, w);
    let upload = |values: Vec<f32>, shape: [usize; 4]| Tensor::<4>::from_data(TensorData::new(values, shape), device);
    let j = upload((0..w).map(|column| column as f32 - cx).collect(), [1, 1, 1, w]);
    let i = upload((0..h).map(|row| row as f32 - cy).collect(), [1, 1, h, 1]);
    // Of `j`, of `i` and by itself; of the columns of all maps, then of their rows.
    let places = (0..3).flat_map(|k| [k, k + 3]);
    let values = places.flat_map(|k| maps.iter().map(move |map| map.coefficients()[k])).collect();
    let coefficients = upload(values, [6 * n, 1, 1, 1]);
    let coefficient = |k: usize| coefficients.clone().narrow(0, 2 * k * n, 2 * n);
    let at = (j * coefficient(0) + i * coefficient(1) + coefficient(2)).reshape([2 * n, 1, h * w]);
    [at.clone().narrow(0, 0, n), at.narrow(0, n, n)]
}

/// Whether a coordinate is inside the image (1 or 0), and the nearest one that is.
fn within(coordinate: Tensor<3>, side: usize) -> (Tensor<3>, Tensor<3>) {
    let near = coordinate.clone().clamp(0.0, side as f32 - 1.0);
    (near.clone().equal(coordinate).float(), near)
}
