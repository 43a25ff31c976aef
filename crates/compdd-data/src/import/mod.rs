//! Sets that others published, taken in as bundles.
//!
//! Released sets come as loose tensors (`images_best.pt`, `labels_best.pt`, `lr_best.pt`) or as folders of pictures, and
//! what their numbers mean is written nowhere. Importing is therefore a check before it is a conversion: the values must
//! look like the pixel space they are declared to be in, the classes must be the subset's, and whatever had to be assumed
//! is kept in the bundle's remarks.

mod arrays;
mod error;
mod folder;
mod looks;
mod pictures;
mod range;
mod rows;
mod saved;
mod tensors;
mod trajectories;
mod views;

use std::path::{Path, PathBuf};

use compdd_core::{
    files::plain,
    limits,
    record::{Budget, Distilled, Fidelity, Labels, PixelSpaceRecord, Provenance, hash},
    subset::Subset,
};

use crate::data::source::train_shards;
pub use error::ImportError;
use pictures::Pictures;
pub use range::StoredAs;
use saved::Saved;
use tensors::Raw;
pub use tensors::{SoftLabels, TensorFiles};
pub use trajectories::Trajectories;
pub use views::StoredViews;

/// The step size of methods that do not learn one (DC, DSA, DM), in units of SGD steps.
pub const DEFAULT_LEARNING_RATE: f32 = 0.01;

/// What cannot be read from the files.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Which classes the labels mean.
    pub subset: Subset,
    /// The space in which the set is to be stored. For whitened tensors this must be the space of their training data.
    pub space: PixelSpaceRecord,
    /// What the numbers in the files are.
    pub stored_as: StoredAs,
    /// What label rows are; found out where not given.
    pub soft_labels: Option<SoftLabels>,
    /// The student's step size; overrides the file.
    pub learning_rate: Option<f32>,
    /// Slug under which the results appear.
    pub method: String,
}

impl ImportOptions {
    /// The subset's own normalisation, everything else found out.
    pub fn new(subset: Subset) -> Self {
        let (mean, std) = subset.normalisation();
        Self {
            subset,
            space: PixelSpaceRecord::Normalised { mean, std },
            stored_as: StoredAs::default(),
            soft_labels: None,
            learning_rate: None,
            method: "imported".to_owned(),
        }
    }
}

/// Takes in whatever lies at `path`: a file of `torch.save`, `NumPy` or safetensors, a Parquet file of pictures, a folder with such files, or a
/// folder of pictures. What had to be assumed is in the result's [`Provenance::remarks`].
///
/// # Errors
/// Whatever is missing, damaged, of another shape or not in the space that it is declared to be in.
pub fn open(path: &Path, options: &ImportOptions) -> Result<Distilled, ImportError> {
    if !path.exists() {
        return Err(ImportError::NothingThere { path: path.to_owned() });
    }
    let Some(files) = TensorFiles::discover(path)? else {
        let Some(shards) = train_shards(path)? else {
            return from_pictures(folder::load(path, options)?, None, options);
        };
        let files = shards.iter().map(|path| SourceFile::read(path)).collect::<Result<_, _>>()?;
        return rows::load(path, files, options);
    };
    let (source, bytes) = SourceFile::read(&files.images)?;
    if bytes.starts_with(rows::START) {
        return rows::load(path, vec![(source, bytes)], options);
    }
    let mut remarks = Vec::new();
    match saved::read(&files.images, bytes)? {
        Saved::Named(arrays) => arrays::from_arrays(&files.images, source, arrays, options),
        saved => {
            let raw = tensors::load(&files, source, saved, &mut remarks)?;
            from_raw(&files.images, raw, options, remarks)
        }
    }
}

