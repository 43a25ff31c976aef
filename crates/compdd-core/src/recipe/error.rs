//! What can be wrong with a recipe.

use std::path::PathBuf;

use super::methods;

/// What can be wrong with a recipe.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RecipeError {
    /// Not the name of a method.
    #[error("unknown method `{name}`")]
    #[diagnostic(help("registered methods: {known}"))]
    UnknownMethod {
        /// What was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// Not TOML, or not the shape of a recipe file.
    #[error("{file}:{line}: {reason}")]
    #[diagnostic(help("`compdd method recipe <METHOD>` prints a complete recipe to start from"))]
    Syntax {
        /// The file.
        file: String,
        /// Line of the mistake, from 1.
        line: usize,
        /// What the parser says, with an excerpt.
        reason: String,
    },
    /// A key that the method does not have, or a value that it cannot use.
    #[error("{file}:{line}: {reason}")]
    #[diagnostic(help("`compdd method recipe <METHOD>` prints every key with its value"))]
    Key {
        /// The file.
        file: String,
        /// Line of the key, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The file is for another method.
    #[error("{file} is a recipe of `{found}`, not of `{expected}`")]
    #[diagnostic(help("give the recipe of the method that --method names"))]
    OtherMethod {
        /// The file.
        file: String,
        /// The method it names.
        found: String,
        /// The method of the run.
        expected: String,
    },
    /// A `--set` that cannot be applied.
    #[error("--set {key}={value}: {reason}")]
    #[diagnostic(help("`compdd method recipe <METHOD>` prints every key with its value"))]
    Override {
        /// The key.
        key: String,
        /// The text after `=`.
        value: String,
        /// What is wrong.
        reason: String,
    },
    /// A file that the recipe names cannot be read.
    #[error("cannot read {}, which `{key}` of the recipe names", path.display())]
    #[diagnostic(help("give the path of an existing file: --set {key}=FILE"))]
    File {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The value of a record, where the path of a file is needed.
    #[error("`{key}` of the recipe is {value}: the hash of a file, not its path")]
    #[diagnostic(help("name the file that has this hash: --set {key}=FILE"))]
    NoPath {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// Values that are well-formed and make no sense together.
    #[error("the recipe makes no sense: {0}")]
    #[diagnostic(help("change the value in the recipe file or with --set"))]
    OutOfRange(String),
}

impl RecipeError {
    /// Refuses the name of a method, with the names that exist.
    pub fn unknown_method(name: &str) -> Self {
        let known: Vec<&str> = methods().iter().map(|method| method.slug).collect();
        Self::UnknownMethod { name: name.to_owned(), known: known.join(", ") }
    }
}
