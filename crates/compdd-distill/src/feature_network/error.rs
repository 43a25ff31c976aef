//! What can go wrong with a feature network.

use std::path::{Path, PathBuf};

use compdd_core::{
    files::{IoError, LockError},
    progress::Interrupted,
};

/// Why a feature network could not be trained, kept or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum FeatureNetworkError {
    /// The user asked to stop; what was trained is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// A file that holds something else, or no state at all.
    #[error("the feature network in {} cannot be used: {reason}", path.display())]
    #[diagnostic(help("remove {} and give the command again: the network is then trained afresh", path.display()))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It was trained otherwise than it is asked.
    #[error("it is of another training")]
    #[diagnostic(help("this is a mistake in the program: please report it"))]
    Other,
    /// It is unknown, or does not fit the images.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] compdd_nn::nn::NetworkError),
    /// It could not be trained.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eval(#[from] crate::eval::EvalError),
    /// It could not be trained with everything noted.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Scoring(#[from] crate::prune::PruneError),
    /// The lock of what is being trained cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    /// A file cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
}

/// That a file holds no state, with the reason.
pub(super) fn damaged(path: &Path, reason: &impl ToString) -> FeatureNetworkError {
    FeatureNetworkError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}
