//! Custom class lists: `lists.toml#bird-hard`, from a file that `compdd subset build` wrote or that has its form.

use std::{collections::HashSet, path::Path};

use serde::Deserialize;

use crate::{files::plain, limits};

use super::{ClassEntry, Family, Subset, SubsetError, lists};

/// A file of lists, as far as this room needs it.
#[derive(Debug, Deserialize)]
struct Lists {
    /// The lists.
    list: Vec<List>,
}

#[derive(Debug, Deserialize)]
struct List {
    slug: String,
    version: String,
    #[serde(default)]
    notes: Vec<String>,
    /// Synsets or names, in label order.
    classes: Vec<String>,
}

/// Whether a version may be that of a custom class list.
pub(super) fn is_own_version(version: &str) -> bool {
    version.chars().all(|c| c.is_ascii_alphanumeric()) && !["", "1", "paper"].contains(&version)
}

/// The path and the name of a list that a text means, if it means a file.
pub(super) fn parts(text: &str) -> Option<(&Path, Option<&str>)> {
    let (path, name) = match text.rsplit_once('#') {
        Some((path, name)) => (path, Some(name.trim())),
        None => (text, None),
    };
    Path::new(path).extension().is_some_and(|ending| ending == "toml").then_some((Path::new(path), name))
}

/// A list of a file, by its slug, or by slug and version. A file with one list needs no name.
pub(super) fn find(path: &Path, name: Option<&str>) -> Result<Subset, SubsetError> {
    let malformed = |why: String| SubsetError::File { path: path.into(), why };
    let unreadable = |error: &dyn std::fmt::Display| malformed(format!("it cannot be read: {error}"));
    let text = plain::regular_text(path, limits::TEXT_BYTES).map_err(|error| unreadable(&error.source))?;
    let file: Lists = toml::from_str(&text).map_err(|error| {
        malformed(format!("it is no file of lists: {}", error.to_string().trim().replace('\n', " ")))
    })?;
    let known = file.list.iter().map(|list| list.slug.clone()).collect();
    let mut found: Vec<List> = match name {
        Some(name) => {
            let (slug, version) = name.split_once('@').map_or((name, None), |(slug, version)| (slug, Some(version)));
            let means = |list: &List| list.slug == slug && version.is_none_or(|version| list.version == version);
            file.list.into_iter().filter(means).collect()
        }
        None => file.list,
    };
    match (found.len(), name, found.pop()) {
        (1, _, Some(list)) => subset(path, list),
        (_, Some(name), None) => Err(SubsetError::NotInFile { path: path.into(), name: name.into(), known }),
        _ => Err(SubsetError::WhichInFile { path: path.into(), known }),
    }
}

fn subset(path: &Path, list: List) -> Result<Subset, SubsetError> {
    let malformed = |why: String| SubsetError::File { path: path.into(), why };
    let List { slug, version, mut notes, classes } = list;
    if classes.is_empty() {
        return Err(malformed(format!("its list `{slug}` has no classes")));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = classes.iter().find(|class| !seen.insert(class.as_str())) {
        return Err(malformed(format!("its list `{slug}` names {twice} twice")));
    }
    if !slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') || slug.is_empty() {
        return Err(malformed(format!("`{slug}` is an invalid slug: use lowercase letters, digits and hyphens")));
    }
    if !is_own_version(&version) {
        return Err(malformed(format!("`{version}` is no version of letters and digits other than 1 and paper")));
    }
    notes.insert(0, "a list of one's own, not a published one".to_owned());
    Ok(Subset { slug, version, classes: entries(classes), family: Family::OwnList, notes })
}

/// The list that a record names, whose file need not be at hand.
pub(super) fn of_record(id: &str, classes: &[String], notes: &[String]) -> Option<Subset> {
    let (slug, version) = id.split_once('@').filter(|(_, version)| is_own_version(version))?;
    let (slug, version) = (slug.to_owned(), version.to_owned());
    Some(Subset { slug, version, classes: entries(classes.to_vec()), family: Family::OwnList, notes: notes.to_vec() })
}

/// The classes, with the names and indices of those of `ImageNet`.
fn entries(synsets: Vec<String>) -> Vec<ClassEntry> {
    let entry = |synset: String| {
        let row = lists::IMAGENET_1K.iter().find(|row| row.synset == synset);
        let label = row.map_or_else(|| synset.clone(), |row| row.label.clone());
        ClassEntry { label, index: row.and_then(|row| row.index), synset }
    };
    synsets.into_iter().map(entry).collect()
}
