//! Finding the dataset of a subset in folders, or in one of the folders directly below them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Named, Source, Split, has_image_ending, named, names::plain, open};
use crate::data::error::{DataError, LackingClass};
use compdd_core::{
    files::{IoError, plain::is_hidden},
    subset::Subset,
};

/// Where both splits of a subset come from; often the same source.
#[derive(Clone, Debug)]
pub struct Found {
    /// The training images.
    pub train: Part,
    /// The test images.
    pub test: Part,
}

/// Where one split comes from, and what is missing there.
#[derive(Clone, Debug)]
pub struct Part {
    /// The source.
    pub source: Arc<dyn Source>,
    /// Its folder.
    pub folder: PathBuf,
    /// Classes of the subset that it has not got.
    pub lacking: Vec<LackingClass>,
}

impl Found {
    /// The part of a split.
    pub fn split(&self, split: Split) -> &Part {
        match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        }
    }

    /// Classes that either split has not got.
    pub fn lacking(&self) -> Vec<LackingClass> {
        self.train.lacking.iter().chain(&self.test.lacking).cloned().collect()
    }

    /// Names of the layouts: one, or that of the training images and that of the test images.
    pub fn kind(&self) -> String {
        match (self.train.source.kind(), self.test.source.kind()) {
            (train, test) if train == test => train.to_owned(),
            (train, test) => format!("{train} + {test}"),
        }
    }
}

/// The sources for a subset below several folders.
///
/// The first folder that holds every class in both splits is taken. Where none does, each split comes from the first folder
/// that holds it whole; where that fails too, the folder that lacks fewest classes is returned.
///
/// A folder itself comes before the folders directly in it: of those that hold every class, the one named as the subset
/// wins, then one whose name begins so, then any other. Two of the same rank are an error, never a guess.
pub fn find(subset: &Subset, roots: &[PathBuf]) -> Result<Found, DataError> {
    let mut all: Vec<Candidate> = Vec::new();
    let mut names = Vec::new();
    for root in roots {
        if !root.is_dir() {
            return Err(DataError::MissingRoot { path: root.to_owned(), is_file: root.exists() });
        }
        let own = candidates(subset, root)?;
        if let Some(found) = whole(&own) {
            return Ok(found);
        }
        names = listing(root)?;
        let mut inner: Vec<(u8, String, Found)> = Vec::new();
        all.extend(own);
        for name in names.iter().filter(|name| !is_hidden(name)) {
            let folder = root.join(name);
            if folder.is_dir() {
                let below = candidates(subset, &folder)?;
                inner.extend(whole(&below).map(|found| (rank(name, subset), name.clone(), found)));
                all.extend(below);
            }
        }
        if let Some(found) = best_named(subset, root, inner)? {
            return Ok(found);
        }
    }
    match whole(&all) {
        Some(found) => Ok(found),
        None => nearest(subset, all).unwrap_or_else(|| {
            let path = roots.last().cloned().unwrap_or_default();
            Err(unknown(path, names))
        }),
    }
}

/// The source of one split of a subset, for work that needs no other: as [`find`] where both splits are there, else the
/// source that lacks fewest classes of it.
pub fn find_split(subset: &Subset, roots: &[PathBuf], split: Split) -> Result<Part, DataError> {
    match find(subset, roots) {
        Ok(found) => return Ok(found.split(split).clone()),
        Err(DataError::MissingSplit { split: other, .. }) if other != split => {}
        Err(DataError::UnlabelledImages { .. }) if split == Split::Train => {}
        Err(error) => return Err(error),
    }
    let mut reason = None;
    let mut parts: Vec<Part> = Vec::new();
    for root in roots {
        for folder in with_folders_below(root)? {
            for candidate in candidates(subset, &folder)? {
                parts.extend(candidate.part(split));
                reason = reason.or(candidate.lacking.into_iter().nth(split as usize).and_then(Result::err));
            }
        }
    }
    let fewest = parts.into_iter().min_by_key(|part| part.lacking.len());
    fewest.ok_or_else(|| reason.unwrap_or_else(|| unknown(roots.last().cloned().unwrap_or_default(), Vec::new())))
}

/// The source of a split whatever its classes are: the first folder, or the only one directly below it, that holds one.
pub fn find_any(roots: &[PathBuf], split: Split) -> Result<Part, DataError> {
    let mut reason = None;
    for root in roots {
        let mut below: Vec<Part> = Vec::new();
        for folder in with_folders_below(root)? {
            for source in open(&folder)? {
                match source.has_split(split) {
                    Ok(()) => {
                        let part = Part { source: source.into(), folder: folder.clone(), lacking: Vec::new() };
                        if folder == *root {
                            return Ok(part);
                        }
                        below.push(part);
                        break;
                    }
                    Err(error) => reason = reason.or(Some(error)),
                }
            }
        }
        if below.len() > 1 {
            let name = |part: &Part| part.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let folders = below.iter().map(name).collect();
            return Err(DataError::AmbiguousRoot { root: root.clone(), subset: "images".into(), folders });
        }
        if let Some(part) = below.pop() {
            return Ok(part);
        }
    }
    let last = roots.last().cloned().unwrap_or_default();
    let names = listing(&last)?;
    Err(reason.unwrap_or_else(|| unknown(last, names)))
}

/// A folder, then those directly in it, sorted, without hidden ones.
fn with_folders_below(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    if !root.is_dir() {
        return Err(DataError::MissingRoot { path: root.to_owned(), is_file: root.exists() });
    }
    let names = listing(root)?;
    let below = names.iter().filter(|name| !is_hidden(name)).map(|name| root.join(name));
    Ok(std::iter::once(root.to_owned()).chain(below.filter(|path| path.is_dir())).collect())
}

