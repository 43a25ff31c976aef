//! Which class an image has where neither its name nor its folder says so: the annotation of a flat validation split.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use compdd_core::{files::plain, limits, subset::devkit_synsets};

use crate::data::{
    error::DataError,
    parse::{self, Labels, ParseError, devkit},
};

/// Text files whose name says what they hold: the file has to be right.
const NAMED_LISTS: [&str; 2] = ["val_annotations.txt", "imagenet_2012_validation_synset_labels.txt"];

/// Text files that may hold the classes of the validation images, or something else: the content decides.
const LISTS: [&str; 6] =
    ["val_synsets.txt", "validation_synsets.txt", "val_labels.txt", "val.txt", "synsets.txt", "labels.txt"];

const KAGGLE: &str = "LOC_val_solution.csv";
const DEVKIT: &str = "ILSVRC2012_devkit_t12";

/// Lists of all classes; where one lies beside the annotation, the classes of the annotation have to be in it.
const CLASSES: [&str; 2] = ["LOC_synset_mapping.txt", "wnids.txt"];

/// The classes of the images of a split, read from the first annotation found when they are first needed.
#[derive(Debug)]
pub(super) struct Annotation {
    /// The images, as messages call them.
    images: PathBuf,
    /// Where every kind of annotation is looked for.
    near: Vec<PathBuf>,
    /// Where only files are looked at whose name says that they belong to `ImageNet`.
    beside: Option<PathBuf>,
    read: OnceLock<Known>,
}

/// An annotation that was read.
#[derive(Debug)]
pub(super) struct Known {
    pub labels: Labels,
    /// Files that it was read from, the telling one first.
    files: Vec<PathBuf>,
}

impl Annotation {
    /// The annotation of `images`, looked for in `near` and, by its name, in the folder that holds `root`.
    pub fn of(images: &Path, near: Vec<PathBuf>, root: &Path) -> Self {
        let beside = fs::canonicalize(root).ok().and_then(|root| Some(root.parent()?.to_owned()));
        Self { images: images.to_owned(), near, beside, read: OnceLock::new() }
    }

    /// The classes of every image.
    pub fn known(&self) -> Result<&Known, DataError> {
        if let Some(known) = self.read.get() {
            return Ok(known);
        }
        let known = self.look()?;
        Ok(self.read.get_or_init(|| known))
    }

    /// Names of the classes, sorted.
    pub fn classes(&self) -> Result<Vec<String>, DataError> {
        let distinct: BTreeSet<&String> = self.known()?.labels.values().collect();
        Ok(distinct.into_iter().cloned().collect())
    }

    /// Visits the files that the annotation was read from.
    pub fn files(&self, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        self.known()?.files.iter().for_each(|file| visit(file));
        Ok(())
    }

    fn look(&self) -> Result<Known, DataError> {
        for folder in self.near.iter().chain(&self.beside) {
            if let Some(known) = by_name(folder)? {
                return Ok(known);
            }
        }
        let mut refused = Vec::new();
        for path in self.near.iter().flat_map(|folder| LISTS.iter().map(|name| folder.join(name))) {
            if path.is_file() {
                match text(&path, parse::synsets) {
                    Ok(labels) => return Known { labels, files: vec![path] }.checked(),
                    Err(error) => refused.push(error.to_string()),
                }
            }
        }
        let folder = self.near.last().cloned().unwrap_or_default();
        Err(DataError::UnlabelledImages { images: self.images.clone(), folder, refused })
    }
}

/// The annotation in a folder whose name leaves no doubt.
fn by_name(folder: &Path) -> Result<Option<Known>, DataError> {
    let path = folder.join(KAGGLE);
    if path.is_file() {
        let labels = bytes(&path, parse::kaggle_solution)?;
        return Known { labels, files: vec![path] }.checked().map(Some);
    }
    for data in [folder.join(DEVKIT).join("data"), folder.join("data"), folder.to_owned()] {
        let truth = data.join(devkit::GROUND_TRUTH);
        if truth.is_file() {
            let labels = text(&truth, |content| parse::ground_truth(content, &devkit_synsets()))?;
            return Ok(Some(Known { labels, files: vec![truth] }));
        }
    }
    let path = folder.join(format!("{DEVKIT}.tar.gz"));
    if path.is_file() {
        let labels = bytes(&path, |archive| devkit::validation(archive, &devkit_synsets()))?;
        return Ok(Some(Known { labels, files: vec![path] }));
    }
    match NAMED_LISTS.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
        Some(path) => Known { labels: text(&path, parse::synsets)?, files: vec![path] }.checked().map(Some),
        None => Ok(None),
    }
}

