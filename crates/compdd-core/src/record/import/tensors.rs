//! Sets saved as tensors.

use super::torch::{self, HostTensor, Saved};
use super::{ImportError, ImportOptions, Labels, PixelSpaceRecord, SourceFile, StoredAs};
use std::path::{Path, PathBuf};

use crate::files::IoError;

/// What rows of label scores are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoftLabels {
    /// Before the softmax: DATM, PAD, EDF.
    Logits,
    /// After it: TESLA.
    Probabilities,
}

/// The files of one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorFiles {
    /// The images, or a file that holds images and labels (DC).
    pub images: PathBuf,
    /// The labels; none if the images' file holds them.
    pub labels: Option<PathBuf>,
    /// The student's step size; MTT and DC save none.
    pub learning_rate: Option<PathBuf>,
}

impl TensorFiles {
    /// Finds the files that belong together. In a folder, `images_best.pt` comes first, then the highest iteration
    /// `images_N.pt`, then the only `.pt` file. None if the folder has no `.pt` file at all.
    pub fn discover(path: &Path) -> Result<Option<Self>, ImportError> {
        if path.is_file() {
            return Ok(Some(Self::beside(path)));
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(path).map_err(IoError::at("read", path))? {
            let file = entry.map_err(IoError::at("read", path))?.path();
            if matches!(file.extension().and_then(|e| e.to_str()), Some("pt" | "pth")) {
                files.push(file);
            }
        }
        files.sort();
        let tagged = files.iter().filter_map(|f| tag(f).map(|t| (rank(t), f)));
        let best = tagged.max_by_key(|(rank, _)| *rank).map(|(_, file)| file);
        match (best, files.as_slice()) {
            (Some(file), _) => Ok(Some(Self::beside(file))),
            (None, [only]) => Ok(Some(Self::beside(only))),
            (None, []) => Ok(None),
            (None, _) => Err(ImportError::NothingToImport { path: path.to_owned() }),
        }
    }

    /// `labels_X.pt` and `lr_X.pt` beside `images_X.pt`, whether they exist or not for the labels.
    fn beside(images: &Path) -> Self {
        let (labels, learning_rate) = match tag(images) {
            Some(tag) => {
                let rate = images.with_file_name(format!("lr_{tag}.pt"));
                (Some(images.with_file_name(format!("labels_{tag}.pt"))), rate.is_file().then_some(rate))
            }
            None => (None, None),
        };
        Self { images: images.to_owned(), labels, learning_rate }
    }
}

/// `best` of `images_best.pt`, `5000` of `images_5000.pt`.
fn tag(file: &Path) -> Option<&str> {
    file.file_name()?.to_str()?.strip_prefix("images_")?.strip_suffix(".pt")
}

/// `best` before iterations, later before earlier; anything else (`images_zca_5000`) last.
fn rank(tag: &str) -> u64 {
    if tag == "best" { u64::MAX } else { tag.parse::<u64>().map_or(0, |n| n.saturating_add(1)) }
}

/// The contents of the files.
pub(super) struct Raw {
    pub images: Vec<f32>,
    pub shape: [usize; 4],
    pub labels: Labels,
    pub learning_rate: Option<f32>,
    pub sources: Vec<SourceFile>,
}

pub(super) fn load(
    files: &TensorFiles,
    options: &ImportOptions,
    remarks: &mut Vec<String>,
) -> Result<Raw, ImportError> {
    let classes = options.subset.classes_len();
    if options.stored_as != StoredAs::Normalised && matches!(options.space, PixelSpaceRecord::Zca { .. }) {
        return Err(ImportError::WhitenedPictures);
    }
    let (source, bytes) = SourceFile::read(&files.images)?;
    let mut sources = vec![source];
    let (images, labels, labels_path) = match torch::read(&files.images, bytes)? {
        Saved::Tensor(images) => {
            let path = files.labels.clone().unwrap_or_else(|| files.images.with_file_name("labels_best.pt"));
            if !path.is_file() {
                return Err(ImportError::NoLabels { images: files.images.clone(), expected: path });
            }
            let (source, bytes) = SourceFile::read(&path)?;
            sources.push(source);
            (images, tensor(&path, bytes)?, path)
        }
        Saved::Experiments(mut runs) => {
            let (images, labels) = runs.swap_remove(0);
            if !runs.is_empty() {
                remarks.push(format!("the file holds {} experiments; the first is taken", runs.len() + 1));
            }
            (images, labels, files.images.clone())
        }
        Saved::Number(value) => {
            let reason = format!("it holds the number {value}");
            return Err(ImportError::Torch { path: files.images.clone(), reason });
        }
    };
    let [n, 3, h, w] = images.shape[..] else {
        return Err(ImportError::Shape {
            path: files.images.clone(),
            what: "images",
            found: images.shape,
            expected: "[N, 3, H, W]".to_owned(),
        });
    };
    let labels = to_labels(&labels_path, &labels.shape, labels.floats(), n, classes, options.soft_labels, remarks)?;
    let learning_rate = match &files.learning_rate {
        Some(path) => {
            let (source, bytes) = SourceFile::read(path)?;
            sources.push(source);
            Some(rate(path, bytes)?)
        }
        None => None,
    };
    Ok(Raw { images: images.floats(), shape: [n, 3, h, w], labels, learning_rate, sources })
}

fn tensor(path: &Path, bytes: Vec<u8>) -> Result<HostTensor, ImportError> {
    match torch::read(path, bytes)? {
        Saved::Tensor(tensor) => Ok(tensor),
        Saved::Number(_) | Saved::Experiments(_) => Err(ImportError::Torch {
            path: path.to_owned(),
            reason: "it holds something else than a tensor".to_owned(),
        }),
    }
}

fn rate(path: &Path, bytes: Vec<u8>) -> Result<f32, ImportError> {
    let value = match torch::read(path, bytes)? {
        Saved::Number(value) => value as f32,
        Saved::Tensor(tensor) if tensor.shape.iter().product::<usize>() == 1 => tensor.floats()[0],
        Saved::Tensor(tensor) => {
            let expected = "one value".to_owned();
            return Err(ImportError::Shape {
                path: path.to_owned(),
                what: "learning rates",
                found: tensor.shape,
                expected,
            });
        }
        Saved::Experiments(_) => {
            return Err(ImportError::Torch { path: path.to_owned(), reason: "it holds a dictionary".to_owned() });
        }
    };
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(ImportError::LearningRate { path: path.to_owned(), value })
    }
}