/// One source with what it lacks of each split, or why it has nothing of it.
struct Candidate {
    source: Arc<dyn Source>,
    folder: PathBuf,
    lacking: [Result<Vec<LackingClass>, DataError>; 2],
}

impl Candidate {
    fn part(&self, split: Split) -> Option<Part> {
        let lacking = self.lacking[split as usize].as_ref().ok()?.clone();
        Some(Part { source: Arc::clone(&self.source), folder: self.folder.clone(), lacking })
    }

    fn lacks(&self) -> Option<usize> {
        self.lacking.iter().map(|lacking| lacking.as_ref().ok().map(Vec::len)).sum()
    }
}

/// The sources that a folder is, each with the classes it lacks.
fn candidates(subset: &Subset, folder: &Path) -> Result<Vec<Candidate>, DataError> {
    let sources = open(folder)?.into_iter();
    Ok(sources
        .map(|source| {
            let lacking = Split::ALL.map(|split| lacking(subset, source.as_ref(), split));
            Candidate { source: source.into(), folder: folder.to_owned(), lacking }
        })
        .collect())
}

fn lacking(subset: &Subset, source: &dyn Source, split: Split) -> Result<Vec<LackingClass>, DataError> {
    source.has_split(split)?;
    let names = source.classes(split)?;
    let missing = subset.classes.iter().filter_map(|class| {
        let ambiguous = match named(class, &names) {
            Named::As(_) => return None,
            Named::Ambiguous(name) => Some(name.clone()),
            Named::Not => None,
        };
        let (synset, label) = (class.synset.clone(), class.label.clone());
        Some(LackingClass { synset, label, split, looked: source.place(split, class), ambiguous })
    });
    Ok(missing.collect())
}

/// Both splits with every class: from one source where there is one, else each from the first that has it.
fn whole(candidates: &[Candidate]) -> Option<Found> {
    let is_whole = |candidate: &Candidate, split| candidate.part(split).filter(|part| part.lacking.is_empty());
    let both = |c: &Candidate| Some(Found { train: is_whole(c, Split::Train)?, test: is_whole(c, Split::Test)? });
    candidates.iter().find_map(both).or_else(|| {
        let first = |split| candidates.iter().find_map(|candidate| is_whole(candidate, split));
        Some(Found { train: first(Split::Train)?, test: first(Split::Test)? })
    })
}

/// Of folders below `root` that hold everything, the one whose name fits best.
fn best_named(subset: &Subset, root: &Path, mut found: Vec<(u8, String, Found)>) -> Result<Option<Found>, DataError> {
    let best = found.iter().map(|(rank, _, _)| *rank).min();
    found.retain(|(rank, _, _)| Some(*rank) == best);
    if found.len() > 1 {
        let folders = found.into_iter().map(|(_, name, _)| name).collect();
        return Err(DataError::AmbiguousRoot { root: root.to_owned(), subset: subset.slug.clone(), folders });
    }
    Ok(found.pop().map(|(_, _, found)| found))
}

/// What comes nearest where nothing is whole: both splits with the fewest classes missing, unless that is all of them; else the reason why a split
/// cannot be used, else why it is missing altogether.
fn nearest(subset: &Subset, candidates: Vec<Candidate>) -> Option<Result<Found, DataError>> {
    let fewest = candidates.iter().filter(|c| c.lacks().is_some()).min_by_key(|c| c.lacks());
    let found = fewest.and_then(|c| Some(Found { train: c.part(Split::Train)?, test: c.part(Split::Test)? }));
    let absent = |error: &DataError| matches!(error, DataError::MissingSplit { .. });
    let is_nothing = |part: &Part| part.lacking.len() == subset.classes.len();
    let hopeless = found.as_ref().is_none_or(|found| is_nothing(&found.train) || is_nothing(&found.test));
    let reasons = candidates.into_iter().flat_map(|c| c.lacking).filter_map(Result::err);
    let reason = reasons.min_by_key(absent);
    match (found, reason) {
        (None, reason) => reason.map(Err),
        (Some(_), Some(reason)) if hopeless && !absent(&reason) => Some(Err(reason)),
        (found, _) => found.map(Ok),
    }
}

/// How well a folder name fits a subset: 0 is its slug, 1 begins with its slug (`cifar10-jpg`, but not `cifar100` for
/// `cifar10`), 2 is anything else.
fn rank(name: &str, subset: &Subset) -> u8 {
    let squeezed = |text: &str| plain(text).replace('-', "");
    let (name, slug) = (squeezed(name), squeezed(&subset.slug));
    let digit = |c: char| c.is_ascii_digit();
    match name.strip_prefix(&slug) {
        Some("") => 0,
        Some(rest) if !(slug.ends_with(digit) && rest.starts_with(digit)) => 1,
        _ => 2,
    }
}

/// The error for a folder that is no dataset: one split of one, or something else.
pub(in crate::data) fn unknown(path: PathBuf, found: Vec<String>) -> DataError {
    if is_one_split(&path) { DataError::OneSplit { path } } else { DataError::UnknownLayout { path, found } }
}

/// Whether the folders in a folder hold images.
fn is_one_split(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    let holds_image = |path: &PathBuf| {
        let first = fs::read_dir(path).ok().and_then(|mut entries| entries.find_map(Result::ok));
        first.is_some_and(|entry| has_image_ending(&entry.path()))
    };
    !folders.is_empty() && folders.iter().take(3).all(holds_image)
}

/// What lies in a folder, sorted.
pub(in crate::data) fn listing(folder: &Path) -> Result<Vec<String>, DataError> {
    let unreadable = |source| DataError::from(IoError { action: "read", path: folder.to_owned(), source });
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