impl Known {
    /// Refuses classes that a list of all classes beside the annotation, or a folder above it, does not name.
    fn checked(mut self) -> Result<Self, DataError> {
        let path = &self.files[0];
        let folders = path.ancestors().skip(1).take(2);
        let list = folders.flat_map(|folder| CLASSES.map(|name| folder.join(name))).find(|list| list.is_file());
        if let Some(list) = list {
            let classes: HashSet<String> = text(&list, parse::classes)?.into_iter().collect();
            if let Some((image, class)) = self.labels.iter().find(|(_, class)| !classes.contains(*class)) {
                let name = list.file_name().unwrap_or_default().to_string_lossy();
                let why = format!("gives {image} the class {class}, which is not in {name}");
                return Err(DataError::Malformed { path: path.clone(), why });
            }
            self.files.push(list);
        }
        Ok(self)
    }

    /// The file that says which image has which class.
    pub fn file(&self) -> &Path {
        &self.files[0]
    }

    /// A roll on which images are ticked off as they are found.
    pub fn roll(&self) -> Roll<'_> {
        Roll { known: self, seen: BTreeSet::new() }
    }
}

/// Ticks images off an annotation while a split is walked.
pub(super) struct Roll<'a> {
    known: &'a Known,
    seen: BTreeSet<&'a str>,
}

impl<'a> Roll<'a> {
    /// The class of an image that was found, by its path or name.
    pub fn class(&mut self, image: &Path) -> Result<&'a str, String> {
        let known = self.known;
        let stem = image.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Some((stem, class)) = known.labels.get_key_value(stem) else {
            return Err(format!("has no class in {}", known.file().display()));
        };
        if !self.seen.insert(stem) {
            return Err(format!("a second image called {stem}"));
        }
        Ok(class)
    }

    /// Refuses classes of which some images were found and some were not; those that are not there at all are no business
    /// of the annotation.
    pub fn finish(self, wanted: &dyn Fn(&str) -> bool, images: &Path) -> Result<(), DataError> {
        let class = |stem: &&str| self.known.labels.get(*stem).map(String::as_str);
        let begun: HashSet<&str> = self.seen.iter().filter_map(class).filter(|class| wanted(class)).collect();
        let lost =
            |(stem, class): &(&String, &String)| begun.contains(class.as_str()) && !self.seen.contains(stem.as_str());
        let all: Vec<_> = self.known.labels.iter().filter(lost).collect();
        match all.first() {
            None => Ok(()),
            Some((stem, class)) => {
                let more = if all.len() > 1 { format!(" (nor are {} more)", all.len() - 1) } else { String::new() };
                let why = format!("names {stem} ({class}), which is not in {}{more}", images.display());
                Err(DataError::Malformed { path: self.known.file().to_owned(), why })
            }
        }
    }
}

fn bytes<T>(path: &Path, parse: fn(&[u8]) -> Result<T, ParseError>) -> Result<T, DataError> {
    let bytes = plain::regular_bytes(path, limits::WHOLE_BYTES)?;
    parse(&bytes).map_err(|error| malformed(path, &error))
}

/// Reads a text file.
pub(super) fn text<T>(path: &Path, parse: fn(&str) -> Result<T, ParseError>) -> Result<T, DataError> {
    let bytes = plain::regular_bytes(path, limits::WHOLE_BYTES)?;
    let text = plain::utf8(bytes).map_err(|error| malformed(path, &error.into()))?;
    parse(&text).map_err(|error| malformed(path, &error))
}

/// The error of a file that a reader refused.
pub(super) fn malformed(path: &Path, error: &ParseError) -> DataError {
    DataError::Malformed { path: path.to_owned(), why: error.to_string() }
}
