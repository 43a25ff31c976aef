//! What the operating system refused, and where.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The operating system refused.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot {action} {}", path.display())]
#[diagnostic(help("check that the path exists, that its permissions allow this, and that the disk is not full"))]
pub struct IoError {
    /// What was tried: `read`, `write`, `lock`, ...
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's answer.
    pub source: io::Error,
}

impl IoError {
    /// Wraps a system error with what was tried and where: `.map_err(IoError::at("read", path))?`.
    pub fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { action, path, source }
    }
}
