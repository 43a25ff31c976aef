//! All buffers below a folder, and what their networks are worth.

use std::{
    fs,
    path::{Path, PathBuf},
};

use compdd_core::{files::IoError, progress::Stop};

use burn::tensor::Device;

use super::{Buffer, ExpertError};
use crate::eval::{self, InferenceOptions, View};
use compdd_nn::nn::Network;

/// The folders below `root` that hold a manifest, sorted by name. None when `root` does not exist.
///
/// # Errors
/// [`ExpertError::Io`].
pub fn list(root: &Path) -> Result<Vec<PathBuf>, ExpertError> {
    if !root.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(root).map_err(IoError::at("read", root))?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.map_err(IoError::at("read", root))?.path();
        if path.join(super::buffer::MANIFEST).is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// Accuracy of every expert's last snapshot on `view`, as fractions.
///
/// # Errors
/// [`ExpertError::Network`], [`ExpertError::Interrupted`].
pub fn last_accuracies(
    buffer: &Buffer,
    network: &Network,
    view: &View<'_>,
    device: &Device,
    stop: &Stop,
) -> Result<Vec<f64>, ExpertError> {
    let last = buffer.last_epoch()?;
    let score = |expert| {
        let params = buffer.params(network, expert, last, device)?;
        Ok(eval::accuracy(network, &params, view, InferenceOptions { device, batch: 256, stop })?.fraction())
    };
    (0..buffer.len()).map(score).collect()
}
