//! `replay_buffer_N.pt`: a list of experts, each a list of snapshots, each a list of tensors in the network's order.

use super::{Archive, gather, pickle};
use std::path::{Path, PathBuf};

use crate::{files::plain, limits};

use crate::record::{hash, import::ImportError};

/// The experts of one file. Tensors are copied when they are asked for.
pub struct Trajectories {
    path: PathBuf,
    hash: String,
    archive: Archive,
    experts: Vec<Vec<Vec<pickle::Described>>>,
}

impl Trajectories {
    /// Reads the file at `path`.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let bytes = plain::regular_bytes(path, limits::TENSORS_BYTES)?;
        let wrong = |reason: String| ImportError::Trajectories { path: path.to_owned(), reason };
        let hash = hash::bytes(&bytes);
        if !Archive::recognises(&bytes) {
            return Err(wrong("it is no file of PyTorch 1.6 or later".to_owned()));
        }
        let archive = Archive::open(bytes).map_err(wrong)?;
        if archive.entry("byteorder").is_ok_and(|order| order != b"little") {
            return Err(wrong("it was written on a big-endian machine".to_owned()));
        }
        let program = archive.entry("data.pkl").map_err(wrong)?;
        let experts = pickle::run_nested(program).map_err(wrong)?;
        if experts.is_empty() || experts.iter().any(Vec::is_empty) {
            return Err(wrong("it holds no expert, or one without snapshots".to_owned()));
        }
        Ok(Self { path: path.to_owned(), hash, archive, experts })
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
        let wrong = |reason| ImportError::Trajectories { path: self.path.clone(), reason };
        let mut values = Vec::new();
        for tensor in &self.experts[expert][snapshot] {
            values.extend(gather(&self.archive, tensor).map_err(wrong)?.floats());
        }
        Ok(values)
    }
}
