//! A buffer on disk: a folder with a manifest and one memory-mapped file an expert.
//!
//! ```text
//! <root>/convnet-d3-1f0c8a52/
//!   manifest.json              what was trained on what, and the size and hash of every file
//!   expert-0000.safetensors    one tensor `snapshots` [epochs, parameters], in the flat `PyTorch` order
//!   difficulty.f32             under a curriculum: a score for every training image
//!   unfinished/                rows and checkpoints of experts in training
//! ```
//!
//! Only formats and reading belong here; [`ensure`](super::ensure()) writes.

mod file;
mod manifest;

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};

use super::{Epochs, ExpertError};
use compdd_nn::nn::{Network, Params};
pub(super) use file::{Snapshots, encode, file_bytes, write};
pub use manifest::{ExpertEntry, Manifest, Precision};

/// Name of the manifest in the folder.
pub(super) const MANIFEST: &str = "manifest.json";

/// The file of an expert.
pub(super) fn file_name(expert: usize) -> String {
    format!("expert-{expert:04}.safetensors")
}

/// Experts that can be read. Opening maps the files; a snapshot is copied when it is asked for.
#[derive(Debug)]
pub struct Buffer {
    path: PathBuf,
    manifest: Manifest,
    files: Vec<Snapshots>,
    epochs: Epochs,
}

impl Buffer {
    /// Opens the buffer at `path` with all its experts. Sizes and headers are checked here, hashes by
    /// [`verify`](Self::verify).
    ///
    /// # Errors
    /// [`ExpertError::NotABuffer`], [`ExpertError::Length`], [`ExpertError::Format`], [`ExpertError::Record`].
    pub fn open(path: &Path) -> Result<Self, ExpertError> {
        Self::first(path, usize::MAX)
    }

    /// As [`open`](Self::open), of the first `experts` experts: what a run reads must not depend on how many more there are.
    pub fn first(path: &Path, experts: usize) -> Result<Self, ExpertError> {
        let manifest = Manifest::read(path)?;
        let there = |(i, entry): &(usize, &ExpertEntry)| entry.expert == *i && path.join(&entry.file).exists();
        let entries = manifest.experts.iter().enumerate().take_while(there).take(experts);
        let files = entries
            .map(|(_, entry)| Snapshots::open(&path.join(&entry.file), entry, manifest.parameters, manifest.precision))
            .collect::<Result<Vec<_>, _>>()?;
        let mut stored = files.iter().map(|file| file.epochs().clone());
        let epochs = stored.next().map(|first| stored.fold(first, |all, own| all.common(&own))).unwrap_or_default();
        Ok(Self { path: path.to_owned(), manifest, files, epochs })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the buffer says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The hashes of all expert files: what decides everything that is read from the buffer.
    pub fn content(&self) -> Vec<String> {
        self.manifest.experts.iter().take(self.len()).map(|entry| entry.blake3.clone()).collect()
    }

    /// Number of experts.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no expert yet.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The epochs that every expert has.
    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// The largest stored epoch: the trained network, if the training's last epoch is stored.
    ///
    /// # Errors
    /// [`ExpertError::MissingExpert`] for a buffer without experts.
    pub fn last_epoch(&self) -> Result<usize, ExpertError> {
        self.epochs.last().ok_or_else(|| self.missing_expert(0))
    }

    /// Checks that every epoch of `wanted` is stored for every expert.
    ///
    /// # Errors
    /// [`ExpertError::MissingEpochs`].
    pub fn check_epochs(&self, wanted: &Epochs) -> Result<(), ExpertError> {
        let missing = wanted.without(&self.epochs);
        if missing.is_empty() {
            return Ok(());
        }
        Err(ExpertError::MissingEpochs { path: self.path.clone(), stored: self.epochs.clone(), missing })
    }

    /// The parameters of an expert after `epoch` epochs, flat, in `PyTorch` order; bf16 is widened.
    ///
    /// # Errors
    /// [`ExpertError::MissingExpert`], [`ExpertError::MissingEpochs`].
    pub fn snapshot(&self, expert: usize, epoch: usize) -> Result<Vec<f32>, ExpertError> {
        let file = self.files.get(expert).ok_or_else(|| self.missing_expert(expert))?;
        file.row(epoch).ok_or_else(|| ExpertError::MissingEpochs {
            path: self.path.clone(),
            stored: file.epochs().clone(),
            missing: [epoch].into_iter().collect(),
        })
    }

    /// The parameters of an expert after `epoch` epochs, for `network`, on `device`.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot), and [`ExpertError::Network`].
    pub fn params(
        &self,
        network: &Network,
        expert: usize,
        epoch: usize,
        device: &Device,
    ) -> Result<Params, ExpertError> {
        self.check_network(network)?;
        let values = self.snapshot(expert, epoch)?;
        let count = values.len();
        let flat = Tensor::from_data(TensorData::new(values, [count]), device);
        Ok(network.init(0, device).unflatten(&flat))
    }

    /// Checks that the experts are this network.
    ///
    /// # Errors
    /// [`ExpertError::Network`].
    pub fn check_network(&self, network: &Network) -> Result<(), ExpertError> {
        let describe = |slug: &str, [_, _, side]: [usize; 3], classes: usize| {
            format!("{slug} at {side} px with {classes} classes")
        };
        let own = &self.manifest;
        let found = describe(&own.network, own.input, own.classes);
        let expected = describe(&network.spec().slug(), network.input(), network.classes());
        if found == expected && network.parameter_count() == own.parameters {
            return Ok(());
        }
        Err(ExpertError::Network { path: self.path.clone(), expected, found })
    }

    /// Hashes every file and compares with the manifest. `done` hears of every file that is right.
    ///
    /// # Errors
    /// [`ExpertError::Hash`] for the first file that changed.
    pub fn verify(&self, mut done: impl FnMut(usize)) -> Result<(), ExpertError> {
        for (i, (file, entry)) in self.files.iter().zip(&self.manifest.experts).enumerate() {
            let found = file.hash();
            if found != entry.blake3 {
                let path = self.path.join(&entry.file);
                return Err(ExpertError::Hash { path, expected: entry.blake3.clone(), found });
            }
            done(i);
        }
        Ok(())
    }

    fn missing_expert(&self, expert: usize) -> ExpertError {
        ExpertError::MissingExpert { path: self.path.clone(), expert, stored: self.len() }
    }
}
