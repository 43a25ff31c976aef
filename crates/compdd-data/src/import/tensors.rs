//! Sets saved as loose tensors: which files belong together, and what is in them.

use std::path::{Path, PathBuf};

use compdd_core::{
    files::{IoError, plain},
    record::Labels,
};

use super::{
    ImportError, SourceFile, arrays,
    saved::{self, HostArray, Saved},
};
use crate::data::parse::torch::UNPACKED;

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
    /// `images_N.pt`, then `images.pt`, then the only `.pt` file. None if the folder has no such file at all.
    pub fn discover(path: &Path) -> Result<Option<Self>, ImportError> {
        if path.is_file() {
            return Ok(Some(Self::beside(path)));
        }
        if path.join("data.pkl").is_file() {
            return Err(ImportError::Unreadable { path: path.to_owned(), reason: UNPACKED.to_owned() });
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(path).map_err(IoError::at("read", path))? {
            let file = entry.map_err(IoError::at("read", path))?.path();
            let ending = file.extension().and_then(|ending| ending.to_str());
            let meant = match ending {
                Some("pt" | "pth") => true,
                Some("npy" | "npz" | "safetensors") => tag(&file).is_some(),
                _ => false,
            };
            if meant && !file.file_name().is_some_and(plain::is_hidden) {
                files.push(file);
            }
        }
        files.sort();
        let tagged = files.iter().filter_map(|file| Some((rank(tag(file)?), file)));
        let best = tagged.max_by_key(|(rank, _)| *rank).map(|(_, file)| file);
        match (best, files.as_slice()) {
            (Some(file), _) => Ok(Some(Self::beside(file))),
            (None, [only]) => Ok(Some(Self::beside(only))),
            (None, []) => Ok(None),
            (None, _) => {
                let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Err(ImportError::SeveralFiles { path: path.to_owned(), files: files.iter().map(name).collect() })
            }
        }
    }

    /// `labels_X.pt` and `lr_X.pt` beside `images_X.pt`, whether they exist or not for the labels.
    fn beside(images: &Path) -> Self {
        let other = |part: &str| {
            let name = images.file_name()?.to_str()?.replacen("images", part, 1);
            Some(images.with_file_name(name))
        };
        let tagged = tag(images).is_some();
        Self {
            images: images.to_owned(),
            labels: other("labels").filter(|_| tagged),
            learning_rate: other("lr").filter(|rate| tagged && rate.is_file()),
        }
    }
}

/// `best` of `images_best.pt`, `5000` of `images_5000.pt`, nothing of `images.pt`.
fn tag(file: &Path) -> Option<&str> {
    let tag = file.file_stem()?.to_str()?.strip_prefix("images")?;
    if tag.is_empty() { Some(tag) } else { tag.strip_prefix('_') }
}

/// `best` before iterations, later before earlier; anything else (`images_zca_5000`) last.
fn rank(tag: &str) -> u64 {
    if tag == "best" { u64::MAX } else { tag.parse::<u64>().map_or(0, |n| n.saturating_add(1)) }
}

/// What the files hold.
pub(super) struct Raw {
    pub images: HostArray,
    pub labels: HostArray,
    /// Where the labels lay.
    pub labels_path: PathBuf,
    pub learning_rate: Option<f32>,
    pub sources: Vec<SourceFile>,
}

/// The tensors of loose files; `saved` is what that of the images, `source`, holds.
pub(super) fn load(
    files: &TensorFiles,
    source: SourceFile,
    saved: Saved,
    remarks: &mut Vec<String>,
) -> Result<Raw, ImportError> {
    let mut sources = vec![source];
    let (images, labels, labels_path) = match saved {
        Saved::Array(images) => {
            let path = files.labels.clone().unwrap_or_else(|| files.images.with_file_name("labels_best.pt"));
            if !path.is_file() {
                return Err(ImportError::NoLabels { images: files.images.clone(), expected: path });
            }
            (images, array(&path, &mut sources)?, path)
        }
        Saved::Pair(images, labels) => (images, labels, files.images.clone()),
        Saved::Experiments(mut runs) => {
            let (images, labels) = runs.swap_remove(0);
            if !runs.is_empty() {
                remarks.push(format!("the file holds {} experiments; the first is taken", runs.len() + 1));
            }
            (images, labels, files.images.clone())
        }
        Saved::Number(_) | Saved::Named(_) => return Err(content(&files.images, &saved)),
    };
    let learning_rate = match &files.learning_rate {
        Some(path) => Some(rate(path, &mut sources)?),
        None => None,
    };
    Ok(Raw { images, labels, labels_path, learning_rate, sources })
}

