//! Why there is no leaderboard.

use std::path::PathBuf;

use compdd_core::{
    limits::LISTED,
    record::{Problem, RecordError},
};

/// Errors of the leaderboard.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum BoardError {
    /// Files that may not be ranked, all of them.
    #[error("{}", listed(problems))]
    #[diagnostic(help(
        "remove or repair these files: run the cells again with --force, or take them from their author again; nothing was written"
    ))]
    Refused {
        /// Every file and what is wrong with it.
        problems: Vec<Problem>,
    },
    /// Versions of a protocol that do not compare.
    #[error("--protocol {slug}: the records have {}, which cannot be ranked together", found.join(" and "))]
    #[diagnostic(help("name one of them with its version: --protocol {}", found.last().map_or("", String::as_str)))]
    Versions {
        /// What was asked for.
        slug: String,
        /// The versions that answer to it.
        found: Vec<String>,
    },
    /// A description of a submitter that is none.
    #[error("{}: {reason}", path.display())]
    #[diagnostic(help(
        "it needs `name = \"...\"` and may have organisation, contact, code, paper and licence; docs/submitting.md has an example"
    ))]
    Submission {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder that cannot be listed, or a table that cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
}

fn listed(problems: &[Problem]) -> String {
    let lines = problems.iter().take(LISTED).map(|problem| format!("\n  {problem}"));
    let more = problems.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let count = match problems.len() {
        1 => "1 problem keeps".to_owned(),
        many => format!("{many} problems keep"),
    };
    format!("{count} the leaderboard from being made:{}{more}", lines.collect::<String>())
}
