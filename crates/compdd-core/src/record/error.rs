//! What can go wrong with a record or a bundle.

use std::path::PathBuf;

use crate::files::IoError;

/// Why a bundle, a record or an imported set cannot be read or written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RecordError {
    /// The operating system refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// Text that is not JSON, or JSON that does not fit the format.
    #[error("{path}, line {line}, column {column}: {reason}", path = path.display())]
    #[diagnostic(help("{help}"))]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        reason: String,
        /// What to do next.
        help: &'static str,
    },
    /// A file of another kind.
    #[error("{path} is not a {expected} file: its format is `{found}`", path = path.display())]
    #[diagnostic(help("the `format` entry must be `{expected}`"))]
    WrongFormat {
        /// The file.
        path: PathBuf,
        /// The format that was wanted.
        expected: &'static str,
        /// The format that it names.
        found: String,
    },
    /// A version that this build does not know.
    #[error("{path} has {format} version {found}; this build reads versions 1 to {newest}", path = path.display())]
    #[diagnostic(help("update compdd, or have the file written again by this version"))]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: &'static str,
        /// Its version.
        found: u64,
        /// The newest version known here.
        newest: u64,
    },
    /// The data file is not what the manifest describes.
    #[error("{path} does not match its manifest: expected {expected}, found {found}", path = path.display())]
    #[diagnostic(help("the file was changed or damaged after it was written; copy or distil the bundle again"))]
    HashMismatch {
        /// The data file.
        path: PathBuf,
        /// BLAKE3 in the manifest.
        expected: String,
        /// BLAKE3 of the bytes on disk.
        found: String,
    },
    /// The data file cannot be parsed as safetensors.
    #[error("{path} is not a readable safetensors file: {reason}", path = path.display())]
    #[diagnostic(help("the file is truncated or damaged; copy or distil the bundle again"))]
    Safetensors {
        /// The data file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// A tensor is missing, or has another type or shape than the rest of the bundle says.
    #[error("{path}: tensor `{tensor}` {problem}", path = path.display())]
    #[diagnostic(help(
        "a bundle needs `images` [N,C,H,W], `labels`, and `learning_rate`; schemas/bundle.schema.json describes the rest"
    ))]
    Tensor {
        /// The data file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A folder that is not a bundle.
    #[error("{path} is not a bundle: it has no {missing}", path = path.display())]
    #[diagnostic(help(
        "a bundle is a folder `NAME.bundle` with data.safetensors and manifest.json; import foreign files with `compdd import`"
    ))]
    NotABundle {
        /// The folder.
        path: PathBuf,
        /// The file that is missing.
        missing: &'static str,
    },
    /// The parts of a distilled set contradict each other.
    #[error("inconsistent distilled set: {0}")]
    #[diagnostic(help("images, labels, classes and pixel space must describe the same N images of C classes"))]
    Inconsistent(String),
    /// An existing result would be replaced.
    #[error("{path} exists", path = path.display())]
    #[diagnostic(help("pass --force to replace it, or choose another name"))]
    Exists {
        /// The file or folder.
        path: PathBuf,
    },
    /// No record has this id.
    #[error("no record `{id}` under {root}", root = root.display())]
    #[diagnostic(help("{}", near_help(near)))]
    UnknownRecord {
        /// What was asked for.
        id: String,
        /// The results folder.
        root: PathBuf,
        /// Ids that are close.
        near: Vec<String>,
    },
    /// A number that is no accuracy.
    #[error("{0} is not an accuracy")]
    #[diagnostic(help("accuracies are stored as fractions from 0 to 1; only tables show percent"))]
    Accuracy(f64),
    /// A word that is not one of a fixed set.
    #[error("unknown {what} `{found}`")]
    #[diagnostic(help("known: {known}"))]
    UnknownWord {
        /// What kind of word: `budget`, `fidelity`.
        what: &'static str,
        /// The word.
        found: String,
        /// The possible words.
        known: &'static str,
    },
    /// The table could not be written.
    #[error("cannot write the leaderboard: {0}")]
    #[diagnostic(help("this is a fault of compdd: please report it"))]
    Csv(String),
    /// The preview could not be encoded.
    #[error("cannot encode the preview of {path}: {reason}", path = path.display())]
    #[diagnostic(help("this is a fault of compdd: please report it"))]
    Preview {
        /// The bundle.
        path: PathBuf,
        /// What the encoder says.
        reason: String,
    },
}

fn near_help(near: &[String]) -> String {
    if near.is_empty() {
        "`compdd results list` prints all records".to_owned()
    } else {
        format!("did you mean {}? `compdd results list` prints all records", near.join(" or "))
    }
}
