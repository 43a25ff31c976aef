//! Discriminative area enhancement: maps as factors of the pixel gradient (EDF, eq. 3 and 4).

use std::{fmt, str::FromStr};

use burn::tensor::{Bool, Tensor};
use serde::{Deserialize, Serialize};

use super::CamError;

/// From which value on a pixel is enhanced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Threshold {
    /// The mean of each map over all its pixels: it moves with the maps during distillation.
    #[default]
    Mean,
    /// The same value for all maps. Unlike the released code, 0 means 0.
    Constant(f32),
}

impl Threshold {
    /// Where `maps [N, H, W]` reach the threshold.
    fn reached(self, maps: Tensor<3>) -> Tensor<3, Bool> {
        match self {
            Self::Mean => {
                let [n, h, w] = maps.dims();
                let mean = maps.clone().reshape([n, h * w]).mean_dim(1).reshape([n, 1, 1]);
                maps.greater_equal(mean.expand([n, h, w]))
            }
            Self::Constant(value) => maps.greater_equal_elem(value),
        }
    }
}

/// The factor of every pixel's gradient: `beta + M` where the map reaches the threshold, 1 elsewhere.
///
/// It multiplies the gradient of all channels, before momentum; labels and learning rate are left alone.
///
/// # Shapes
/// `maps [N, H, W]` in `[0, 1]`, at the size of the images -> `[N, H, W]`.
///
/// # Source
/// EDF, eq. 4; `beta` 1 or 2 in the paper.
pub fn dae_weights(maps: Tensor<3>, beta: f32, threshold: Threshold) -> Tensor<3> {
    let reached = threshold.reached(maps.clone());
    maps.ones_like().mask_where(reached, maps + beta)
}

/// The share of pixels, over all maps, that reach the threshold: what a trace of a run shows.
pub fn enhanced_share(maps: Tensor<3>, threshold: Threshold) -> f32 {
    threshold.reached(maps).float().mean().into_scalar()
}

/// The share of the pixels of each map that reach the threshold.
pub fn enhanced_shares(maps: Tensor<3>, threshold: Threshold) -> Vec<f32> {
    let [n, h, w] = maps.dims();
    threshold.reached(maps).float().reshape([n, h * w]).mean_dim(1).into_data().iter::<f32>().collect()
}

/// Whether maps are computed anew before iteration `iteration`: at 0 and at every multiple of `interval`. With an interval
/// of 0, at iteration 0 only.
pub fn due(iteration: usize, interval: usize) -> bool {
    iteration.is_multiple_of(interval)
}

/// How often maps are computed in the iterations 0 to `last`, both included.
pub fn refreshes(last: usize, interval: usize) -> usize {
    last.checked_div(interval).unwrap_or(0) + 1
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Constant(value) => write!(f, "{value}"),
        }
    }
}

impl FromStr for Threshold {
    type Err = CamError;

    /// Reads `mean` or a finite number.
    fn from_str(text: &str) -> Result<Self, CamError> {
        match text.trim() {
            "mean" => Ok(Self::Mean),
            number => match number.parse::<f32>() {
                Ok(value) if value.is_finite() => Ok(Self::Constant(value)),
                _ => Err(CamError::Threshold { text: text.into() }),
            },
        }
    }
}

impl TryFrom<String> for Threshold {
    type Error = CamError;

    fn try_from(text: String) -> Result<Self, CamError> {
        text.parse()
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> Self {
        threshold.to_string()
    }
}
