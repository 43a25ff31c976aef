//! Sets saved as pictures in folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

use compdd_core::files::{IoError, plain};

use super::{
    ImportError, ImportOptions, SourceFile,
    pictures::{ClassName, Found, Pictures, label},
};
use crate::data::source::has_image_ending;

/// Reads all pictures, class by class, each class in the order of its file names.
pub(super) fn load(root: &Path, options: &ImportOptions) -> Result<Pictures, ImportError> {
    let found = collect(root)?;
    if found.is_empty() {
        return Err(ImportError::NothingToImport { path: root.to_owned() });
    }
    let mut pictures = Pictures::new(options)?;
    for (class, path) in label(root, found, &options.subset, &mut pictures.remarks)? {
        let (source, bytes) = SourceFile::read(&path)?;
        pictures.sources.push(source);
        pictures.add(class, &path, &bytes)?;
    }
    pictures.complete()
}

fn collect(root: &Path) -> Result<Vec<Found<PathBuf>>, ImportError> {
    let mut found = Vec::new();
    let walk = walkdir::WalkDir::new(root).min_depth(1).max_depth(2).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || !plain::is_hidden(entry.file_name())) {
        let entry = entry.map_err(|e| {
            let path = e.path().unwrap_or(root).to_owned();
            IoError { action: "read", path, source: e.into() }
        })?;
        let path = entry.path();
        // Links are followed where they are read: one that points nowhere is an error then, not one picture less.
        if entry.file_type().is_dir() || !has_image_ending(path) || fs::metadata(path).is_ok_and(|found| found.is_dir())
        {
            continue;
        }
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let folder = path.parent().filter(|p| *p != root).and_then(Path::file_name).and_then(|n| n.to_str());
        let class = match (number_in_file(stem), folder) {
            (Some(number), _) => ClassName::Number(number),
            (None, Some(folder)) => {
                number_in_folder(folder).map_or_else(|| ClassName::Text(folder.to_owned()), ClassName::Number)
            }
            // A picture beside the class folders, such as an overview.
            (None, None) => continue,
        };
        found.push(Found { picture: path.to_owned(), class });
    }
    Ok(found)
}

/// NNN of `classNNN_idMMM`.
fn number_in_file(stem: &str) -> Option<usize> {
    let (class, id) = stem.strip_prefix("class")?.split_once("_id")?;
    id.parse::<usize>().ok().and(class.parse().ok())
}

/// NNN of `NNN` or `newNNN`.
fn number_in_folder(name: &str) -> Option<usize> {
    name.strip_prefix("new").unwrap_or(name).parse().ok()
}
