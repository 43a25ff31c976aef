//! A split in which every class has a folder of its own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Once,
};

use walkdir::WalkDir;

use super::{Item, Picture, Place, Wanted, name_of, split_source::SplitSource};
use crate::data::error::DataError;
use compdd_core::{
    files::{IoError, plain, plain::is_hidden},
    limits,
    subset::ClassEntry,
};

/// Folders of classes, image files at any depth below each.
///
/// A class folder is named by the synset or the class name. Where several folders would fit, the synset wins, then the
/// first in sorted order. Hidden files and files with other endings than jpg, jpeg, jfif and png (any case) are not looked at; of pictures among
/// these a warning says how many there are, once.
#[derive(Debug)]
pub(super) struct ClassFolders {
    split: PathBuf,
    classes: BTreeMap<String, PathBuf>,
    said: Once,
}

impl ClassFolders {
    /// The folders in a split folder; `None` where the split folder is missing or holds no folder.
    pub fn detect(split: &Path) -> Result<Option<Self>, DataError> {
        if !split.is_dir() {
            return Ok(None);
        }
        let unreadable = |source| DataError::from(IoError { action: "read", path: split.to_owned(), source });
        let mut classes = BTreeMap::new();
        for entry in fs::read_dir(split).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            // A flat folder has fifty thousand files: only links are worth a second look.
            let kind = entry.file_type().map_err(unreadable)?;
            let path = entry.path();
            if kind.is_dir() || (kind.is_symlink() && path.is_dir()) {
                let name = entry.file_name().into_string().ok().filter(|name| !is_hidden(name));
                classes.extend(name.map(|name| (name, path)));
            }
        }
        Ok((!classes.is_empty()).then(|| Self { split: split.to_owned(), classes, said: Once::new() }))
    }

    /// How many classes another split has too.
    pub fn common(&self, other: &Self) -> usize {
        other.classes.keys().filter(|name| self.classes.contains_key(*name)).count()
    }
}

/// Visits the image files below a class folder, in no particular order; the number of pictures with other endings, by ending.
fn image_files(folder: &Path, visit: &mut dyn FnMut(&Path)) -> Result<BTreeMap<&'static str, usize>, DataError> {
    let mut others = BTreeMap::new();
    let visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(visible) {
        let error = match entry {
            Ok(entry) => {
                if !entry.file_type().is_dir() && has_image_ending(entry.path()) {
                    visit(entry.path());
                } else if let Some(ending) = other_ending(entry.path()).filter(|_| entry.file_type().is_file()) {
                    *others.entry(ending).or_default() += 1;
                }
                continue;
            }
            Err(error) => error,
        };
        let path = error.path().unwrap_or(folder).to_owned();
        match error.loop_ancestor() {
            Some(ancestor) => return Err(DataError::LinkLoop { ancestor: ancestor.to_owned(), path }),
            // A dangling link to an image: found out, and reported with the other bad files, when it is read.
            None if has_image_ending(&path) => visit(&path),
            None => return Err(DataError::from(IoError { action: "read", path, source: error.into() })),
        }
    }
    Ok(others)
}

/// Whether a file name says that it is an image that is read: jpg, jpeg, jfif or png in any case.
pub(crate) fn has_image_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["jpg", "jpeg", "jfif", "png"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The ending of a file that is a picture to others and is not read here, in lower case.
fn other_ending(path: &Path) -> Option<&'static str> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let others = ["webp", "bmp", "gif", "tif", "tiff", "ppm", "pgm", "avif", "heic", "jp2"];
    others.into_iter().find(|other| ending.eq_ignore_ascii_case(other))
}

impl SplitSource for ClassFolders {
    fn place(&self, class: &ClassEntry) -> PathBuf {
        let names: Vec<String> = self.classes.keys().cloned().collect();
        let existing = name_of(class, &names).and_then(|name| self.classes.get(name)).cloned();
        existing.unwrap_or_else(|| self.split.join(&class.synset))
    }

    fn classes(&self) -> Result<Vec<String>, DataError> {
        Ok(self.classes.keys().cloned().collect())
    }

    fn scan(&self, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for (part, (name, folder)) in self.classes.iter().enumerate().filter(|(_, (name, _))| wanted(name)) {
            let here = image_files(folder, &mut |path| {
                let file = path.strip_prefix(folder).unwrap_or(path).to_owned();
                visit(name, Item { file, place: Place { part: part as u32, ..Place::default() } });
            })?;
            for (ending, count) in here {
                *others.entry(ending).or_default() += count;
            }
        }
        if !others.is_empty() {
            let counts: Vec<String> = others.iter().map(|(ending, count)| format!("{count} .{ending}")).collect();
            let (split, counts) = (self.split.display(), counts.join(", "));
            self.said.call_once(|| {
                tracing::warn!("{split}: pictures of other forms than JPEG and PNG are passed over: {counts}; convert them to use them");
            });
        }
        Ok(())
    }

    fn files(&self, wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        for folder in self.classes.iter().filter(|(name, _)| wanted(name)).map(|(_, folder)| folder) {
            let mut paths = Vec::new();
            image_files(folder, &mut |path| paths.push(path.to_owned()))?;
            paths.sort();
            for path in &paths {
                visit(path);
            }
        }
        Ok(())
    }

    fn read(&self, item: &Item) -> Result<Picture, String> {
        let bytes = plain::regular_bytes(&self.path(item), limits::WHOLE_BYTES);
        bytes.map(Picture::Encoded).map_err(|error| error.source.to_string())
    }

    fn path(&self, item: &Item) -> PathBuf {
        let folder = self.classes.values().nth(item.place.part as usize);
        folder.map_or_else(|| item.file.clone(), |folder| folder.join(&item.file))
    }
}
