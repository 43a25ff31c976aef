//! Where the arrays of a folder are, by the names of files and of the arrays in them.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use compdd_core::files::{IoError, plain};

use super::super::{Split, annotation::malformed};
use crate::data::{error::DataError, parse::npz::Npz};

/// Where an array is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of its own.
    Npy(PathBuf),
    /// A member of an archive.
    Npz(PathBuf, String),
}

impl Place {
    /// The file that holds it.
    pub fn file(&self) -> &Path {
        match self {
            Self::Npy(path) | Self::Npz(path, _) => path,
        }
    }

    /// What messages call it: the file, with the member.
    pub fn described(&self) -> PathBuf {
        match self {
            Self::Npy(path) => path.clone(),
            Self::Npz(path, name) => path.join(name),
        }
    }

    /// An archive, opened.
    pub fn open(path: &Path) -> Result<Npz<BufReader<File>>, DataError> {
        let file = plain::open_regular(path).map_err(IoError::at("read", path))?;
        Npz::open(BufReader::new(file)).map_err(|error| malformed(path, &error))
    }
}

/// Images and labels of a split.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub images: Place,
    pub labels: Place,
}

/// The arrays of a source.
#[derive(Debug)]
pub(super) struct Found {
    pub splits: [Option<Pair>; 2],
    /// The names of the classes.
    pub names: Option<Place>,
}

/// Words for the splits, in names of files and arrays.
const SPLITS: [&[&str]; 2] = [&["train"], &["test", "val", "valid", "validation"]];
const NAMES: [&str; 3] = ["class_names", "classes", "label_names"];
/// Names of the arrays where the file says the split.
const IMAGES: [&str; 4] = ["images", "x", "data", "arr_0"];
const LABELS: [&str; 3] = ["labels", "y", "arr_1"];

/// How arrays are spread over files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// `train.npz` and `test.npz` or `val.npz` in a folder.
    Pair,
    /// An `.npz` file with both splits.
    Archive,
    /// `.npy` files in a folder.
    Files,
}

impl Arrangement {
    /// The kind of the source.
    pub fn kind(self) -> &'static str {
        if self == Self::Files { "npy" } else { "npz" }
    }

    /// What a split needs.
    pub fn looked(self, split: Split) -> &'static str {
        match (self, split) {
            (Self::Pair, Split::Train) => "train.npz with images and labels",
            (Self::Pair, Split::Test) => "test.npz or val.npz with images and labels",
            (Self::Archive, Split::Train) => "array x_train with y_train, nor train_images with train_labels",
            (Self::Archive, Split::Test) => {
                "array x_test with y_test, nor test_images with test_labels, nor those of val"
            }
            (Self::Files, Split::Train) => "x_train.npy with y_train.npy, nor train_images.npy with train_labels.npy",
            (Self::Files, Split::Test) => {
                "x_test.npy with y_test.npy, nor test_images.npy with test_labels.npy, nor those of val"
            }
        }
    }

    /// The arrays in a file or folder.
    pub fn find(self, at: &Path) -> Result<Found, DataError> {
        match self {
            Self::Pair => pair_of_archives(at),
            Self::Archive => {
                Ok(in_one_place(&Place::open(at)?.names(), |name| Place::Npz(at.to_owned(), name.to_owned())))
            }
            Self::Files => Ok(single_files(at)),
        }
    }
}

/// Every arrangement that the files of a folder may be, with the file or folder; no file is opened.
pub(super) fn places(folder: &Path) -> Vec<(Arrangement, PathBuf)> {
    let (pair, archives): (Vec<PathBuf>, Vec<PathBuf>) =
        files(folder, "npz").into_iter().partition(|path| is_split(path));
    let mut found = Vec::new();
    if !pair.is_empty() {
        found.push((Arrangement::Pair, folder.to_owned()));
    }
    found.extend(archives.into_iter().map(|path| (Arrangement::Archive, path)));
    let names: Vec<String> = files(folder, "npy").iter().map(|path| stem(path)).collect();
    if SPLITS.iter().any(|words| pick(&names, words, &IMAGES_OF).is_some()) {
        found.push((Arrangement::Files, folder.to_owned()));
    }
    found
}

/// The files of a folder with an ending, sorted; none where the folder cannot be read.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let fits =
        |path: &PathBuf| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending)) && path.is_file();
    let mut files: Vec<PathBuf> = entries.filter(fits).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether an archive is called like a split.
fn is_split(path: &Path) -> bool {
    let stem = stem(path).to_lowercase();
    SPLITS.iter().any(|words| words.contains(&stem.as_str()))
}

fn pair_of_archives(folder: &Path) -> Result<Found, DataError> {
    let archives = files(folder, "npz");
    let mut names = None;
    let mut splits = [None, None];
    for (split, words) in splits.iter_mut().zip(SPLITS) {
        let archive = words.iter().find_map(|word| archives.iter().find(|path| stem(path).eq_ignore_ascii_case(word)));
        let Some(archive) = archive else { continue };
        let arrays = Place::open(archive)?.names();
        let member = |name: &String| Place::Npz(archive.clone(), name.clone());
        let first = |wanted: &[&str]| wanted.iter().find_map(|name| named(&arrays, name)).map(member);
        *split = first(&IMAGES).zip(first(&LABELS)).map(|(images, labels)| Pair { images, labels });
        names = names.or_else(|| first(&NAMES));
    }
    Ok(Found { splits, names })
}

fn single_files(folder: &Path) -> Found {
    let paths = files(folder, "npy");
    let names: Vec<String> = paths.iter().map(|path| stem(path)).collect();
    let place = |name: &str| {
        let path = paths.iter().find(|path| stem(path) == name).cloned();
        Place::Npy(path.unwrap_or_else(|| folder.join(name)))
    };
    in_one_place(&names, place)
}

/// How the split and the content are put together in one name; `*` is the split.
const IMAGES_OF: [&str; 4] = ["x_*", "*_images", "*_x", "*_data"];
const LABELS_OF: [&str; 3] = ["y_*", "*_labels", "*_y"];

/// Both splits of a collection of named arrays.
fn in_one_place(arrays: &[String], place: impl Fn(&str) -> Place) -> Found {
    let pair = |words: &[&str]| {
        words.iter().find_map(|word| {
            let images = pick(arrays, &[word], &IMAGES_OF)?;
            let labels = pick(arrays, &[word], &LABELS_OF)?;
            Some(Pair { images: place(images), labels: place(labels) })
        })
    };
    let names = NAMES.iter().find_map(|name| named(arrays, name)).map(|name| place(name));
    Found { splits: SPLITS.map(pair), names }
}

/// The first of the arrays that is called by a word and a pattern.
fn pick<'a>(arrays: &'a [String], words: &[&str], patterns: &[&str]) -> Option<&'a String> {
    words.iter().find_map(|word| patterns.iter().find_map(|pattern| named(arrays, &pattern.replace('*', word))))
}

/// An array by its name in any case: `X_train` is usual.
fn named<'a>(arrays: &'a [String], name: &str) -> Option<&'a String> {
    arrays.iter().find(|array| array.eq_ignore_ascii_case(name))
}
