//! Sources put together from two halves: most layouts keep training and test images in different ways.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{Item, Picture, Source, Split, Wanted};
use crate::data::error::DataError;
use compdd_core::subset::ClassEntry;

/// One split of a layout; each function means what the one of [`Source`] with its name does.
pub(super) trait SplitSource: Send + Sync + fmt::Debug {
    fn place(&self, class: &ClassEntry) -> PathBuf;

    fn classes(&self) -> Result<Vec<String>, DataError>;

    fn scan(&self, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError>;

    fn files(&self, wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError>;

    fn read(&self, item: &Item) -> Result<Picture, String>;

    fn path(&self, item: &Item) -> PathBuf;

    fn read_each(&self, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        items.par_iter().enumerate().for_each(|(i, item)| each(i, self.read(item)));
    }
}

/// A half, or what was looked for in vain.
pub(super) type Found = Result<Box<dyn SplitSource>, &'static str>;

/// A layout: its name, its folder, its halves.
#[derive(Debug)]
pub(super) struct SplitPair {
    kind: &'static str,
    folder: PathBuf,
    splits: [Found; 2],
}

impl SplitPair {
    /// The layout, unless both halves are missing.
    pub fn new(kind: &'static str, folder: &Path, train: Found, test: Found) -> Option<Self> {
        let any = train.is_ok() || test.is_ok();
        any.then(|| Self { kind, folder: folder.to_owned(), splits: [train, test] })
    }

    fn half(&self, split: Split) -> Result<&dyn SplitSource, DataError> {
        let half = self.splits[split as usize].as_deref();
        half.map_err(|looked| DataError::MissingSplit {
            path: self.folder.clone(),
            split,
            looked: vec![(*looked).to_owned()],
        })
    }

    /// The half, for functions that cannot say why it is not there and are only called where it is.
    fn there(&self, split: Split) -> Option<&dyn SplitSource> {
        self.splits[split as usize].as_deref().ok()
    }
}

impl Source for SplitPair {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn has_split(&self, split: Split) -> Result<(), DataError> {
        self.half(split).map(|_| ())
    }

    fn place(&self, split: Split, class: &ClassEntry) -> PathBuf {
        self.there(split).map_or_else(|| self.folder.clone(), |half| half.place(class))
    }

    fn classes(&self, split: Split) -> Result<Vec<String>, DataError> {
        self.half(split)?.classes()
    }

    fn scan(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        self.half(split)?.scan(wanted, visit)
    }

    fn files(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        self.half(split)?.files(wanted, visit)
    }

    fn read(&self, split: Split, item: &Item) -> Result<Picture, String> {
        self.half(split).map_err(|error| error.to_string())?.read(item)
    }

    fn path(&self, split: Split, item: &Item) -> PathBuf {
        self.there(split).map_or_else(|| item.file.clone(), |half| half.path(item))
    }

    fn read_each(&self, split: Split, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        match self.half(split) {
            Ok(half) => half.read_each(items, each),
            Err(error) => (0..items.len()).for_each(|i| each(i, Err(error.to_string()))),
        }
    }
}
