//! What is done to raw maps: clipping, min-max, resizing.

use burn::tensor::{Device, Tensor, TensorData, activation::relu};

use super::evidence::EPSILON;

/// `ReLU`, then min-max of every map: `(c - min) / (max(c - min) + 1e-8)`. A constant map becomes zero everywhere.
///
/// # Shapes
/// `raw [N, h, w]` -> `[N, h, w]` in `[0, 1]`.
pub fn normalise(raw: Tensor<3>) -> Tensor<3> {
    let [n, h, w] = raw.dims();
    let cells = relu(raw).reshape([n, h * w]);
    let above = cells.clone() - cells.min_dim(1);
    let top = above.clone().max_dim(1);
    (above / (top + EPSILON)).reshape([n, h, w])
}

/// Bilinear interpolation with half-pixel centres, without antialiasing: two matrix products. Nothing is normalised again,
/// so a peak inside the map may end below 1.
///
/// # Shapes
/// `maps [N, h, w]` -> `[N, side, side]`.
pub fn resize(maps: Tensor<3>, side: usize) -> Tensor<3> {
    let [_, h, w] = maps.dims();
    let device = maps.device();
    let wide = maps.matmul(interpolation(w, side, &device).transpose().unsqueeze::<3>());
    interpolation(h, side, &device).unsqueeze::<3>().matmul(wide)
}

/// The matrix `[outputs, inputs]` that interpolates along one axis.
fn interpolation(inputs: usize, outputs: usize, device: &Device) -> Tensor<2> {
    let mut rows = vec![0.0_f32; outputs * inputs];
    let scale = inputs as f64 / outputs as f64;
    for (position, row) in rows.chunks_exact_mut(inputs).enumerate() {
        let source = ((position as f64 + 0.5) * scale - 0.5).max(0.0);
        let low = (source as usize).min(inputs - 1);
        let fraction = source - low as f64;
        row[low] += (1.0 - fraction) as f32;
        row[(low + 1).min(inputs - 1)] += fraction as f32;
    }
    Tensor::from_data(TensorData::new(rows, [outputs, inputs]), device)
}
