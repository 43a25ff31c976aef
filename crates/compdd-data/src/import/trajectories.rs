//! `replay_buffer_N.pt`: a list of experts, each a list of snapshots, each a list of tensors in the network's order.

use std::path::{Path, PathBuf};

use compdd_core::{files::plain, limits, record::hash};

use super::ImportError;
use crate::data::parse::torch::{TorchFile, Value, View};

/// The experts of one file. Tensors are copied when they are asked for.
pub struct Trajectories {
    path: PathBuf,
    hash: String,
    file: TorchFile,
    experts: Vec<Vec<Vec<View>>>,
}

impl Trajectories {
    /// Reads the file at `path`.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let bytes = plain::regular_bytes(path, limits::TENSORS_BYTES)?;
        let wrong = |reason: String| ImportError::Trajectories { path: path.to_owned(), reason };
        let hash = hash::bytes(&bytes);
        let file = TorchFile::open(bytes).map_err(|error| wrong(error.to_string()))?;
        let description = file.description().map_err(|error| wrong(error.to_string()))?;
        let experts = nested(description.root()).map_err(wrong)?;
        if experts.is_empty() || experts.iter().any(Vec::is_empty) {
            return Err(wrong("it holds no expert, or one without snapshots".to_owned()));
        }
        Ok(Self { path: path.to_owned(), hash, file, experts })
    }

    /// BLAKE3 of the file.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Number of snapshots of every expert.
    pub fn snapshots(&self) -> Vec<usize> {
        self.experts.iter().map(Vec::len).collect()
    }

    /// Shapes of the tensors of a snapshot.
    pub fn shapes(&self, expert: usize, snapshot: usize) -> Vec<&[usize]> {
        self.experts[expert][snapshot].iter().map(|tensor| tensor.shape.as_slice()).collect()
    }

    /// All values of a snapshot, tensor after tensor, each row-major.
    pub fn values(&self, expert: usize, snapshot: usize) -> Result<Vec<f32>, ImportError> {
        let mut values = Vec::new();
        for tensor in &self.experts[expert][snapshot] {
            let tensor = self.file.tensor(tensor).map_err(|error| {
                let reason = error.to_string();
                ImportError::Trajectories { path: self.path.clone(), reason }
            })?;
            values.extend(tensor.floats());
        }
        Ok(values)
    }
}

/// More tensors than any file of experts holds: 10 experts, 101 snapshots, 62 tensors are 62 620. A small file may describe the same ones
/// again and again.
const MOST_TENSORS: usize = limits::TENSORS.most as usize;

/// Experts, snapshots, parameters: a list of lists of lists of tensors.
fn nested(root: Value<'_>) -> Result<Vec<Vec<Vec<View>>>, String> {
    let mut count = 0;
    let mut experts = Vec::new();
    for expert in root.items().ok_or("it is no list of experts")? {
        let mut snapshots = Vec::new();
        for snapshot in expert.items().ok_or("an expert is no list of snapshots")? {
            let tensors = snapshot.items().ok_or("a snapshot is no list of tensors")?;
            count += tensors.len() + 1;
            if count > MOST_TENSORS {
                return Err(format!("it describes more than {MOST_TENSORS} tensors"));
            }
            let tensors: Option<Vec<View>> = tensors.map(|tensor| tensor.as_tensor().cloned()).collect();
            snapshots.push(tensors.ok_or("a snapshot holds something else than tensors")?);
        }
        experts.push(snapshots);
    }
    Ok(experts)
}
