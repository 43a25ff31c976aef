//! What a check finds.

use std::{fmt, path::PathBuf};

use crate::{board::Submitter, text};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The submission cannot be taken as it is.
    Error,
    /// A person has to look at it.
    Warning,
}

/// One thing that is wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The file, from the submission's folder.
    pub file: PathBuf,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Everything that a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Who hands it in, if that could be read.
    pub who: Option<Submitter>,
    /// Number of records.
    pub records: usize,
    /// Number of bundles that they name.
    pub bundles: usize,
    /// Errors first, then by file.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing keeps the submission from being taken. Warnings do not.
    pub fn passes(&self) -> bool {
        self.count(Level::Error) == 0
    }

    /// Number of findings of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

/// Two lines, whatever the file is called: what is wrong, what to do.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        let file = self.file.display().to_string();
        write!(f, "{level}: {}: {}\n  help: {}", text::line(&file), text::line(&self.what), self.remedy)
    }
}

/// Findings of one file as they come.
pub(super) struct Notes<'a> {
    pub file: PathBuf,
    pub findings: &'a mut Vec<Finding>,
}

impl Notes<'_> {
    pub fn error(&mut self, what: impl Into<String>, remedy: &'static str) {
        self.add(Level::Error, what, remedy);
    }

    pub fn warning(&mut self, what: impl Into<String>, remedy: &'static str) {
        self.add(Level::Warning, what, remedy);
    }

    fn add(&mut self, level: Level, what: impl Into<String>, remedy: &'static str) {
        self.findings.push(Finding { level, file: self.file.clone(), what: what.into(), remedy });
    }
}
