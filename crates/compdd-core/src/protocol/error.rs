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
    /// The protocol names no learning rate for a network.
    #[error("`{protocol}` has no learning rate for `{network}`")]
    #[diagnostic(help(
        "score on a network that it has one for; docs/protocols lists them, and `no-kd` takes every network"
    ))]
    NoRate {
        /// Id of the protocol.
        protocol: String,
        /// Slug of the network.
        network: String,
    },
    /// No protocol has this name.
    #[error("there is no protocol `{name}`")]
    #[diagnostic(help("use one of: {}; settings are changed by `+`, such as kd-edc+ema:0.999+batch:50", known.join(", ")))]
    Unknown {
        /// The name as given.
        name: String,
        /// The built-in protocols.
        known: Vec<&'static str>,
    },
    /// A name that changes a protocol in a way that is not possible.
    #[error("`{name}`: {reason}")]
    #[diagnostic(help(
        "changes are `+setting:value` for batch, epochs, optimizer, learning_rate, momentum, weight_decay, drop, drops, zeta, ema and the like: `compdd protocol show` has them"
    ))]
    Change {
        /// The name as given.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// No family of label regimes has this name.
    #[error("`{found}` is no family of label regimes")]
    #[diagnostic(help("use regimes-sgd or regimes-adamw; docs/protocols/regimes.md says how they differ"))]
    NoFamily {
        /// The name as given.
        found: String,
    },
    /// A setting of the augmentation.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Augment(#[from] AugmentError),
}
