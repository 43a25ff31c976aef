//! What can go wrong with statistics of a teacher.

use std::path::{Path, PathBuf};

use compdd_core::{
    files::{IoError, LockError},
    progress::Interrupted,
    record::RecordError,
};
use compdd_nn::augment::AugmentError;

/// Why statistics could not be gathered, stored or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum StatisticsError {
    /// The user asked to stop; what is gathered is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// A file that does not hold what its card says, or no statistics at all.
    #[error("the statistics in {} cannot be used: {reason}", path.display())]
    #[diagnostic(help("remove {} and give the command again: the statistics are then gathered afresh", path.display()))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A card that cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// The lock of what is being gathered cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    /// The images cannot be augmented as in the training of the networks.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Augment(#[from] AugmentError),
    /// A file cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
}

/// That a file holds no statistics, with the reason.
pub(super) fn damaged(path: &Path, reason: &impl ToString) -> StatisticsError {
    StatisticsError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}
