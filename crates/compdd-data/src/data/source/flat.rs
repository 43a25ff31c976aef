//! A split whose images lie in one folder, with an annotation that says which class each has.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Item, Picture, Place, Wanted, annotation::Annotation, class_folders::has_image_ending, split_source::SplitSource,
};
use crate::data::error::DataError;
use compdd_core::{
    files::{IoError, plain, plain::is_hidden},
    limits,
    subset::ClassEntry,
};

/// Images directly in a folder.
#[derive(Debug)]
pub(super) struct Flat {
    folder: PathBuf,
    annotation: Annotation,
}

impl Flat {
    pub fn new(folder: &Path, annotation: Annotation) -> Self {
        Self { folder: folder.to_owned(), annotation }
    }

    /// Whether images lie directly in a folder; stops at the first.
    pub fn is_flat(folder: &Path) -> bool {
        let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.any(|entry| {
            let name = entry.file_name();
            has_image_ending(Path::new(&name)) && !is_hidden(&name)
        })
    }
}

impl SplitSource for Flat {
    fn place(&self, _class: &ClassEntry) -> PathBuf {
        self.folder.clone()
    }

    fn classes(&self) -> Result<Vec<String>, DataError> {
        self.annotation.classes()
    }

    fn scan(&self, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let mut roll = self.annotation.known()?.roll();
        let unreadable = |source| DataError::from(IoError { action: "read", path: self.folder.clone(), source });
        for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
            let file = PathBuf::from(entry.map_err(unreadable)?.file_name());
            if !has_image_ending(&file) || file.file_name().is_some_and(is_hidden) {
                continue;
            }
            let class = roll.class(&file).map_err(|why| DataError::Malformed { path: self.folder.join(&file), why })?;
            if wanted(class) {
                visit(class, Item { file, place: Place::default() });
            }
        }
        roll.finish(wanted, &self.folder)
    }

    fn files(&self, wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        let mut images = Vec::new();
        self.scan(wanted, &mut |_, item| images.push(self.path(&item)))?;
        images.sort();
        for path in &images {
            visit(path);
        }
        self.annotation.files(visit)
    }

    fn read(&self, item: &Item) -> Result<Picture, String> {
        let bytes = plain::regular_bytes(&self.path(item), limits::WHOLE_BYTES);
        bytes.map(Picture::Encoded).map_err(|error| error.source.to_string())
    }

    fn path(&self, item: &Item) -> PathBuf {
        self.folder.join(&item.file)
    }
}
