//! Which classes: the lists, their versions and their errata.
//!
//! A [`Subset`] is an ordered list of classes with a slug and a version. The label of a class is its position in the
//! list; its identity is its synset (or plain name, where the data set has no synsets). The lists are CSV files under
//! `subsets/`, compiled in; published mistakes are shipped as data, with a note, and never silently repaired. This room
//! knows names, counts and conventions; it never opens an image. Custom class lists
//! come from a TOML file, `lists.toml#bird-hard`.

mod error;
mod family;
mod file;
mod lists;
mod names;
mod registry;
pub mod scenes;

pub use error::SubsetError;
pub use family::{Category, Difficulty, Family, Level, Normalisation};
pub use lists::devkit_synsets;
pub use names::nearest;
pub use registry::{ClassEntry, ExpectedCount, Subset};
