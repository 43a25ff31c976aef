//! Operations on values, and the erasing mask, as tensor operations.

use burn::tensor::{Tensor, TensorData};

use super::{draws::Over, geometry::Window};

/// A constant beside `like`: on its device, of its precision.
fn constant(values: Vec<f32>, shape: [usize; 4], like: &Tensor<4>) -> Tensor<4> {
    Tensor::<4>::from_data(TensorData::new(values, shape), &like.device().without_autodiff()).cast(like.dtype())
}

/// One value per image, ready to broadcast over the batch `like`.
pub(super) fn per_image(values: &[f32], like: &Tensor<4>) -> Tensor<4> {
    constant(values.to_vec(), [values.len(), 1, 1, 1], like)
}

/// `(x - m) f + m`.
pub(super) fn blend(x: Tensor<4>, over: Over, factor: &[f32]) -> Tensor<4> {
    let factor = per_image(factor, &x);
    let mut mean = x.clone().mean_dim(1);
    if over == Over::Image {
        mean = mean.mean_dim(2).mean_dim(3);
    }
    (x - mean.clone()) * factor + mean
}

/// Zeroes one window per image.
pub(super) fn erase(x: Tensor<4>, windows: &[Window]) -> Tensor<4> {
    let [n, _, h, w] = x.dims();
    let indicator = |side: usize, span: &dyn Fn(&Window) -> [usize; 2], shape: [usize; 4]| {
        let mut values = vec![0.0_f32; n * side];
        for (row, window) in values.chunks_exact_mut(side).zip(windows) {
            let [start, end] = span(window);
            row[start..end].fill(1.0);
        }
        constant(values, shape, &x)
    };
    let rows = indicator(h, &|window| window.rows, [n, 1, h, 1]);
    let columns = indicator(w, &|window| window.columns, [n, 1, 1, w]);
    x * (rows * columns).neg().add_scalar(1.0)
}
