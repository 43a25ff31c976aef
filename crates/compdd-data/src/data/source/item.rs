//! One image of a source: what it is called, where it lies, and what reading it gives.

use std::path::{Path, PathBuf};

use crate::data::parse::is_synset;

/// An image as a source lists it, before anything of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name in the source: a path below the class folder, a member of an archive, or a number with leading zeros where
    /// the layout has no names.
    pub file: PathBuf,
    /// Where its bytes are.
    pub place: Place,
}

/// Where the bytes of an image are, in terms that only its own source understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which folder, archive or shard.
    pub part: u32,
    /// Where in it: a byte offset or a row.
    pub start: u64,
    /// Bytes, where the source knows them.
    pub length: u64,
}

/// What a source reads: the bytes of an image file, or pixels that were never encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// The bytes of a JPEG or PNG file.
    Encoded(Vec<u8>),
    /// Interleaved RGB, `[height, width, 3]`.
    Rgb {
        /// The bytes.
        pixels: Vec<u8>,
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
    },
}

impl Item {
    /// An image without a name: the `index`-th of its split.
    pub fn numbered(index: usize, place: Place) -> Self {
        Self { file: format!("{index:08}").into(), place }
    }

    /// What images of a class are sorted by, so that every layout gives the same order: see [`order_key`]; the whole name
    /// where two keys are alike.
    pub(in crate::data) fn order(&self) -> (Vec<u8>, PathBuf) {
        (order_key(&self.file), self.file.clone())
    }
}

/// The file name without folders, ending, and a synset appended to it.
///
/// `ImageNet`'s names survive most conversions, but some layouts drop the ending (`WebDataset` keys) and some append the
/// class (`n01440764_10026_n01440764.JPEG` in Parquet shards). What is left is the same everywhere.
fn order_key(file: &Path) -> Vec<u8> {
    let stem = file.file_stem().unwrap_or_default().as_encoded_bytes();
    match stem.len().checked_sub("_n01440764".len()) {
        Some(end) if end > 0 && stem[end] == b'_' && is_synset(&stem[end + 1..]) => stem[..end].to_vec(),
        _ => stem.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_sorts_alike_in_every_layout() {
        let key = |name: &str| String::from_utf8(order_key(Path::new(name))).unwrap();
        for name in ["images/n01440764_10026.JPEG", "n01440764_10026", "n01440764_10026_n01440764.JPEG"] {
            assert_eq!(key(name), "n01440764_10026");
        }
        assert_eq!(key("n01440764/_n01440764.jpg"), "_n01440764");
        assert_eq!(key("n01440764.jpg"), "n01440764");
        assert!(key("n01440764_1.JPEG") < key("n01440764_10.JPEG"));
    }
}