pub(super) fn to_labels(
    path: &Path,
    shape: &[usize],
    values: Vec<f32>,
    n: usize,
    classes: usize,
    soft: Option<SoftLabels>,
    remarks: &mut Vec<String>,
) -> Result<Labels, ImportError> {
    let labels = match shape[..] {
        [rows] if rows == n => Labels::Hard(
            values
                .into_iter()
                .map(|v| {
                    let whole = v >= 0.0 && v.fract() == 0.0 && (v as usize) < classes;
                    let reason = || format!("label {v} is not one of the {classes} classes");
                    if whole {
                        Ok(v as u32)
                    } else {
                        Err(ImportError::Labels { path: path.to_owned(), reason: reason() })
                    }
                })
                .collect::<Result<_, _>>()?,
        ),
        [rows, width] if rows == n && width == classes => {
            let kind = soft.unwrap_or_else(|| {
                let found = guess(&values, classes);
                let word = if found == SoftLabels::Logits { "logits" } else { "probabilities" };
                remarks.push(format!("the label rows look like {word}"));
                found
            });
            match kind {
                SoftLabels::Logits => Labels::Logits { values, classes },
                SoftLabels::Probabilities => Labels::Probabilities { values, classes },
            }
        }
        _ => {
            return Err(ImportError::Shape {
                path: path.to_owned(),
                what: "labels",
                found: shape.to_vec(),
                expected: format!("[{n}] or [{n}, {classes}]"),
            });
        }
    };
    labels.check(n, classes).map_err(|e| ImportError::Labels { path: path.to_owned(), reason: e.to_string() })?;
    Ok(labels)
}

/// Rows without a negative entry that all sum to 1 are distributions; a network's raw scores never are.
fn guess(values: &[f32], classes: usize) -> SoftLabels {
    let distribution = |row: &[f32]| row.iter().all(|v| *v >= 0.0) && (row.iter().sum::<f32>() - 1.0).abs() < 1e-3;
    if values.chunks_exact(classes.max(1)).all(distribution) { SoftLabels::Probabilities } else { SoftLabels::Logits }
}
