//! What can be wrong with a protocol.

use super::AugmentError;

/// Why settings are no protocol.
#[derive(Debug, Clone, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum ProtocolError {
    /// A number of the protocol is outside its range.
    #[error("protocol setting `{name}` is {value}, but must be {range}")]
    #[diagnostic(help("leave `{name}` out to use the value of the published protocol"))]
    OutOfRange {
        /// Field of [`Scoring`](super::Scoring).
        name: &'static str,
        /// The value as given.
        value: String,
        /// The accepted range, in words.
        range: &'static str,
    },
    /// A setting of the augmentation.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Augment(#[from] AugmentError),
}
