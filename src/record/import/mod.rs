//! Sets that others published.

/// Why.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ImportError {}
