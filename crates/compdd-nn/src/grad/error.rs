//! What can go wrong while differentiating through training.

use std::io;

use compdd_core::progress::Interrupted;

/// What can go wrong while differentiating through training.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum GradError {
    /// The user asked to stop; what is finished is saved.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Interrupted(#[from] Interrupted),
    /// The student left the finite numbers.
    #[error("the student diverged: its loss at step {step} is {loss}")]
    #[diagnostic(help("the student's learning rate {rate} is too large for these images: lower it with --set"))]
    Diverged {
        /// Student step, from 0.
        step: usize,
        /// Its loss.
        loss: f64,
        /// The student's learning rate.
        rate: f64,
    },
    /// Parameters could not be kept on disk.
    #[error("the student's parameters could not be kept on disk")]
    #[diagnostic(help("make room in the folder for temporary files (TMPDIR), or use `--offload host`"))]
    Offload(#[from] io::Error),
    /// A batch cannot be cut when its images depend on each other.
    #[error("a network with batch norm cannot process a batch in chunks: its statistics belong to the whole batch")]
    #[diagnostic(help("leave the chunk size out, or use a network with instance norm"))]
    ChunkedBatchNorm,
}
