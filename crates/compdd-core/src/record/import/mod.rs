//! Sets that others published, taken in as bundles.
//!
//! Released sets come as loose tensors (`images_best.pt`, `labels_best.pt`, `lr_best.pt`) or as folders of pictures, and
//! what their numbers mean is written nowhere. Importing is therefore a check before it is a conversion: the values must
//! look like the pixel space they are declared to be in, the classes must be the subset's, and whatever had to be assumed
//! is kept in the bundle's remarks.

mod arrays;
mod error;
mod folder;
mod range;
mod tensors;
mod torch;

use super::{Budget, Distilled, Fidelity, Labels, PixelSpaceRecord, Provenance, hash};
use crate::subset::Subset;
use crate::{files::plain, limits};
pub use arrays::{Arrays, HostArray, from_arrays};
pub use error::ImportError;
pub use range::StoredAs;
use std::path::{Path, PathBuf};
pub use tensors::{SoftLabels, TensorFiles};
pub use torch::{StoredViews, Trajectories};

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

/// Takes in whatever lies at `path`: a `.pt` or `.safetensors` file, a folder with `.pt` files, or a folder of pictures. What had to be
/// assumed is in the result's [`Provenance::remarks`].
pub fn open(path: &Path, options: &ImportOptions) -> Result<Distilled, ImportError> {
    if !path.exists() {
        return Err(ImportError::NothingThere { path: path.to_owned() });
    }
    if path.is_file() && path.extension().is_some_and(|extension| extension == "safetensors") {
        let bytes = plain::regular_bytes(path, limits::TENSORS_BYTES)?;
        return from_arrays(path, arrays::safetensors(path, &bytes)?, options);
    }
    match TensorFiles::discover(path)? {
        Some(files) => from_tensors(&files, options),
        None => from_pictures(path, options),
    }
}

/// Takes in tensors as MTT, DATM, EDF (three files) or DC (one file) save them.
pub fn from_tensors(files: &TensorFiles, options: &ImportOptions) -> Result<Distilled, ImportError> {
    let mut remarks = Vec::new();
    let raw = tensors::load(files, options, &mut remarks)?;
    let mut images = raw.images;
    range::check(&files.images, &images, raw.shape, options, &mut remarks)?;
    range::normalise(&mut images, raw.shape, options);
    let parts = Parts { images, shape: raw.shape, labels: raw.labels, learning_rate: raw.learning_rate };
    assemble(parts, &raw.sources, options, remarks)
}

/// Takes in pictures: class sub-folders named by synset, label or number, or files named `classNNN_idMMM`.
pub fn from_pictures(path: &Path, options: &ImportOptions) -> Result<Distilled, ImportError> {
    let mut remarks = Vec::new();
    let (parts, sources) = folder::load(path, options, &mut remarks)?;
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
