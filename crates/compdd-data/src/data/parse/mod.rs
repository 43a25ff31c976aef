//! Readers of foreign formats: bytes in, plain values out, or one line that says what is wrong and where.
//!
//! What may enter: formats that somebody else defined and that carry images, their classes, or arrays of numbers. A reader takes a slice or a
//! `Read + Seek`, trusts nothing in it (every length is checked before it is used, every depth and every inflated size has a
//! limit), never panics, and knows neither paths nor classes of subsets. Only the standard library and small format crates
//! are used here, nothing of the other rooms and nothing of the framework, so that fuzzers can include this folder alone.

pub mod array;
pub mod caught;
pub mod devkit;
mod error;
mod inflate;
mod lists;
pub mod npy;
pub mod npz;
pub mod parquet;
pub mod pickle;
pub mod safe;
mod sample;
mod synset;
mod tar;
pub mod torch;

pub use error::{At, ParseError};
pub use lists::{Labels, VALIDATION, classes, ground_truth, kaggle_solution, synsets};
pub use sample::{Label, Sample, samples};
pub use synset::is_synset;
pub use tar::{Member, members};
