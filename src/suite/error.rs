//! Why a suite cannot be planned or carried out.

use std::path::PathBuf;

use crate::{
    files::{IoError, LockError},
    progress::Interrupted,
    record::RecordError,
    run::RunError,
    teachers::TeacherError,
};

/// Errors of suites. A cell that fails is no error of its suite but a [`Row`](super::Row).
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SuiteError {
    /// No suite has the name.
    #[error("unknown suite `{name}`")]
    #[diagnostic(help(
        "{}, or the id of a published table (`compdd table list`); a file is named by its path, which ends in .toml", known.join(", ")
    ))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The suites that ship with compdd.
        known: Vec<String>,
    },
    /// A file that is no suite.
    #[error("the suite {name} is wrong: {reason}")]
    #[diagnostic(help("docs/commands/suite.md lists the keys; `compdd suite list` shows suites to start from"))]
    Definition {
        /// The file or the name of the suite.
        name: String,
        /// Where and why.
        reason: String,
    },
    /// A combination of a matrix that no run can be made of.
    #[error("group `{group}`, {cell}: {source}")]
    #[diagnostic(help("change the matrix, or leave the combination out with `exclude`{}", advice(source)))]
    Combination {
        /// The group of the matrix.
        group: String,
        /// The combination.
        cell: String,
        /// What `compdd run` has against it.
        source: Box<RunError>,
    },
    /// No cell is left.
    #[error("the suite {name} has no cells")]
    #[diagnostic(help("its matrices are empty or exclude everything; of a published table compdd can run none"))]
    Empty {
        /// The suite.
        name: String,
    },
    /// A file that is no plan.
    #[error("{} is no plan: {reason}", path.display())]
    #[diagnostic(help("`compdd suite plan SUITE` writes one; a plan is never edited"))]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A number beyond the plan.
    #[error("the plan has no cell {index}: it has {cells}, counted from 0")]
    #[diagnostic(help("`compdd suite plan PLAN --format md` lists them"))]
    Index {
        /// What was asked for.
        index: usize,
        /// How many there are.
        cells: usize,
    },
    /// A filter that says nothing.
    #[error("--only {text}: {reason}")]
    #[diagnostic(help("write key=value, such as method=random|herding,ipc=1; keys: {}", super::Filter::KEYS.join(", ")))]
    Filter {
        /// The filter.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The content is not that of the cells that were computed before.
    #[error("the {what} here are not those of the plan: {here} instead of {pinned}")]
    #[diagnostic(help(
        "point --data at the same images; to begin anew with these, use other --results or `compdd suite clean PLAN`"
    ))]
    OtherContent {
        /// Images of which subset, or which teacher.
        what: String,
        /// Hash of what is here.
        here: String,
        /// Hash of what the plan was begun with.
        pinned: String,
    },
    /// A build that computes another address for the same cell.
    #[error("cell {index} is {found} here, and {planned} in the plan")]
    #[diagnostic(help(
        "this version of compdd has another recipe or protocol than the one that made the plan: plan the suite again"
    ))]
    OtherCell {
        /// Number of the cell.
        index: usize,
        /// Its address in the plan.
        planned: String,
        /// Its address here.
        found: String,
    },
    /// A cell that failed and is not tried by itself.
    #[error("cell {index} failed before: {reason}")]
    #[diagnostic(help("remove the cause, then `compdd suite retry PLAN`"))]
    Failed {
        /// Number of the cell.
        index: usize,
        /// Why.
        reason: String,
    },
    /// Somebody else computes the cell or what it needs.
    #[error("{what} is being worked on by another process")]
    #[diagnostic(help("the command waits unless --no-wait is given"))]
    NotNow {
        /// The cell or the prerequisite.
        what: String,
    },
    /// A profile of a cluster that is none.
    #[error("the profile {} is wrong: {reason}", path.display())]
    #[diagnostic(help("docs/commands/suite.md lists the keys"))]
    Profile {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// Slurm did not take an array.
    #[error("sbatch: {said}")]
    #[diagnostic(help(
        "`compdd suite slurm --dry-run` shows the script; what was submitted before it stays submitted (`squeue`, `scancel`)"
    ))]
    Sbatch {
        /// What it said.
        said: String,
    },
    /// A process of the executor cannot be started.
    #[error("cannot start {}", program.display())]
    #[diagnostic(help("check that the program is still there and may be executed"))]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The user asked to stop.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// A cell cannot be computed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(#[from] RunError),
    /// A teacher cannot be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Teacher(#[from] TeacherError),
    /// A record cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// A lock cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    /// A file cannot be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
}

impl SuiteError {
    pub(super) fn not_a_plan(path: &std::path::Path, reason: impl Into<String>) -> Self {
        Self::NotAPlan { path: path.to_owned(), reason: reason.into() }
    }

    /// Whether the same command may succeed later, because somebody else is at work.
    pub fn is_not_now(&self) -> bool {
        matches!(self, Self::NotNow { .. })
    }
}

/// What the run itself advises.
fn advice(error: &RunError) -> String {
    miette::Diagnostic::help(error).map(|help| format!("; {help}")).unwrap_or_default()
}
