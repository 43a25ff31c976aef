//! What can go wrong between published tables and records.

use crate::board::BoardError;
use compdd_core::record::RecordError;

/// Errors of published tables.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum PaperError {
    /// No table has this id.
    #[error("there is no table `{id}`")]
    #[diagnostic(help("{}", near_help(near)))]
    UnknownTable {
        /// What was asked for.
        id: String,
        /// Ids that are close.
        near: Vec<String>,
    },
    /// Neither an id nor `--all`.
    #[error("no table was named")]
    #[diagnostic(help("name one, such as `compdd table edf:1`, or pass --all; `compdd table list` prints all ids"))]
    NoTable,
    /// A suite of several tables, or of none.
    #[error("--suite: {found} tables are named")]
    #[diagnostic(help("name one table; `compdd table list` shows the ids"))]
    OneTable {
        /// How many.
        found: usize,
    },
    /// A mode that does not exist.
    #[error("--mode {found}: there is no such mode")]
    #[diagnostic(help("modes: published, measured, both"))]
    Mode {
        /// What was asked for.
        found: String,
    },
    /// Records of two versions of a protocol would stand side by side.
    #[error("table {table}: its cells were scored with {}, and different versions are never mixed", found.join(" and "))]
    #[diagnostic(help("choose one: --protocol-version {}", found.join(" or --protocol-version ")))]
    MixedVersions {
        /// Id of the table.
        table: String,
        /// The versions, in order.
        found: Vec<String>,
    },
    /// `--protocol-version` names what no record has.
    #[error("--protocol-version {found}: no record was scored with it")]
    #[diagnostic(help("{}", if known.is_empty() {
        "the results folder has no records".to_owned()
    } else {
        format!("records were scored with {}", known.join(", "))
    }))]
    UnknownVersion {
        /// What was asked for.
        found: String,
        /// What records have.
        known: Vec<String>,
    },
    /// The records, as the leaderboard judges them.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Board(#[from] BoardError),
    /// A file.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
}

fn near_help(near: &[String]) -> String {
    if near.is_empty() {
        "`compdd table list` prints all ids".to_owned()
    } else {
        format!("did you mean {}? `compdd table list` prints all ids", near.join(" or "))
    }
}
