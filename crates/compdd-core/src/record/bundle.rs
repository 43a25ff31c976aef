//! Bundles: a distilled set as a folder.

use super::manifest::{LabelKind, SpaceEntry};
use super::{Distilled, Labels, Manifest, PixelSpaceRecord, RecordError, hash, json, preview};
use crate::files::{IoError, atomic, plain};
use crate::limits;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::path::{Path, PathBuf};

/// A bundle on disk: the folder `NAME.bundle` with `data.safetensors` (images, labels, weights, step size, whitening),
/// `manifest.json` (everything else) and `preview.png` (for the eye; nothing reads it).
///
/// Equal sets give equal bytes. The folder appears whole or not at all.
#[derive(Debug, Clone)]
pub struct Bundle;

/// What was written or found.
#[derive(Debug, Clone, PartialEq)]
pub struct BundleInfo {
    /// The folder.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

impl Bundle {
    /// Name of the data file.
    pub const DATA: &'static str = "data.safetensors";
    /// Name of the manifest.
    pub const MANIFEST: &'static str = "manifest.json";
    /// Name of the picture.
    pub const PREVIEW: &'static str = "preview.png";
    /// What the folder's name ends with.
    pub const EXTENSION: &'static str = "bundle";

    const KIND: json::Format = json::Format {
        name: Manifest::FORMAT,
        newest: Manifest::VERSION,
        help: "manifests are written by compdd; schemas/bundle.schema.json describes them",
    };

    /// Writes a set to the folder `path`. An existing bundle there is replaced only if `replace` says so.
    pub fn write(path: &Path, set: &Distilled, replace: bool) -> Result<BundleInfo, RecordError> {
        if path.exists() && !replace {
            return Err(RecordError::Exists { path: path.to_owned() });
        }
        set.check()?;
        let data = encode(set, path)?;
        let manifest = Manifest::describe(set, Self::DATA, &data);
        let manifest_text = json::text(&manifest, path)?;
        let picture = Self::preview(path, set)?;
        atomic::write_folder(path, |folder| {
            std::fs::write(folder.join(Self::DATA), &data)?;
            std::fs::write(folder.join(Self::MANIFEST), &manifest_text)?;
            std::fs::write(folder.join(Self::PREVIEW), &picture)
        })
        .map_err(IoError::at("write", path))?;
        Ok(BundleInfo { path: path.to_owned(), manifest })
    }

    /// Writes the picture of a set alone.
    pub fn picture(path: &Path, set: &Distilled) -> Result<(), RecordError> {
        let picture = Self::preview(path, set)?;
        Ok(atomic::write(path, &picture).map_err(IoError::at("write", path))?)
    }

    fn preview(path: &Path, set: &Distilled) -> Result<Vec<u8>, RecordError> {
        preview::png(set).map_err(|e| RecordError::Preview { path: path.to_owned(), reason: e.to_string() })
    }

    /// Reads the manifest alone: cheap, and the data file is not checked.
    pub fn info(path: &Path) -> Result<BundleInfo, RecordError> {
        let missing = |missing| RecordError::NotABundle { path: path.to_owned(), missing };
        let manifest = path.join(Self::MANIFEST);
        if !manifest.is_file() {
            return Err(missing(Self::MANIFEST));
        }
        let manifest: Manifest = json::read(&manifest, Self::KIND)?;
        if !path.join(Self::DATA).is_file() {
            return Err(missing(Self::DATA));
        }
        manifest.check_size()?;
        Ok(BundleInfo { path: path.to_owned(), manifest })
    }

