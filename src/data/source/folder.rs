//! `ImageFolder`: `train/<class>/...` with `val/<class>/...` or `test/<class>/...`.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::{Loaded, Source, Split, names_class};
use crate::{
    data::{
        decode::Decode,
        error::{BadFile, DataError},
        image_set::ImageSet,
    },
    subset::ClassEntry,
};

/// One folder per split, one folder per class in it, image files at any depth below.
///
/// A class folder is named by the synset or the class name. Where several folders would fit, the synset wins, then the
/// first in sorted order. Files are taken in the order of their path below the class folder; hidden files and files with
/// other endings than jpg, jpeg and png (any case) are not looked at.
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

    fn class_folder(&self, split: Split, class: &ClassEntry) -> Result<Option<&Path>, DataError> {
        let folders = self.split(split)?;
        let by_name = || folders.iter().find(|(name, _)| names_class(name, class)).map(|(_, path)| path);
        Ok(folders.get(&class.synset).or_else(by_name).map(PathBuf::as_path))
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

/// Image files below a class folder, sorted by path.
fn image_files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    let visible = |entry: &walkdir::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    for entry in WalkDir::new(folder).follow_links(true).into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() || !has_image_ending(entry.path()) => {}
            Ok(entry) => files.push(entry.into_path()),
            // A dangling link to an image: found out, and reported with the other bad files, when it is read.
            Err(error) if error.path().is_some_and(has_image_ending) => files.extend(error.path().map(Path::to_owned)),
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                return Err(DataError::Unreadable { path, source: error.into() });
            }
        }
    }
    files.sort();
    Ok(files)
}

fn has_image_ending(path: &Path) -> bool {
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
        if let Ok(Some(folder)) = self.class_folder(split, class) {
            return folder.to_owned();
        }
        let folder = match split {
            Split::Train => "train",
            Split::Test => Self::TEST.into_iter().find(|name| self.root.join(name).is_dir()).unwrap_or(Self::TEST[0]),
        };
        self.root.join(folder).join(&class.synset)
    }

    fn has_class(&self, split: Split, class: &ClassEntry) -> Result<bool, DataError> {
        Ok(self.class_folder(split, class)?.is_some())
    }

    fn count(&self, split: Split, class: &ClassEntry) -> Result<Option<usize>, DataError> {
        let Some(folder) = self.class_folder(split, class)? else { return Ok(None) };
        Ok(Some(image_files(folder)?.len()))
    }

    fn classes(&self, split: Split) -> Result<Vec<String>, DataError> {
        Ok(self.split(split)?.keys().cloned().collect())
    }

    fn load(
        &self,
        split: Split,
        classes: &[(&ClassEntry, u32)],
        names: &[String],
        decode: &Decode,
    ) -> Result<Loaded, DataError> {
        let mut files = Vec::new();
        for (class, label) in classes {
            if let Some(folder) = self.class_folder(split, class)? {
                files.extend(image_files(folder)?.into_iter().map(|path| (path, *label)));
            }
        }
        let size: usize = decode.shape().iter().product();
        let mut pixels = vec![0; files.len() * size];
        let outcomes: Vec<Result<(), String>> = pixels
            .par_chunks_exact_mut(size)
            .zip(files.par_iter())
            .map(|(target, (path, _))| decode.file(path).map(|image| target.copy_from_slice(&image)))
            .collect();
        let mut labels = Vec::with_capacity(files.len());
        let mut bad = Vec::new();
        for (i, ((path, label), outcome)) in files.into_iter().zip(outcomes).enumerate() {
            match outcome {
                Ok(()) => {
                    pixels.copy_within(i * size..(i + 1) * size, labels.len() * size);
                    labels.push(label);
                }
                Err(reason) => bad.push(BadFile { path, reason }),
            }
        }
        pixels.truncate(labels.len() * size);
        bad.sort_by(|a, b| a.path.cmp(&b.path));
        let images = ImageSet::decoded(pixels, labels, decode.shape(), names.to_vec(), decode.describe())?;
        Ok(Loaded { images, bad })
    }
}
