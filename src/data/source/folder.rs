//! `ImageFolder`: `train/<class>/...` with `val/<class>/...` or `test/<class>/...`.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::{Item, Picture, Place, Source, Split, Wanted, name_of};
use crate::{data::error::DataError, subset::ClassEntry};

/// One folder per split, one folder per class in it, image files at any depth below.
///
/// A class folder is named by the synset or the class name. Where several folders would fit, the synset wins, then the
/// first in sorted order. Hidden files and files with other endings than jpg, jpeg and png (any case) are not looked at.
#[derive(Debug)]
pub struct ImageFolder {
    root: PathBuf,
    train: Option<BTreeMap<String, PathBuf>>,
    test: Option<BTreeMap<String, PathBuf>>,
}

impl ImageFolder {
    /// Names that the folder of the test images may have.
    const TEST: [&'static str; 2] = ["test", "val"];

    /// Recognises the layout by a split folder that has folders in it.
    pub fn detect(root: &Path) -> Result<Option<Self>, DataError> {
        let train = class_folders(&root.join("train"))?;
        let trained = |name: &String| train.as_ref().is_some_and(|folders| folders.contains_key(name));
        let mut tests = Vec::new();
        for name in Self::TEST {
            tests.extend(class_folders(&root.join(name))?);
        }
        // Where there are both, the unlabelled one has no class folders, or one that no training class is called like.
        tests.sort_by_key(|folders| Reverse(folders.keys().filter(|name| trained(name)).count()));
        let test = tests.into_iter().next();
        if train.is_none() && test.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { root: root.to_owned(), train, test }))
    }

    fn split(&self, split: Split) -> Result<&BTreeMap<String, PathBuf>, DataError> {
        let (folders, looked): (_, &[&str]) = match split {
            Split::Train => (&self.train, &["train"]),
            Split::Test => (&self.test, &Self::TEST),
        };
        folders.as_ref().ok_or_else(|| DataError::MissingSplit {
            path: self.root.clone(),
            split,
            looked: looked.iter().map(|&name| name.to_owned()).collect(),
        })
    }
}

/// The folders in a split folder by name; `None` where the split folder is missing or holds no folder.
fn class_folders(split: &Path) -> Result<Option<BTreeMap<String, PathBuf>>, DataError> {
    if !split.is_dir() {
        return Ok(None);
    }
    let unreadable = |source| DataError::Unreadable { path: split.to_owned(), source };
    let mut folders = BTreeMap::new();
    for entry in fs::read_dir(split).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if let (true, Some(name)) = (path.is_dir(), path.file_name().and_then(|name| name.to_str())) {
            folders.insert(name.to_owned(), path);
        }
    }
    Ok((!folders.is_empty()).then_some(folders))
}

/// Visits the image files below a class folder, in no particular order.
fn image_files(folder: &Path, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
    let visible = |entry: &walkdir::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() || !has_image_ending(entry.path()) => {}
            Ok(entry) => visit(entry.path()),
            // A dangling link to an image: found out, and reported with the other bad files, when it is read.
            Err(error) if error.path().is_some_and(has_image_ending) => error.path().into_iter().for_each(&mut *visit),
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                return Err(DataError::Unreadable { path, source: error.into() });
            }
        }
    }
    Ok(())
}

/// Whether a file name ends as those of images do.
pub(in crate::data) fn has_image_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["jpg", "jpeg", "png"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

impl Source for ImageFolder {
    fn kind(&self) -> &'static str {
        "image-folder"
    }

    fn has_split(&self, split: Split) -> Result<(), DataError> {
        self.split(split).map(|_| ())
    }

    fn place(&self, split: Split, class: &ClassEntry) -> PathBuf {
        let existing = self.split(split).ok().and_then(|folders| {
            let names: Vec<String> = folders.keys().cloned().collect();
            name_of(class, &names).and_then(|name| folders.get(name)).cloned()
        });
        existing.unwrap_or_else(|| {
            let folder = match split {
                Split::Train => "train",
                Split::Test => {
                    Self::TEST.into_iter().find(|name| self.root.join(name).is_dir()).unwrap_or(Self::TEST[0])
                }
            };
            self.root.join(folder).join(&class.synset)
        })
    }

    fn classes(&self, split: Split) -> Result<Vec<String>, DataError> {
        Ok(self.split(split)?.keys().cloned().collect())
    }

    fn scan(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        for (part, (name, folder)) in self.split(split)?.iter().enumerate().filter(|(_, (name, _))| wanted(name)) {
            image_files(folder, &mut |path| {
                let file = path.strip_prefix(folder).unwrap_or(path).to_owned();
                visit(name, Item { file, place: Place { part: part as u32, ..Place::default() } });
            })?;
        }
        Ok(())
    }

    fn files(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        for folder in self.split(split)?.iter().filter(|(name, _)| wanted(name)).map(|(_, folder)| folder) {
            let mut paths = Vec::new();
            image_files(folder, &mut |path| paths.push(path.to_owned()))?;
            paths.sort();
            for path in &paths {
                visit(path);
            }
        }
        Ok(())
    }

    fn read(&self, split: Split, item: &Item) -> Result<Picture, String> {
        fs::read(self.path(split, item)).map(Picture::Encoded).map_err(|error| error.to_string())
    }

    fn path(&self, split: Split, item: &Item) -> PathBuf {
        let folder = self.split(split).ok().and_then(|folders| folders.values().nth(item.place.part as usize));
        folder.map_or_else(|| item.file.clone(), |folder| folder.join(&item.file))
    }
}
