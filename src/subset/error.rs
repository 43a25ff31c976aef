//! What can go wrong when a subset is asked for by name.

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
}

fn suggestion(near: &[String]) -> String {
    let list = "`compdd subset list` prints all subsets";
    match near {
        [] => list.to_owned(),
        [only] => format!("did you mean `{only}`? {list}"),
        [first, rest @ ..] => format!("did you mean `{first}` (or `{}`)? {list}", rest.join("`, `")),
    }
}
