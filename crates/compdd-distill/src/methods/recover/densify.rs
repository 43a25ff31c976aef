//! Data densification: images of a class that differ in many directions (G-VBSM, arXiv 2311.17950).

use burn::tensor::{Tensor, TensorData, module::adaptive_avg_pool2d};

use super::eigen;

/// Side to which images are averaged before they are compared, in pixels.
pub const SIDE: usize = 32;

/// Products of all pairs of images, averaged to `side` pixels a side and flattened: `X X^T`.
///
/// # Shapes
/// `x [n, c, h, w]` -> `[n, n]`.
pub fn products(x: Tensor<4>, side: usize) -> Tensor<2> {
    let [n, c, h, w] = x.dims();
    let x = if [h, w] == [side; 2] { x } else { adaptive_avg_pool2d(x, [side; 2]) };
    let rows: Tensor<2> = x.reshape([n, c * side * side]);
    rows.clone().matmul(rows.transpose())
}

/// `KL(softmax(l / T) || softmax(l))` of the eigenvalues `l` of [`products`], the first side held constant: it falls as the eigenvalues come
/// closer to each other. The eigenvalues follow the products along their eigenvectors.
///
/// # Shapes
/// `x [n, c, h, w]`, images of one class, -> `[1]`.
pub fn densification(x: Tensor<4>, side: usize, temperature: f64) -> Tensor<1> {
    let products = products(x, side);
    let [n, _] = products.dims();
    let values: Vec<f64> = products.clone().into_data().iter::<f32>().map(f64::from).collect();
    let (eigenvalues, vectors) = eigen::symmetric(&values, n);
    let flat = log_softmax(&eigenvalues.iter().map(|value| value / temperature).collect::<Vec<_>>());
    let own = log_softmax(&eigenvalues);
    let loss: f64 = flat.iter().zip(&own).map(|(p, q)| p.exp() * (p - q)).sum();
    let mut slope = vec![0.0_f64; n * n];
    for (vector, (p, q)) in vectors.iter().zip(flat.iter().zip(&own)) {
        let of_value = q.exp() - p.exp();
        for (i, x) in vector.iter().enumerate() {
            for (j, y) in vector.iter().enumerate() {
                slope[i * n + j] += of_value * x * y;
            }
        }
    }
    let slope: Vec<f32> = slope.into_iter().map(|value| value as f32).collect();
    let slope = Tensor::<2>::from_data(TensorData::new(slope, [n, n]), &products.device().without_autodiff());
    let moving = products.clone() - products.detach();
    (moving * slope).sum().add_scalar(loss as f32)
}

fn log_softmax(values: &[f64]) -> Vec<f64> {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = values.iter().map(|value| (value - largest).exp()).sum();
    values.iter().map(|value| value - largest - sum.ln()).collect()
}
