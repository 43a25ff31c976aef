//! Kinds of places that images come from, and how the kind is recognised by looking at the folder.
//!
//! A source knows what it is, which classes it has, how many images each, and how to load them; nothing else. A further
//! layout is a file here, a [`Source`] and a line in [`open`].

mod cifar;
mod find;
mod folder;

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};

pub use cifar::CifarBinary;
pub use find::{Found, find};
pub use folder::ImageFolder;

use super::{
    decode::Decode,
    error::{BadFile, DataError},
    image_set::ImageSet,
};
use crate::subset::ClassEntry;

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

/// Images of one split as a source delivers them.
#[derive(Debug)]
pub struct Loaded {
    /// The images that could be decoded.
    pub images: ImageSet,
    /// The files that could not, sorted by path.
    pub bad: Vec<BadFile>,
}

/// A place that images come from.
pub trait Source: Send + Sync + fmt::Debug {
    /// The kind of layout, as records name it: `image-folder`, `cifar-10-binary`, ...
    fn kind(&self) -> &'static str;

    /// Whether the split exists at all.
    fn has_split(&self, split: Split) -> Result<(), DataError>;

    /// Where the images of a class are, or would be, for messages.
    fn place(&self, split: Split, class: &ClassEntry) -> std::path::PathBuf;

    /// Whether a class is there, with images or without.
    fn has_class(&self, split: Split, class: &ClassEntry) -> Result<bool, DataError>;

    /// How many images a class has, without decoding; `None` where the class is unknown.
    fn count(&self, split: Split, class: &ClassEntry) -> Result<Option<usize>, DataError>;

    /// Names of the classes that a split has, sorted.
    fn classes(&self, split: Split) -> Result<Vec<String>, DataError>;

    /// Loads the images of `classes` (all of them present), class after class, each in file order.
    ///
    /// `classes[i]` is the class and the label its images get; `names` are the class names of the resulting set.
    fn load(
        &self,
        split: Split,
        classes: &[(&ClassEntry, u32)],
        names: &[String],
        decode: &Decode,
    ) -> Result<Loaded, DataError>;
}

/// The source that a folder is, judged by what lies in it; `None` where no layout fits.
pub fn open(folder: &Path) -> Result<Option<Box<dyn Source>>, DataError> {
    if let Some(source) = CifarBinary::detect(folder) {
        return Ok(Some(Box::new(source)));
    }
    if let Some(source) = ImageFolder::detect(folder)? {
        return Ok(Some(Box::new(source)));
    }
    Ok(None)
}

/// A class name reduced to what file systems and lists agree on: lower case, with one hyphen for every run of other signs.
fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// Whether a name in a source means this class: its synset, or its label up to case, spaces, hyphens and underscores.
fn names_class(name: &str, class: &ClassEntry) -> bool {
    name == class.synset || plain(name) == plain(&class.synset) || plain(name) == plain(&class.label)
}