fn array(path: &Path, sources: &mut Vec<SourceFile>) -> Result<HostArray, ImportError> {
    let (source, bytes) = SourceFile::read(path)?;
    sources.push(source);
    match saved::read(path, bytes)? {
        Saved::Array(array) => Ok(array),
        other => Err(content(path, &other)),
    }
}

fn rate(path: &Path, sources: &mut Vec<SourceFile>) -> Result<f32, ImportError> {
    let (source, bytes) = SourceFile::read(path)?;
    sources.push(source);
    match saved::read(path, bytes)? {
        Saved::Number(value) => arrays::rate(path, &HostArray { shape: Vec::new(), values: vec![value as f32] }),
        Saved::Array(array) => arrays::rate(path, &array),
        other => Err(content(path, &other)),
    }
}

fn content(path: &Path, saved: &Saved) -> ImportError {
    let found = match saved {
        Saved::Array(_) => "one array".to_owned(),
        Saved::Number(value) => format!("the number {value}"),
        Saved::Pair(..) => "two arrays".to_owned(),
        Saved::Experiments(_) => "the results of DC".to_owned(),
        Saved::Named(arrays) => format!("arrays called {}", arrays::names(arrays)),
    };
    ImportError::Content { path: path.to_owned(), found }
}

/// Images as `[N, 3, H, W]`; those with their channels behind, as pictures lie in `NumPy`, are turned.
pub(super) fn images(
    path: &Path,
    found: HostArray,
    remarks: &mut Vec<String>,
) -> Result<(Vec<f32>, [usize; 4]), ImportError> {
    match found.shape[..] {
        [n, 3, h, w] => Ok((found.values, [n, 3, h, w])),
        [n, h, w, 3] => {
            remarks.push("the images are [N, H, W, 3]: their channels were moved to the front".to_owned());
            let image = |image: &[f32]| (0..3).flat_map(|c| image[c..].iter().copied().step_by(3)).collect::<Vec<_>>();
            Ok((found.values.chunks_exact((3 * h * w).max(1)).flat_map(image).collect(), [n, 3, h, w]))
        }
        _ => Err(ImportError::Shape {
            path: path.to_owned(),
            what: "images",
            found: found.shape,
            expected: "[N, 3, H, W]".to_owned(),
        }),
    }
}

/// Labels `[n]`, or rows `[n, classes]`.
pub(super) fn to_labels(
    path: &Path,
    found: HostArray,
    n: usize,
    classes: usize,
    soft: Option<SoftLabels>,
    remarks: &mut Vec<String>,
) -> Result<Labels, ImportError> {
    let HostArray { shape, values } = found;
    let wrong = |reason: String| ImportError::Labels { path: path.to_owned(), reason };
    let labels = match shape[..] {
        [rows] if rows == n => {
            let label = |value: f32| {
                let whole = value >= 0.0 && value.fract() == 0.0 && (value as usize) < classes;
                let outside = || wrong(format!("label {value} is not one of the {classes} classes"));
                whole.then_some(value as u32).ok_or_else(outside)
            };
            Labels::Hard(values.into_iter().map(label).collect::<Result<_, _>>()?)
        }
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
                found: shape,
                expected: format!("[{n}] or [{n}, {classes}]"),
            });
        }
    };
    labels.check(n, classes).map_err(|error| wrong(error.to_string()))?;
    Ok(labels)
}

/// Rows without a negative entry that all sum to 1 are distributions; a network's raw scores never are.
fn guess(values: &[f32], classes: usize) -> SoftLabels {
    let distribution = |row: &[f32]| row.iter().all(|v| *v >= 0.0) && (row.iter().sum::<f32>() - 1.0).abs() < 1e-3;
    if values.chunks_exact(classes.max(1)).all(distribution) { SoftLabels::Probabilities } else { SoftLabels::Logits }
}
