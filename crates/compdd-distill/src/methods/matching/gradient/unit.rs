//! Images that are learned on the scale 0..1, though they are kept in the network's input space.

use burn::tensor::{Device, Tensor, TensorData};

use compdd_data::data::PixelSpace;

/// The scale 0..1 as seen from `y = (x - mean) / std`: constants `[1, 3, 1, 1]`.
///
/// A step of gradient descent on `x` moves `y` along `dL/dy / std^2`, momentum included.
pub(super) struct UnitRange {
    lowest: Tensor<4>,
    highest: Tensor<4>,
    weight: Tensor<4>,
}

impl UnitRange {
    /// Of a normalisation.
    pub fn new(space: &PixelSpace, device: &Device) -> Self {
        let (mean, std) = space.statistics();
        let constant = |of: &dyn Fn(f32, f32) -> f32| {
            let values: Vec<f32> = mean.iter().zip(&std).map(|(mean, std)| of(*mean, *std)).collect();
            Tensor::from_data(TensorData::new(values, [1, 3, 1, 1]), device)
        };
        Self {
            lowest: constant(&|mean, std| -mean / std),
            highest: constant(&|mean, std| (1.0 - mean) / std),
            weight: constant(&|_, std| 1.0 / (std * std)),
        }
    }

    /// The images `[n, 3, height, width]` with every pixel brought into the range.
    pub fn clip(&self, images: Tensor<4>) -> Tensor<4> {
        let shape = images.dims();
        images.max_pair(self.lowest.clone().expand(shape)).min_pair(self.highest.clone().expand(shape))
    }

    /// The direction of descent that equals descent on the scale 0..1.
    pub fn direction(&self, gradient: Tensor<4>) -> Tensor<4> {
        gradient * self.weight.clone()
    }
}
