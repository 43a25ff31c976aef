//! What can go wrong between results and pictures.

use std::path::PathBuf;

use compdd_core::{files::IoError, record::RecordError};
use compdd_data::{data::DataError, scores::ScoresError};

/// Errors of charts, sheets and tables.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ReportError {
    /// The images.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(#[from] DataError),
    /// The lists.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Scores(#[from] ScoresError),
    /// The records.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// No record is left to draw.
    #[error("no record to draw: {why}")]
    #[diagnostic(help("{help}"))]
    NoRecord {
        /// What is missing, such as `none of 12 was made with the full budget`.
        why: String,
        /// What to do.
        help: String,
    },
    /// Records that may not share a chart.
    #[error("these do not share a chart: several {what}: {}", found.join(", "))]
    #[diagnostic(help("choose with {flag}"))]
    Mixed {
        /// What they differ in, such as `protocols`.
        what: &'static str,
        /// The flag that chooses.
        flag: &'static str,
        /// What there is.
        found: Vec<String>,
    },
    /// Several records for one place in a chart.
    #[error("{place} has {} records: {}", ids.len(), ids.join(", "))]
    #[diagnostic(help(
        "leave changed recipes out with --shipped, name the wanted ones with --record, or compare recipes with `compdd plot ablation`"
    ))]
    Duplicate {
        /// Which place, such as `edf at IPC 1`.
        place: String,
        /// Short hashes of the records.
        ids: Vec<String>,
    },
    /// Records that differ in more than was asked for.
    #[error("the records differ in {} too", keys.join(", "))]
    #[diagnostic(help(
        "name what differs in --by, what follows from it in --besides, or choose records with --record"
    ))]
    Differ {
        /// Keys of the recipe, or parts of the cell.
        keys: Vec<String>,
    },
    /// A key that no recipe of the records has.
    #[error("--by {key}: no recipe of these records has this key")]
    #[diagnostic(help("keys: {}", known.join(", ")))]
    NoKey {
        /// What was asked for.
        key: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A table that is none.
    #[error("{}: {why}", path.display())]
    #[diagnostic(help("{help}"))]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What to do.
        help: &'static str,
    },
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
    /// A format of tables that does not exist.
    #[error("--format {found}: there is no such format")]
    #[diagnostic(help("formats: {}", known.join(", ")))]
    Format {
        /// What was asked for.
        found: String,
        /// What there is.
        known: &'static [&'static str],
    },
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
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
    /// A flag for files of another kind.
    #[error("{flag} is for {kind}, and these are none")]
    #[diagnostic(help("leave {flag} out, or name {kind}"))]
    Flag {
        /// `--by-class` or `--threshold`.
        flag: &'static str,
        /// `logs of runs (.jsonl)` or `files of scores (.parquet)`.
        kind: &'static str,
    },
    /// Files that do not go together.
    #[error("files of scores and logs of runs do not share a chart")]
    #[diagnostic(help("draw one chart of the files of scores (.parquet) and one of the logs (.jsonl)"))]
    Kinds,
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
    /// No lists of a category.
    #[error("--category {category}: {lists} has no easy and hard list of it")]
    #[diagnostic(help("categories of {lists}: {}", known.join(", ")))]
    NoCategory {
        /// The file, or `published`.
        lists: String,
        /// What was asked for.
        category: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No such image.
    #[error("--image {image}: no image of that name in {among}")]
    #[diagnostic(help(
        "name the file as `compdd complexity score` lists it, with or without its class before it: n01440764/n01440764_10026.JPEG"
    ))]
    NoImage {
        /// What was asked for.
        image: String,
        /// Subset and split.
        among: String,
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
