//! What can go wrong between results and pictures.

use std::{io, path::PathBuf};

/// Errors of this room.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ReportError {
    /// A name that does not say what to write.
    #[error("--out {}: {kind}s are written as {}", path.display(), endings.join(" or "))]
    #[diagnostic(help("name a file that ends in {}", endings.join(" or ")))]
    Ending {
        /// What was named.
        path: PathBuf,
        /// `chart` or `sheet`.
        kind: &'static str,
        /// Endings that would do.
        endings: &'static [&'static str],
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    #[diagnostic(help("check that the folder is writable and the disk not full"))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("check the path and its permissions"))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing to draw.
    #[error("{} has no {what} to draw", path.display())]
    #[diagnostic(help("{help}"))]
    Empty {
        /// The file.
        path: PathBuf,
        /// `scores` or `discriminative area`.
        what: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// No file at all, or pictures without a single one.
    #[error("there is nothing to draw")]
    #[diagnostic(help("name at least one file of results, or a list with images"))]
    Nothing,
    /// A line of a log that is none.
    #[error("{}, line {line}: {why}", path.display())]
    #[diagnostic(help("logs of runs lie in results/logs and have one JSON object a line"))]
    Log {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        why: String,
    },
    /// A threshold was not scored.
    #[error("--threshold {threshold}: {} has no such threshold", path.display())]
    #[diagnostic(help("thresholds in the file: {known:?}; score again with --threshold {threshold} for another one"))]
    NoThreshold {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        threshold: f32,
        /// What there is.
        known: Vec<f32>,
    },
    /// A picture too large to be held.
    #[error("a picture of {width} x {height} pixels cannot be made")]
    #[diagnostic(help("show fewer classes or images, or make them smaller"))]
    Size {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The PNG encoder.
    #[error("the picture cannot be encoded")]
    #[diagnostic(help("show fewer classes or images, or make them smaller"))]
    Encode(#[from] image::ImageError),
}
