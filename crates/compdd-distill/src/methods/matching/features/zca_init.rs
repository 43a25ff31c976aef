//! The first images where pixels are whitened (`DataDAM`'s released code whitens them twice).

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::methods::{MethodError, Start};
use compdd_data::data::{PixelSpace, Zca};
use compdd_nn::feed::ZcaTensors as _;

/// How the first images are whitened where the pixels are; without whitening, nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ZcaInit {
    /// As every image: by the whitening of the training images.
    TrainFit,
    /// Then once more, by a whitening fitted on the first images themselves.
    Refit,
    /// Not at all: normalised only.
    None,
}

impl ZcaInit {
    /// The first images `[n, channels, height, width]`, from those in the task's pixel space.
    pub fn applied(self, start: &Start<'_>, images: Tensor<4>) -> Result<Tensor<4>, MethodError> {
        let PixelSpace::Zca { whitening, .. } = &start.task.space else { return Ok(images) };
        match self {
            Self::TrainFit => Ok(images),
            Self::None => Ok(whitening.invert(images)),
            Self::Refit => {
                let [n, channels, height, width] = images.dims();
                let values: Vec<f32> = images.clone().into_data().iter::<f32>().collect();
                let own = Zca::fit_matrix(&values, n, [channels, height, width], whitening.epsilon())?;
                Ok(own.apply(images))
            }
        }
    }
}