/// Checks what was found in the file at `path`, and brings it into its space.
fn from_raw(
    path: &Path,
    raw: Raw,
    options: &ImportOptions,
    mut remarks: Vec<String>,
) -> Result<Distilled, ImportError> {
    if options.stored_as != StoredAs::Normalised && matches!(options.space, PixelSpaceRecord::Zca { .. }) {
        return Err(ImportError::WhitenedPictures);
    }
    let Raw { images, labels, labels_path, learning_rate, sources } = raw;
    let (mut images, shape) = tensors::images(path, images, &mut remarks)?;
    let classes = options.subset.classes_len();
    let labels = tensors::to_labels(&labels_path, labels, shape[0], classes, options.soft_labels, &mut remarks)?;
    range::check(path, &images, shape, options, &mut remarks)?;
    range::normalise(&mut images, shape, options);
    assemble(Parts { images, shape, labels, learning_rate }, &sources, options, remarks)
}

/// Pictures with the classes that they were found under, or with soft labels in the same order.
fn from_pictures(found: Pictures, soft: Option<Labels>, options: &ImportOptions) -> Result<Distilled, ImportError> {
    let Pictures { images, size: [width, height], labels, sources, remarks, .. } = found;
    let shape = [labels.len(), 3, height, width];
    let parts = Parts { shape, images, labels: soft.unwrap_or(Labels::Hard(labels)), learning_rate: None };
    assemble(parts, &sources, options, remarks)
}

struct Parts {
    images: Vec<f32>,
    shape: [usize; 4],
    labels: Labels,
    learning_rate: Option<f32>,
}

/// A file that was read, with the hash of its bytes.
#[derive(Debug)]
struct SourceFile {
    path: PathBuf,
    hash: String,
}

impl SourceFile {
    fn read(path: &Path) -> Result<(Self, Vec<u8>), ImportError> {
        let bytes = plain::regular_bytes(path, limits::TENSORS_BYTES)?;
        Ok((Self { path: path.to_owned(), hash: hash::bytes(&bytes) }, bytes))
    }

    /// Name without folders, so that the bundle does not depend on where the file lay.
    fn describe(&self) -> String {
        let name = self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        format!("{name} (BLAKE3 {})", self.hash)
    }
}

fn assemble(
    parts: Parts,
    sources: &[SourceFile],
    options: &ImportOptions,
    mut remarks: Vec<String>,
) -> Result<Distilled, ImportError> {
    let [_, _, height, width] = parts.shape;
    if height != width {
        let path = sources[0].path.clone();
        return Err(ImportError::NotSquare { path, width, height });
    }
    let learning_rate = options.learning_rate.or(parts.learning_rate).unwrap_or_else(|| {
        remarks.push(format!(
            "no student learning rate in the files: {DEFAULT_LEARNING_RATE} assumed; trajectory methods learn another one"
        ));
        DEFAULT_LEARNING_RATE
    });
    let (subset, classes, notes) = Distilled::describe_subset(&options.subset);
    let ipc = images_per_class(&parts.labels, &options.subset, &mut remarks);
    let provenance = Provenance {
        imported_from: sources.iter().map(SourceFile::describe).collect(),
        remarks,
        ..Provenance::of_run(0, Budget::Paper, Fidelity::Released, "")
    };
    let set = Distilled {
        images: parts.images,
        shape: parts.shape,
        labels: parts.labels,
        weights: None,
        learning_rate,
        space: options.space.clone(),
        subset,
        classes,
        notes,
        method: options.method.clone(),
        ipc,
        formation: 1,
        recipe: serde_json::json!({ "imported": provenance.imported_from }),
        provenance,
    };
    set.check().map_err(|e| ImportError::Inconsistent { reason: e.to_string() })?;
    Ok(set)
}

/// Images of the largest class; a remark if the classes differ.
fn images_per_class(labels: &Labels, subset: &Subset, remarks: &mut Vec<String>) -> usize {
    let mut counts = vec![0_usize; subset.classes_len()];
    for label in labels.classes_of_images() {
        if let Some(count) = counts.get_mut(label as usize) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let total: usize = counts.iter().sum();
    if matches!(labels, Labels::Hard(_)) && counts.iter().any(|c| *c != most) {
        remarks.push(format!("classes have {} to {most} images", counts.iter().min().unwrap_or(&0)));
        return most;
    }
    // The largest entry of a learned row may have moved to another class: only the total counts there.
    total.div_ceil(counts.len().max(1))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
#[cfg(test)]
#[path = "wild_tests.rs"]
mod wild_tests;
