//! [`PixelTensors`]: images of a pixel space as tensors.

use burn::tensor::{Device, Tensor};

use super::{Form, HostBatch, ZcaTensors as _};
use compdd_data::data::{ImageSet, PixelSpace};

/// What a [`PixelSpace`] makes of images for networks.
pub trait PixelTensors {
    /// The images at `indices` as network input. [`Feed`](super::Feed) makes them ready ahead.
    ///
    /// # Shapes
    /// Result: `[indices.len(), C, H, W]`, not tracked for gradients.
    fn tensor(&self, set: &ImageSet, indices: &[usize], device: &Device) -> Tensor<4>;

    /// The images at `indices` as host values in this space, `[n, C, H, W]`.
    fn values(&self, set: &ImageSet, indices: &[usize]) -> Vec<f32>;
}

impl PixelTensors for PixelSpace {
    fn tensor(&self, set: &ImageSet, indices: &[usize], device: &Device) -> Tensor<4> {
        HostBatch::gather(self, set, indices, Form::of(device)).tensor(device)
    }

    fn values(&self, set: &ImageSet, indices: &[usize]) -> Vec<f32> {
        match self {
            Self::Normalised { .. } => self.normalised(set, indices),
            Self::Zca { .. } => self.tensor(set, indices, &Device::flex()).into_data().iter::<f32>().collect(),
        }
    }
}

/// Normalised values `[n, C, H, W]` in `space`: whitened, if that is part of it.
pub(super) fn whitened(space: &PixelSpace, normalised: Tensor<4>) -> Tensor<4> {
    match space {
        PixelSpace::Normalised { .. } => normalised,
        PixelSpace::Zca { whitening, .. } => whitening.apply(normalised),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use compdd_core::rng::Stream;
    use compdd_data::data::Zca;

    #[test]
    fn whitened_images_come_back() {
        let mut stream = Stream::new(2, "space test", 0);
        let pixels = (0..6 * 48).map(|_| stream.below(256) as u8).collect();
        let set = ImageSet::new(pixels, vec![0; 6], [3, 4, 4], vec!["a".into()]).unwrap();
        let plain = PixelSpace::Normalised { mean: [0.0; 3], std: [1.0; 3] };
        let all: Vec<usize> = (0..6).collect();
        let zca = Zca::fit_matrix(&plain.normalised(&set, &all), 6, [3, 4, 4], 0.1).unwrap();
        let space = PixelSpace::Zca { mean: [0.0; 3], std: [1.0; 3], whitening: Arc::new(zca) };
        let whitened = space.values(&set, &all);
        let rgb = space.record().to_rgb(&whitened[2 * 48..3 * 48], [3, 4, 4]);
        for (at, &byte) in set.image(2).iter().enumerate() {
            assert!(rgb[at % 16 * 3 + at / 16].abs_diff(byte) <= 1);
        }
    }
}
