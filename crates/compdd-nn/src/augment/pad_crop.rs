//! Pad and crop: a random window out of the padded image.
//!
//! A window of the image's size out of a padded image is a shift by whole pixels; what comes in from beyond the edge is a constant a
//! channel. A shift that fills with zeros is [`Op::Crop`](super::Op::Crop).

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{geometry, resample};

/// The windows of a minibatch: recorded, replayed, applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PadCrop {
    /// Rows read further down, one an image (positive: content moves up).
    rows: Vec<i32>,
    /// Columns read further right, one an image (positive: content moves left).
    columns: Vec<i32>,
    /// What lies beyond the edge, one value a channel, in units of the network's input.
    fill: Vec<f32>,
}

impl PadCrop {
    /// Recorded shifts, in pixels, and what fills.
    pub fn new(rows: Vec<i32>, columns: Vec<i32>, fill: Vec<f32>) -> Self {
        Self { rows, columns, fill }
    }

    /// Number of images the windows were drawn for.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The windows. Differentiable; what is inside the image is read as it is.
    ///
    /// # Shapes
    /// `[n, c, h, w]` with the `n` and `c` the windows were drawn for, and so is the result.
    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        let (device, dtype) = (x.device().without_autodiff(), x.dtype());
        let maps = geometry::shifted(&self.rows, &self.columns, h, w);
        let outside =
            resample::resample(Tensor::ones([n, 1, h, w], (&device, dtype)), &maps, true).neg().add_scalar(1.0);
        let fill = Tensor::<4>::from_data(TensorData::new(self.fill.clone(), [1, c, 1, 1]), (&device, dtype));
        resample::resample(x, &maps, true) + outside * fill
    }
}
