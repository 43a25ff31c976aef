//! What can go wrong when a subset is asked for by name.

use std::path::PathBuf;

/// Why a subset name means nothing here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum SubsetError {
    /// No slug and no alias matches.
    #[error("unknown subset `{name}`")]
    #[diagnostic(help("{}", suggestion(near)))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The closest slugs, best first; empty when nothing is close.
        near: Vec<String>,
    },
    /// The slug exists, the version does not.
    #[error("subset `{slug}` has no version `{version}`")]
    #[diagnostic(help("available: {}", available.join(", ")))]
    UnknownVersion {
        /// The slug that was found.
        slug: String,
        /// The version that was asked for.
        version: String,
        /// The ids that exist, such as `music-hard@paper`.
        available: Vec<String>,
    },
    /// A file of lists cannot be used.
    #[error("{}: {why}", path.display())]
    #[diagnostic(help(
        "custom class lists are written by `compdd subset build`; one of a file is named FILE.toml#LIST"
    ))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file of lists does not have this one.
    #[error("{} has no list `{name}`", path.display())]
    #[diagnostic(help("its lists: {}", known.join(", ")))]
    NotInFile {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        name: String,
        /// Slugs of its lists.
        known: Vec<String>,
    },
    /// A file of several lists, and none named.
    #[error("which list of {}? It has {}", path.display(), known.join(", "))]
    #[diagnostic(help("name one behind a hash sign: {}#{}", path.display(), known.first().map_or("LIST", String::as_str)))]
    WhichInFile {
        /// The file.
        path: PathBuf,
        /// Slugs of its lists.
        known: Vec<String>,
    },
}

fn suggestion(near: &[String]) -> String {
    let list = "`compdd subset list` prints all subsets";
    match near {
        [] => list.to_owned(),
        [only] => format!("did you mean `{only}`? {list}"),
        [first, rest @ ..] => format!("did you mean `{first}` (or `{}`)? {list}", rest.join("`, `")),
    }
}
