//! Finding the dataset of a subset in a folder, or in one of the folders directly below it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Source, Split, open, plain};
use crate::{
    data::error::{DataError, LackingClass},
    subset::Subset,
};

/// A source that was found, and what it lacks.
#[derive(Debug)]
pub struct Found {
    /// The source.
    pub source: Box<dyn Source>,
    /// Its folder.
    pub folder: PathBuf,
    /// Classes of the subset that it has not got.
    pub lacking: Vec<LackingClass>,
}

/// The source below `root` for a subset.
///
/// `root` itself comes first. Where it is no dataset, or lacks classes of the subset, the folders directly in it are tried:
/// those that hold every class count, the one named as the subset wins, then one whose name begins so, then any other.
/// Two of the same rank are an error, never a guess. When none holds every class, the one that lacks fewest is returned.
pub fn find(subset: &Subset, root: &Path) -> Result<Found, DataError> {
    if !root.is_dir() {
        return Err(DataError::MissingRoot { path: root.to_owned(), is_file: root.exists() });
    }
    let own = match examine(subset, root)? {
        Some(Ok(found)) if found.lacking.is_empty() => return Ok(found),
        other => other,
    };
    let names = listing(root)?;
    let mut whole: Vec<(u8, String, Found)> = Vec::new();
    let mut partial: Vec<Found> = Vec::new();
    let mut refused = Vec::new();
    for name in names.iter().filter(|name| !name.starts_with('.')) {
        let folder = root.join(name);
        if !folder.is_dir() {
            continue;
        }
        match examine(subset, &folder)? {
            Some(Ok(found)) if found.lacking.is_empty() => whole.push((rank(name, subset), name.clone(), found)),
            Some(Ok(found)) => partial.push(found),
            Some(Err(error)) => refused.push(error),
            None => {}
        }
    }
    if let Some(best) = whole.iter().map(|(rank, _, _)| *rank).min() {
        whole.retain(|(rank, _, _)| *rank == best);
        if whole.len() > 1 {
            let folders = whole.into_iter().map(|(_, name, _)| name).collect();
            return Err(DataError::AmbiguousRoot { root: root.to_owned(), subset: subset.slug.clone(), folders });
        }
    }
    let fewest = partial.into_iter().min_by_key(|found| found.lacking.len());
    match (whole.pop(), own, fewest, refused.into_iter().next()) {
        (Some((_, _, found)), _, _, _) => Ok(found),
        (None, Some(own), _, _) => own,
        (None, None, Some(partial), _) => Ok(partial),
        (None, None, None, Some(error)) => Err(error),
        (None, None, None, None) => Err(DataError::UnknownLayout { path: root.to_owned(), found: names }),
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

fn listing(folder: &Path) -> Result<Vec<String>, DataError> {
    let unreadable = |source| DataError::Unreadable { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The source that a folder is, with the classes it lacks; an inner error where a whole split is missing.
fn examine(subset: &Subset, folder: &Path) -> Result<Option<Result<Found, DataError>>, DataError> {
    let Some(source) = open(folder)? else { return Ok(None) };
    let mut lacking = Vec::new();
    for split in Split::ALL {
        if let Err(error) = source.has_split(split) {
            return Ok(Some(Err(error)));
        }
        for class in &subset.classes {
            if !source.has_class(split, class)? {
                lacking.push(LackingClass {
                    synset: class.synset.clone(),
                    label: class.label.clone(),
                    split,
                    looked: source.place(split, class),
                });
            }
        }
    }
    Ok(Some(Ok(Found { source, folder: folder.to_owned(), lacking })))
}
