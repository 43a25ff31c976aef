//! Soft labels on disk: a card, and a file for every epoch.

use std::path::{Path, PathBuf};

use super::{LabelsCard, epoch::EpochLabels};
use crate::eval::EvalError;
use compdd_core::{
    files::{IoError, Lock, atomic, plain},
    limits,
    record::{hash, json},
};

/// Stored soft labels of one set.
#[derive(Clone, Debug)]
pub struct SoftLabels {
    folder: PathBuf,
    card: LabelsCard,
    address: String,
}

impl SoftLabels {
    /// The labels in a folder, which may have been taken in from an archive, for students of `card`: their teacher and seed are their own.
    ///
    /// # Errors
    /// When there is no card, or it is of another set or protocol.
    pub fn open(folder: &Path, card: LabelsCard) -> Result<Self, EvalError> {
        let found: LabelsCard = json::read(&folder.join(LabelsCard::FILE), LabelsCard::KIND)?;
        let expected = LabelsCard { teacher: found.teacher.clone(), seed: found.seed, ..card };
        let labels = Self { folder: folder.to_owned(), address: found.address(), card: found };
        let reason = if labels.card == expected {
            labels.missing().first().map(|epoch| format!("those of epoch {epoch} are missing"))
        } else {
            Some("they are of another set or for another protocol".to_owned())
        };
        reason.map_or(Ok(labels), |reason| Err(EvalError::Archive { path: folder.to_owned(), reason }))
    }

    /// The labels of a card below `root`, whether they are there or not.
    pub(super) fn below(root: &Path, card: LabelsCard) -> Self {
        let address = card.address();
        Self { folder: root.join(hash::short(&address)), card, address }
    }

    /// Takes the folder for this process alone, to write what is missing; its card comes first.
    ///
    /// # Errors
    /// When another process works in it, it cannot be written, or it holds the card of other labels.
    pub(super) fn take(&self) -> Result<Lock, EvalError> {
        let lock = Lock::take(&self.folder)?;
        let path = self.folder.join(LabelsCard::FILE);
        if !path.exists() {
            json::write(&path, &self.card)?;
        } else if json::read::<LabelsCard>(&path, LabelsCard::KIND)? != self.card {
            return Err(EvalError::SoftLabels { path, reason: "it is the card of other soft labels".to_owned() });
        }
        Ok(lock)
    }

    /// The epochs that have no file.
    pub(super) fn missing(&self) -> Vec<usize> {
        (0..self.card.epochs).filter(|&epoch| !self.path(epoch).exists()).collect()
    }

    /// What they were made of.
    pub fn card(&self) -> &LabelsCard {
        &self.card
    }

    /// Content address of what they were made of.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of an epoch.
    pub(super) fn path(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("epoch-{epoch:05}.safetensors"))
    }

    pub(super) fn write(&self, epoch: usize, labels: &EpochLabels) -> Result<(), EvalError> {
        let path = self.path(epoch);
        labels.check(&self.card).map_err(|reason| EvalError::SoftLabels { path: path.clone(), reason })?;
        let bytes = labels
            .to_bytes(&self.card)
            .map_err(|error| EvalError::SoftLabels { path: path.clone(), reason: error.to_string() })?;
        Ok(atomic::write(&path, &bytes).map_err(IoError::at("write", &path))?)
    }

    pub(super) fn read(&self, epoch: usize) -> Result<EpochLabels, EvalError> {
        let path = self.path(epoch);
        let bytes = plain::bytes(&path, limits::TENSORS_BYTES)?;
        EpochLabels::from_bytes(&bytes, &self.card).map_err(|reason| EvalError::SoftLabels { path, reason })
    }
}
