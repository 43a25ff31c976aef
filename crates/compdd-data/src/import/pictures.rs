//! Pictures of a set: what their classes are called, and the pictures themselves, decoded as a run decodes training images.

use std::path::{Path, PathBuf};

use compdd_core::{
    record::PixelSpaceRecord,
    subset::{Subset, nearest},
};

use super::{ImportError, ImportOptions, SourceFile};
use crate::data::decode;

/// A picture and how its class is named.
pub(super) struct Found<P> {
    pub picture: P,
    pub class: ClassName,
}

/// How a class is named.
pub(super) enum ClassName {
    /// NNN of a file `classNNN_idMMM`, of a folder `NNN` or `newNNN`, or the label of a row.
    Number(usize),
    /// The name of a folder, or the label of a row.
    Text(String),
}

/// Where a picture lies, for messages.
pub(super) trait Place {
    fn place(&self) -> PathBuf;
}

impl Place for PathBuf {
    fn place(&self) -> PathBuf {
        self.clone()
    }
}

/// Normalised pictures of one size.
pub(super) struct Pictures {
    /// `[N, 3, H, W]`.
    pub images: Vec<f32>,
    /// Width, height.
    pub size: [usize; 2],
    pub labels: Vec<u32>,
    pub sources: Vec<SourceFile>,
    pub remarks: Vec<String>,
    first: Option<PathBuf>,
    bad: Vec<(PathBuf, String)>,
    channels: ([f32; 3], [f32; 3]),
}

impl Pictures {
    /// None yet.
    pub fn new(options: &ImportOptions) -> Result<Self, ImportError> {
        if matches!(options.space, PixelSpaceRecord::Zca { .. }) {
            return Err(ImportError::WhitenedPictures);
        }
        let (images, labels, sources, remarks) = Default::default();
        let channels = options.space.channels();
        Ok(Self { images, size: [0; 2], labels, sources, remarks, first: None, bad: Vec::new(), channels })
    }

    /// Decodes a picture and takes it in; one that cannot be decoded is kept for [`complete`](Self::complete) to name.
    ///
    /// # Errors
    /// [`ImportError::PictureSize`] for one that is not as large as the first.
    pub fn add(&mut self, label: u32, path: &Path, bytes: &[u8]) -> Result<(), ImportError> {
        let (rgb, size) = match decode::rgb(bytes) {
            Ok((rgb, (width, height))) => (rgb, [width, height]),
            Err(reason) => {
                self.bad.push((path.to_owned(), reason));
                return Ok(());
            }
        };
        let first = self.first.get_or_insert_with(|| path.to_owned());
        if self.labels.is_empty() {
            self.size = size;
        } else if self.size != size {
            let (path, first, expected) = (path.to_owned(), first.clone(), self.size);
            return Err(ImportError::PictureSize { path, found: size, first, size: expected });
        }
        let (mean, std) = self.channels;
        for c in 0..3 {
            self.images
                .extend(rgb.as_chunks::<3>().0.iter().map(|pixel| (f32::from(pixel[c]) / 255.0 - mean[c]) / std[c]));
        }
        self.labels.push(label);
        Ok(())
    }

    /// All of them, if all could be decoded.
    pub fn complete(self) -> Result<Self, ImportError> {
        if self.bad.is_empty() { Ok(self) } else { Err(ImportError::BadPictures { files: self.bad }) }
    }
}

/// Turns the names of classes into labels, and sorts by them. Numbers are positions if all of them can be; else `ImageNet` indices, where those of other
/// classes are left out, because releases often hold all thousand.
pub(super) fn label<P: Ord + Place>(
    root: &Path,
    found: Vec<Found<P>>,
    subset: &Subset,
    remarks: &mut Vec<String>,
) -> Result<Vec<(u32, P)>, ImportError> {
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
    for Found { picture, class } in found {
        let label = match &class {
            ClassName::Number(number) if by_position => Some(final_label(subset, *number)),
            ClassName::Number(number) if subset.classes.iter().any(|c| c.index.is_some()) => {
                let position = subset.classes.iter().rposition(|c| c.index == Some(*number as u32));
                let Some(position) = position else { continue };
                Some(position as u32)
            }
            ClassName::Number(_) => None,
            ClassName::Text(name) => by_name(subset, name),
        };
        match label {
            Some(label) => labelled.push((label, picture)),
            None => return Err(unknown(picture.place(), &class, subset)),
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
        ClassName::Text(name) => name.clone(),
    };
    let known = subset.classes.iter().flat_map(|c| [c.synset.as_str(), c.label.as_str()]);
    let near = nearest(&name, known);
    ImportError::UnknownClass { path, name, subset: subset.id(), near }
}

/// Classes without a picture, but for labels that no image can have.
fn missing_classes<P>(labelled: &[(u32, P)], subset: &Subset) -> Vec<String> {
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

pub(super) fn by_name(subset: &Subset, name: &str) -> Option<u32> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    subset
        .label_of(name)
        .or_else(|| subset.classes.iter().rposition(|c| plain(&c.label) == plain(name)).map(|position| position as u32))
}
