//! Kinds of places that images come from, and how the kind is recognised by looking at the folder.
//!
//! A [`Source`] knows what it is, which classes it has, where every image lies, and how to read one; nothing else. It lists
//! without reading ([`scan`](Source::scan)) and holds no pixels: decoding, resizing and caching happen next door, the same way
//! for all. A further layout is a file here, a [`Source`] and a line in [`open`].

mod annotation;
mod archive;
mod arrays;
mod cifar;
mod class_folders;
pub(super) mod find;
mod flat;
mod folder;
mod ilsvrc;
mod imagenet;
mod item;
mod names;
mod numbered;
mod parquet;
mod pickled;
mod split_source;
#[cfg(test)]
mod ten;
mod webdataset;

#[cfg(test)]
pub(in crate::data) mod made;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wild_tests;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use arrays::Arrays;
pub use cifar::CifarBinary;
pub(crate) use class_folders::has_image_ending;
pub use find::{Found, Part, find, find_any, find_split};
pub use item::{Item, Picture, Place};
pub(super) use names::{Named, name_of, named};
pub use parquet::Parquet;
pub(crate) use parquet::train_shards;
pub use pickled::CifarPickled;

use super::error::DataError;
use compdd_core::subset::ClassEntry;

/// Training or test images. A `val` folder counts as test: the lineage scores on the official validation images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// What may be trained on, distilled from, whitened with.
    Train,
    /// What scores are measured on, and nothing else.
    Test,
}

impl Split {
    /// Both, in the order they are loaded.
    pub const ALL: [Split; 2] = [Split::Train, Split::Test];
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Split::Train => "train",
            Split::Test => "test",
        })
    }
}

/// Which classes of a source are meant, by the names the source gives them.
pub type Wanted<'a> = &'a dyn Fn(&str) -> bool;

/// A place that images come from.
pub trait Source: Send + Sync + fmt::Debug {
    /// The kind of layout, as records name it: `image-folder`, `cifar-10-binary`, ...
    fn kind(&self) -> &'static str;

    /// Whether the split exists at all.
    fn has_split(&self, split: Split) -> Result<(), DataError>;

    /// Where the images of a class are, or would be, for messages.
    fn place(&self, split: Split, class: &ClassEntry) -> PathBuf;

    /// Names of the classes that a split has, with images or without, sorted. A synset wherever the layout knows it.
    fn classes(&self, split: Split) -> Result<Vec<String>, DataError>;

    /// Visits every image of the wanted classes with the name of its class, in any order, without reading images and in
    /// memory that does not grow with their number.
    fn scan(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError>;

    /// Visits, in a fixed order, every file that the images of the wanted classes depend on: when none of them changed, no
    /// image did.
    fn files(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError>;

    /// Reads one image; the error is the reason in one line.
    fn read(&self, split: Split, item: &Item) -> Result<Picture, String>;

    /// What messages and records call an image: its path, or archive and member.
    fn path(&self, split: Split, item: &Item) -> PathBuf;

    /// Reads many images on all threads; `each` gets the position in `items`. For layouts where neighbours are cheaper to
    /// read together than one by one.
    fn read_each(&self, split: Split, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        items.par_iter().enumerate().for_each(|(i, item)| each(i, self.read(split, item)));
    }

    /// Images of every class of a split.
    fn counts(&self, split: Split) -> Result<BTreeMap<String, usize>, DataError> {
        let mut counts: BTreeMap<String, usize> = self.classes(split)?.into_iter().map(|name| (name, 0)).collect();
        self.scan(split, &|_| true, &mut |class, _| *counts.entry(class.to_owned()).or_default() += 1)?;
        Ok(counts)
    }
}

/// Every source that a folder is, judged by what lies in it; where it is several, in the order in which they are tried.
pub fn open(folder: &Path) -> Result<Vec<Box<dyn Source>>, DataError> {
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    if let Some(source) = CifarBinary::detect(folder) {
        sources.push(Box::new(source));
    }
    if let Some(source) = CifarPickled::detect(folder) {
        sources.push(Box::new(source));
    }
    // Folders come before archives: where both are there, they hold the same images, and folders are listed faster.
    let mut laid_out = vec![imagenet::kaggle(folder)?, imagenet::tiny(folder)?];
    if laid_out.iter().all(Option::is_none) {
        laid_out.push(imagenet::flat_val(folder)?);
    }
    laid_out.extend([folder::detect(folder)?, ilsvrc::detect(folder), webdataset::detect(folder)]);
    for source in laid_out.into_iter().flatten() {
        sources.push(Box::new(source));
    }
    if let Some(source) = Parquet::detect(folder) {
        sources.push(Box::new(source));
    }
    for source in Arrays::detect(folder) {
        sources.push(Box::new(source));
    }
    Ok(sources)
}
