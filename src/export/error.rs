//! Why something could not be exported.

use std::path::PathBuf;

use crate::{data::DataError, files::IoError, record::RecordError};

/// Errors of exports.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ExportError {
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// The bundle cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// The images cannot be loaded.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(#[from] DataError),
    /// A table cannot be written.
    #[error("the table cannot be written: {0}")]
    #[diagnostic(help("take another format: csv and jsonl hold every value"))]
    Table(#[from] std::io::Error),
    /// Something is there already.
    #[error("{} exists", path.display())]
    #[diagnostic(help("name another place, or replace it with --force"))]
    Exists {
        /// Where it should go.
        path: PathBuf,
    },
    /// Pictures of a whitened set whose inverse is not stored.
    #[error("the set is whitened, and the inverse of its whitening is not stored: it has no pictures")]
    #[diagnostic(help("export it as pt or npz, which keep the values as they are"))]
    NoInverse,
}