    /// Reads a bundle, checking the data file against the manifest's length and hash and every part against the others.
    pub fn read(path: &Path) -> Result<Distilled, RecordError> {
        let BundleInfo { manifest, .. } = Self::info(path)?;
        let file = path.join(Self::DATA);
        let mismatch = |found: String| {
            let expected = format!("{} bytes with BLAKE3 {}", manifest.data.bytes, hash::short(&manifest.data.blake3));
            RecordError::HashMismatch { path: file.clone(), expected, found }
        };
        let length = std::fs::metadata(&file).map_err(IoError::at("read", &file))?.len();
        if length != manifest.data.bytes {
            return Err(mismatch(format!("{length} bytes")));
        }
        let data = plain::bytes(&file, limits::BUNDLE_BYTES)?;
        let found = hash::bytes(&data);
        if found != manifest.data.blake3 {
            return Err(mismatch(format!("{length} bytes with BLAKE3 {}", hash::short(&found))));
        }
        let said = (manifest.learning_rate, manifest.label_bytes);
        let set = decode(&data, &file, manifest)?;
        set.check()?;
        if said != (set.learning_rate, set.labels.stored_bytes()) {
            let what = "the learning rate or the size of the labels is not what the manifest says";
            return Err(RecordError::Inconsistent(what.to_owned()));
        }
        Ok(set)
    }
}

fn encode(set: &Distilled, path: &Path) -> Result<Vec<u8>, RecordError> {
    let hard: Vec<i64> = match &set.labels {
        Labels::Hard(labels) => labels.iter().map(|l| i64::from(*l)).collect(),
        _ => Vec::new(),
    };
    let rate = [set.learning_rate];
    let mut parts: Vec<(&str, Dtype, Vec<usize>, &[u8])> = vec![
        ("images", Dtype::F32, set.shape.to_vec(), bytemuck::cast_slice(&set.images)),
        ("learning_rate", Dtype::F32, vec![1], bytemuck::cast_slice(&rate)),
    ];
    match &set.labels {
        Labels::Hard(_) => parts.push(("labels", Dtype::I64, vec![hard.len()], bytemuck::cast_slice(&hard))),
        Labels::Logits { values, classes } | Labels::Probabilities { values, classes } => {
            parts.push(("labels", Dtype::F32, vec![set.labels.len(), *classes], bytemuck::cast_slice(values)));
        }
    }
    if let Some(weights) = &set.weights {
        parts.push(("weights", Dtype::F32, vec![weights.len()], bytemuck::cast_slice(weights)));
    }
    if let PixelSpaceRecord::Zca { zca_mean, transform, inverse, .. } = &set.space {
        let d = zca_mean.len();
        parts.push(("zca.mean", Dtype::F32, vec![d], bytemuck::cast_slice(zca_mean)));
        parts.push(("zca.transform", Dtype::F32, vec![d, d], bytemuck::cast_slice(transform)));
        if !inverse.is_empty() {
            parts.push(("zca.inverse", Dtype::F32, vec![d, d], bytemuck::cast_slice(inverse)));
        }
    }
    let broken =
        |e: safetensors::SafeTensorError| RecordError::Safetensors { path: path.to_owned(), reason: e.to_string() };
    let views = parts
        .into_iter()
        .map(|(name, dtype, shape, bytes)| Ok((name, TensorView::new(dtype, shape, bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(broken)?;
    // No metadata entry: the library keeps it in a map without a fixed order.
    safetensors::serialize(views, None).map_err(broken)
}

fn decode(data: &[u8], path: &Path, manifest: Manifest) -> Result<Distilled, RecordError> {
    let tensors = SafeTensors::deserialize(data)
        .map_err(|e| RecordError::Safetensors { path: path.to_owned(), reason: e.to_string() })?;
    let reader = Reader { tensors: &tensors, path };
    let (n, d) = (manifest.shape[0], manifest.shape[1..].iter().product::<usize>());
    let classes = manifest.classes.len();
    let labels = match manifest.labels {
        LabelKind::Hard => Labels::Hard(reader.hard(n)?),
        LabelKind::Logits => Labels::Logits { values: reader.floats("labels", &[n, classes])?, classes },
        LabelKind::Probabilities => Labels::Probabilities { values: reader.floats("labels", &[n, classes])?, classes },
    };
    let space = match manifest.pixel_space {
        SpaceEntry::Normalised { mean, std } => PixelSpaceRecord::Normalised { mean, std },
        SpaceEntry::Zca { mean, std, epsilon } => PixelSpaceRecord::Zca {
            mean,
            std,
            epsilon,
            zca_mean: reader.floats("zca.mean", &[d])?,
            transform: reader.floats("zca.transform", &[d, d])?,
            inverse: if reader.has("zca.inverse") { reader.floats("zca.inverse", &[d, d])? } else { Vec::new() },
        },
    };
    Ok(Distilled {
        images: reader.floats("images", &manifest.shape)?,
        shape: manifest.shape,
        labels,
        weights: if reader.has("weights") { Some(reader.floats("weights", &[n])?) } else { None },
        learning_rate: reader.floats("learning_rate", &[1])?[0],
        space,
        subset: manifest.subset,
        classes: manifest.classes,
        notes: manifest.notes,
        method: manifest.method,
        ipc: manifest.ipc,
        formation: manifest.formation,
        recipe: manifest.recipe,
        provenance: manifest.provenance,
    })
}

struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    path: &'a Path,
}

impl Reader<'_> {
    fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    fn bytes(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<&[u8], RecordError> {
        let wrong =
            |problem: String| RecordError::Tensor { path: self.path.to_owned(), tensor: name.to_owned(), problem };
        let view = self.tensors.tensor(name).map_err(|_| wrong("is missing".to_owned()))?;
        if view.dtype() != dtype {
            return Err(wrong(format!("has type {:?}, expected {dtype:?}", view.dtype())));
        }
        if view.shape() != shape {
            return Err(wrong(format!("has shape {:?}, expected {shape:?}", view.shape())));
        }
        Ok(view.data())
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, RecordError> {
        Ok(bytemuck::pod_collect_to_vec(self.bytes(name, Dtype::F32, shape)?))
    }

    fn hard(&self, n: usize) -> Result<Vec<u32>, RecordError> {
        let values: Vec<i64> = bytemuck::pod_collect_to_vec(self.bytes("labels", Dtype::I64, &[n])?);
        values
            .into_iter()
            .map(|v| {
                u32::try_from(v).map_err(|_| RecordError::Tensor {
                    path: self.path.to_owned(),
                    tensor: "labels".to_owned(),
                    problem: format!("holds {v}, which is no class position"),
                })
            })
            .collect()
    }
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
