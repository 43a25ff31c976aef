//! Where pixels come from: sources, decoding, resizing, normalisation, whitening, and the built-in scenes.
//!
//! A [`Task`] is what the rest of the house works on: the training and the test images of one [`Subset`](compdd_core::subset::Subset)
//! as two [`ImageSet`]s, the [`PixelSpace`] that turns their bytes into network input, the slice of the training images that
//! is kept for selection, and a [`SourceInfo`] that says in a record where every byte came from. [`Task::load`] looks through
//! the folders of a [`Library`], finds the kind of [`source`] by looking at each ([`parse`] has the readers), maps the images
//! from the [`Cache`] or decodes and resizes them in parallel ([`decode`], [`resize`]), and fits the whitening ([`Zca`]) on the
//! training images only. An [`ImageStream`] passes the images of one split by, portion after portion, however many they are. A
//! [`Prefetcher`] makes the next step's value while this one's is used. [`scenes`] needs no files at all. [`verify`] and [`inspect`]
//! count without decoding. [`copies`] finds images again that were disguised.
//!
//! What may enter: anything between a file on disk and normalised values. Tensors, augmentation, networks and scores stay out.

mod cache;
mod copies;
pub mod decode;
mod error;
mod image_set;
mod inspect;
mod library;
mod load;
pub mod parse;
mod planes;
mod prefetch;
pub mod resize;
pub mod scenes;
pub mod source;
mod space;
mod stream;
mod task;
mod verify;
mod zca;

pub use cache::{Cache, CacheError, Kept, human_size};
pub use copies::{Copied, copies};
pub use decode::Decode;
pub use error::{BadFile, DataError, LackingClass};
pub use image_set::ImageSet;
pub use inspect::{Counts, Dataset, Duplicate, Served, duplicates, inspect, sheet};
pub use library::Library;
pub use prefetch::Prefetcher;
pub use resize::ResizeMode;
pub use source::{Source, Split};
pub use space::PixelSpace;
pub use stream::{ImageStream, Portion, StreamOptions};
pub use task::{SourceInfo, SplitInfo, Task, TaskOptions};
pub use verify::{ClassCount, verify};
pub use zca::Zca;

#[cfg(test)]
mod tests;
