//! Why there is no table of label regimes.

/// Errors of tables of label regimes.
#[derive(Debug, Clone, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum RegimesError {
    /// A row of another compute.
    #[error("{record}: {found}, where the rows of this table have {expected}")]
    #[diagnostic(help(
        "rows of a table have equal steps and minibatches: score the set again with `compdd regimes`, or keep the record in another results folder"
    ))]
    Compute {
        /// Id of the record.
        record: String,
        /// Its steps and minibatch.
        found: String,
        /// Those of the table.
        expected: String,
    },
    /// Settings that nobody can say.
    #[error("{record}: {reason}")]
    #[diagnostic(help("score the set again with `compdd regimes`"))]
    Settings {
        /// Id of the record.
        record: String,
        /// What is wrong.
        reason: String,
    },
}
