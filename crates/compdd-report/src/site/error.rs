//! What can go wrong while a site is made.

use std::path::PathBuf;

use crate::{board::BoardError, paper::PaperError, report::ReportError};
use compdd_core::{files::IoError, record::RecordError};

/// Errors of the site.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SiteError {
    /// The records.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Board(#[from] BoardError),
    /// The published tables.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Paper(#[from] PaperError),
    /// A file beside a record.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// A picture.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Report(#[from] ReportError),
    /// There are no records.
    #[error("no records in {}", folders.join(", "))]
    #[diagnostic(help(
        "name the results folder with --results, or make a record: compdd run --method random --subset scenes-easy --ipc 1 --budget quick"
    ))]
    Empty {
        /// The folders.
        folders: Vec<String>,
    },
    /// The folder holds something else.
    #[error("--out {}: the folder is not empty and was not made by `compdd site`", path.display())]
    #[diagnostic(help("name another folder; only a folder that `compdd site` made is replaced"))]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// A page that its template cannot write.
    #[error("the page {page} cannot be written")]
    #[diagnostic(help("this is a mistake in compdd: please report it with the record at hand"))]
    Template {
        /// Its path inside the site.
        page: String,
        /// Why.
        #[source]
        source: askama::Error,
    },
}
