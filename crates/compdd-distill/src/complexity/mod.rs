//! How complex the scenes of a data set are: from images and a trained network to scores.
//!
//! A [`SaliencyModel`] is a trained network whose activation maps are looked at. [`score`] streams any number of images of a
//! [`ImageStream`](compdd_data::data::ImageStream) past it and writes one row an image into a Parquet file; interrupted, it goes on and ends with the
//! same bytes. [`scores`](compdd_data::scores) reads such files and makes lists of them. [`sample()`] looks at a few images, to be shown.
//! [`hold`] holds the score against the built-in scenes, whose objects are known, beside the same network without training.
//! What may enter: what asks a network for scores of maps. What may not: training networks, drawing maps, what is made of scores, pictures.
//!
//! Source: EDF (Wang et al., arXiv 2410.17193), section 5 and supplement; see `docs/commands/complexity.md`.

mod error;
mod header;
mod hold;
mod model;
mod sample;
mod score;
mod truth;
mod work;

/// What this work is called while it goes on.
const STAGE: &str = "complexity";

pub use error::ComplexityError;
pub use hold::{Held, hold, write_held};
pub use model::SaliencyModel;
pub use sample::sample;
pub use score::{Scored, score};
pub use truth::{Truth, truth};

#[cfg(test)]
mod tests;
