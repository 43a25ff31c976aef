//! Why a submission could not even be looked at.

use std::path::PathBuf;

use crate::{board::BoardError, files::IoError, record::RecordError, run::RunError};

/// Errors of submissions. What is wrong with a submission is no error but a [`Finding`](super::Finding).
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SubmitError {
    /// The folder is not there.
    #[error("{} is no folder", path.display())]
    #[diagnostic(help("name a folder with records/, bundles/ and submission.toml; docs/submitting.md shows one"))]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// The new records would be written into the submission.
    #[error("the new records cannot go to {}: it lies in the submission {}", results.display(), folder.display())]
    #[diagnostic(help("name a folder of your own with --results"))]
    Inside {
        /// Where they would go.
        results: PathBuf,
        /// The submission.
        folder: PathBuf,
    },
    /// More files than anybody hands in.
    #[error("{}: {what} files and folders", path.display())]
    #[diagnostic(help("hand in the folder in parts, or leave out what no record names"))]
    Many {
        /// The submission.
        path: PathBuf,
        /// How many, and the limit.
        what: String,
    },
    /// Nothing to score again.
    #[error("{} has no record", path.display())]
    #[diagnostic(help(
        "a submission is laid out like a results folder: records/METHOD/SUBSET/ID.json; docs/submitting.md shows one"
    ))]
    NoRecord {
        /// The folder.
        path: PathBuf,
    },
    /// Too few students to compare.
    #[error("--seeds {seeds}: a mean of one student has no interval")]
    #[diagnostic(help("score with 2 students or more; 5 is usual"))]
    FewSeeds {
        /// What was asked for.
        seeds: usize,
    },
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// The folder cannot be listed, or the bands are damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// The records cannot be put together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Board(#[from] BoardError),
    /// Scoring failed or was interrupted.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(#[from] RunError),
}
