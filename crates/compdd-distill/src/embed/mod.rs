//! Images as points of a plane: near to each other where a network takes them for alike.
//!
//! [`FeatureExtractor`] is a network that turns images, real or distilled, into features: the input of its head. [`Tsne`] lays features out
//! in two dimensions. [`plane`] does both for a bundle and real images of its classes. What may enter: features, and ways of laying them
//! out. What may not: drawing, which is the part of `report`.

mod error;
mod features;
mod plane;
mod tsne;

pub use error::EmbedError;
pub use features::FeatureExtractor;
pub use plane::{PlaneOptions, plane};
pub use tsne::{Embedding, Tsne};

#[cfg(test)]
mod tests;
