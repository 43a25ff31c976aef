//! What can go wrong between images and what is kept of them.

use compdd_core::{
    files::{IoError, LockError},
    progress::Interrupted,
    pruning::Criterion,
};
use compdd_data::scores::ScoresError;

/// Errors of pruning.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum PruneError {
    /// Files of scores.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Scores(#[from] ScoresError),
    /// Training.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Eval(#[from] crate::eval::EvalError),
    /// A coreset could not be chosen.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Select(#[from] crate::select::SelectError),
    /// The network is unknown or does not fit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] compdd_nn::nn::NetworkError),
    /// Another process makes the same scores.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// The user asked to stop; finished epochs are kept.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// A state that cannot be gone on with.
    #[error("the state of unfinished scores cannot be used: {reason}")]
    #[diagnostic(help("remove the folder `scores/unfinished-...` of the results and give the command again"))]
    State {
        /// Why.
        reason: String,
    },
    /// Scores that are made elsewhere.
    #[error("scores by `{criterion}` are not made while pruning")]
    #[diagnostic(help(
        "make them first and name the file: compdd prune score --criterion {criterion}, then --prune-scores FILE"
    ))]
    NotMadeHere {
        /// The criterion.
        criterion: Criterion,
    },
    /// A setting that makes no sense.
    #[error("{name} {value}: must be {range}")]
    #[diagnostic(help("choose another value for {name}"))]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// Files that have no images in common.
    #[error("file number {file} scores other images than the first one")]
    #[diagnostic(help("compare scores of the same subset, at the same resolution and in the same pixel space"))]
    Unlike {
        /// Number of the file, from 1.
        file: usize,
    },
    /// A criterion whose order depends on a share that was not named.
    #[error("the order of `{criterion}` depends on how much is removed")]
    #[diagnostic(help("name the share of every class that will be removed, such as --removed 0.95"))]
    NoShare {
        /// The criterion.
        criterion: Criterion,
    },
}
