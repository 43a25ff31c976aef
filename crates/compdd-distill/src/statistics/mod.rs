//! What a trained network sees inside of real images: statistics of the inputs of its convolutions and batch norms.
//!
//! [`moments()`] are those of a batch, differentiable: mean and variance of every channel, and of the cells of a map. [`Demand`] says which of
//! them a method wants of a training set; [`ensure()`] gathers them once for every teacher and keeps them in its folder, resumable to the byte;
//! [`Statistics`] are what is read back. What may enter: statistics of layers, and how they are gathered and stored. What may not: what a
//! method makes of them.
//!
//! Source: G-VBSM (Shao et al., CVPR 2024, arXiv 2311.17950); EDC (Shao et al., `NeurIPS` 2024, arXiv 2404.13733).

mod demand;
mod ensure;
mod error;
mod file;
mod layer;
mod moments;
mod sums;
#[cfg(test)]
mod tests;

pub use demand::{Cost, Demand, Views};
pub use ensure::{StatisticsContext, cost, ensure, find};
pub use error::StatisticsError;
pub use file::Statistics;
pub use layer::{HookedLayer, hooked_layers};
pub use moments::{image_moments, moments};
