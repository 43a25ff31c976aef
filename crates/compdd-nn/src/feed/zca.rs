//! [`ZcaTensors`]: whitening of tensors.

use burn::tensor::{Device, Tensor, TensorData};

use compdd_data::data::Zca;

/// What a fitted [`Zca`] does to tensors.
pub trait ZcaTensors {
    /// Whitens: `(x - mu) W`.
    ///
    /// # Shapes
    /// `x` and result: `[n, C, H, W]`.
    fn apply(&self, x: Tensor<4>) -> Tensor<4>;

    /// Undoes [`apply`](Self::apply): `y W^-1 + mu`.
    fn invert(&self, y: Tensor<4>) -> Tensor<4>;
}

impl ZcaTensors for Zca {
    fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let device = x.device();
        let [n, c, h, w] = x.dims();
        let flat = x.reshape([n, c * h * w]) - row(self, &device);
        flat.matmul(matrix(self, self.transform(), &device)).reshape([n, c, h, w])
    }

    fn invert(&self, y: Tensor<4>) -> Tensor<4> {
        let device = y.device();
        let [n, c, h, w] = y.dims();
        let flat = y.reshape([n, c * h * w]).matmul(matrix(self, self.inverse(), &device)) + row(self, &device);
        flat.reshape([n, c, h, w])
    }
}

/// The mean image, `[1, D]`.
fn row(zca: &Zca, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(zca.mean().to_vec(), [1, zca.mean().len()]), device)
}

/// A matrix of the whitening, `[D, D]`.
fn matrix(zca: &Zca, values: &[f32], device: &Device) -> Tensor<2> {
    let d = zca.mean().len();
    Tensor::from_data(TensorData::new(values.to_vec(), [d, d]), device)
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;

    fn values(file: &SafeTensors<'_>, name: &str) -> (Vec<f32>, Vec<usize>) {
        let view = file.tensor(name).unwrap();
        (
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect(),
            view.shape().to_vec(),
        )
    }

    fn assert_close(found: &[f32], expected: &[f32], name: &str) {
        let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let largest = expected.iter().fold(0.0_f32, |m, b| m.max(b.abs()));
        assert_eq!(found.len(), expected.len());
        assert!(worst <= 1e-6 + 1e-5 * largest, "{name}: {worst} of {largest}");
    }

    #[test]
    fn golden_values_are_reproduced() {
        let bytes = include_bytes!("../../../../tests/golden/zca__eps0.1.safetensors");
        let file = SafeTensors::deserialize(bytes).unwrap();
        let (x, shape) = values(&file, "in.x");
        let zca = Zca::fit_matrix(&x, shape[0], [shape[1], shape[2], shape[3]], 0.1).unwrap();
        assert_close(zca.mean(), &values(&file, "out.mean").0, "mean");
        assert_close(zca.transform(), &values(&file, "out.transform").0, "transform");
        assert_close(zca.inverse(), &values(&file, "out.inverse").0, "inverse");
        let device = Device::flex();
        let input = Tensor::<4>::from_data(TensorData::new(x, shape.clone()), &device);
        let whitened = zca.apply(input);
        let host = whitened.clone().into_data().try_to_vec::<f32>().unwrap();
        assert_close(&host, &values(&file, "out.y").0, "y");
        let back = zca.invert(whitened).into_data().try_to_vec::<f32>().unwrap();
        assert_close(&back, &values(&file, "out.back").0, "back");
    }
}
