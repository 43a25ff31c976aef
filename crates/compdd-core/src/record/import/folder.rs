//! Sets saved as pictures.

use super::{ImportError, ImportOptions, Labels, Parts, PixelSpaceRecord, SourceFile};
use std::path::{Path, PathBuf};

use crate::files::IoError;

use crate::subset::{Subset, nearest};

const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];

/// A picture and how its class is named.
struct Found {
    path: PathBuf,
    class: ClassName,
}

enum ClassName {
    /// NNN of a file `classNNN_idMMM` or of a folder `NNN` or `newNNN`.
    Number(usize),
    /// The name of a folder.
    Folder(String),
}

/// Reads all pictures, class by class, each class in the order of its file names.
pub(super) fn load(
    root: &Path,
    options: &ImportOptions,
    remarks: &mut Vec<String>,
) -> Result<(Parts, Vec<SourceFile>), ImportError> {
    if matches!(options.space, PixelSpaceRecord::Zca { .. }) {
        return Err(ImportError::WhitenedPictures);
    }
    let found = collect(root)?;
    if found.is_empty() {
        return Err(ImportError::NothingToImport { path: root.to_owned() });
    }
    let labelled = label(root, found, &options.subset, remarks)?;
    let Pictures { images, size: [width, height], sources } = decode(&labelled, options)?;
    let shape = [labelled.len(), 3, height, width];
    let labels = Labels::Hard(labelled.iter().map(|(label, _)| *label).collect());
    Ok((Parts { images, shape, labels, learning_rate: None }, sources))
}

fn collect(root: &Path) -> Result<Vec<Found>, ImportError> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(root).min_depth(1).max_depth(2).sort_by_file_name() {
        let entry = entry.map_err(|e| {
            let path = e.path().unwrap_or(root).to_owned();
            IoError { action: "read", path, source: e.into() }
        })?;
        let path = entry.path();
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
        if !entry.file_type().is_file() || !extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str())) {
            continue;
        }
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let folder = path.parent().filter(|p| *p != root).and_then(Path::file_name).and_then(|n| n.to_str());
        let class = match (number_in_file(stem), folder) {
            (Some(number), _) => ClassName::Number(number),
            (None, Some(folder)) => {
                number_in_folder(folder).map_or_else(|| ClassName::Folder(folder.to_owned()), ClassName::Number)
            }
            // A picture beside the class folders, such as an overview.
            (None, None) => continue,
        };
        found.push(Found { path: path.to_owned(), class });
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

/// Turns class names into labels. Numbers are positions if all of them can be; else `ImageNet` indices, where those of other
/// classes are left out, because releases often hold all thousand.
fn label(
    root: &Path,
    found: Vec<Found>,
    subset: &Subset,
    remarks: &mut Vec<String>,
) -> Result<Vec<(u32, PathBuf)>, ImportError> {
    let mut numbers =
        found.iter().filter_map(|f| if let ClassName::Number(n) = f.class { Some(n) } else { None }).peekable();
    let any_number = numbers.peek().is_some();
    let by_position = numbers.all(|n| n < subset.classes_len());
    if any_number {
        let meaning = if by_position { "positions in the subset" } else { "ImageNet indices" };
        remarks.push(format!("class numbers were taken as {meaning}"));
    }
    let total = found.len();
    let mut labelled = Vec::with_capacity(total);
    for Found { path, class } in found {
        let label = match &class {
            ClassName::Number(number) if by_position => Some(final_label(subset, *number)),
            ClassName::Number(number) if subset.classes.iter().any(|c| c.index.is_some()) => {
                let position = subset.classes.iter().rposition(|c| c.index == Some(*number as u32));
                let Some(position) = position else { continue };
                Some(position as u32)
            }
            ClassName::Number(_) => None,
            ClassName::Folder(name) => by_name(subset, name),
        };
        match label {
            Some(label) => labelled.push((label, path)),
            None => return Err(unknown(path, &class, subset)),
        }
    }
    if labelled.len() < total {
        remarks.push(format!("{} pictures of classes outside {} were left out", total - labelled.len(), subset.id()));
    }
    labelled.sort();
    let classes = missing_classes(&labelled, subset);
    if classes.is_empty() { Ok(labelled) } else { Err(ImportError::MissingClasses { path: root.to_owned(), classes }) }
}

fn unknown(path: PathBuf, class: &ClassName, subset: &Subset) -> ImportError {
    let name = match class {
        ClassName::Number(number) => number.to_string(),
        ClassName::Folder(name) => name.clone(),
    };
    let known = subset.classes.iter().flat_map(|c| [c.synset.as_str(), c.label.as_str()]);
    let near = nearest(&name, known);
    ImportError::UnknownClass { path, name, subset: subset.id(), near }
}

/// Classes without a picture, but for labels that no image can have.
fn missing_classes(labelled: &[(u32, PathBuf)], subset: &Subset) -> Vec<String> {
    let unused = subset.unused_labels();
    (0..subset.classes_len() as u32)
        .filter(|label| !unused.contains(label) && labelled.binary_search_by_key(label, |(l, _)| *l).is_err())
        .map(|label| {
            let class = &subset.classes[label as usize];
            if class.index.is_some() { format!("{} ({})", class.synset, class.label) } else { class.synset.clone() }
        })
        .collect()
}

/// A position, moved to where its class counts if it is listed twice.
fn final_label(subset: &Subset, position: usize) -> u32 {
    subset.label_of(&subset.classes[position].synset).unwrap_or(position as u32)
}

fn by_name(subset: &Subset, name: &str) -> Option<u32> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    subset
        .label_of(name)
        .or_else(|| subset.classes.iter().rposition(|c| plain(&c.label) == plain(name)).map(|position| position as u32))
}

/// Normalised pictures of one size.
struct Pictures {
    images: Vec<f32>,
    /// Width, height.
    size: [usize; 2],
    sources: Vec<SourceFile>,
}

/// Decodes and normalises; all bad files are named at once.
fn decode(labelled: &[(u32, PathBuf)], options: &ImportOptions) -> Result<Pictures, ImportError> {
    let (mean, std) = options.space.channels();
    let (mut images, mut sources, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    let mut first: Option<([usize; 2], &Path)> = None;
    for (_, path) in labelled {
        let (source, bytes) = SourceFile::read(path)?;
        sources.push(source);
        let picture = match image::load_from_memory(&bytes) {
            Ok(picture) => picture.into_rgb8(),
            Err(error) => {
                bad.push((path.clone(), error.to_string()));
                continue;
            }
        };
        let found = [picture.width() as usize, picture.height() as usize];
        let (size, first) = *first.get_or_insert((found, path));
        if size != found {
            return Err(ImportError::PictureSize { path: path.clone(), found, first: first.to_owned(), size });
        }
        for c in 0..3 {
            images.extend(picture.pixels().map(|p| (f32::from(p.0[c]) / 255.0 - mean[c]) / std[c]));
        }
    }
    match first {
        Some((size, _)) if bad.is_empty() => Ok(Pictures { images, size, sources }),
        _ => Err(ImportError::BadPictures { files: bad }),
    }
}
