//! Protocols: how a distilled set is scored, as versioned data.
//!
//! A protocol is a file of `benchmarks/protocols`: an id with a version, whose evaluation it is, and its [`Scoring`]: epochs, minibatches,
//! optimiser, learning rates, augmentation and what a student learns from. [`Protocol::find`] reads it; its hash enters every new
//! record. What depends on the set or on the student's network is a list of adjustments in the file, and [`Protocol::fitted`] applies them. What may enter this room: definitions of protocols and their ranges. What may not: training, which `eval` does by them.

mod augmentation;
mod catalogue;
mod checks;
mod error;
mod fit;
mod pipeline;
mod regime;
mod scoring;
mod supervision;
mod variant;

pub use augmentation::{AugmentError, DsaConfig, Mode, Strategy, Token};
pub use catalogue::Protocol;
pub use checks::Checks;
pub use error::ProtocolError;
pub use fit::Fit;
pub use pipeline::{
    Fill, FlipConfig, MixConfig, Operation, PadCropConfig, PatchShuffleConfig, Pipeline, RandAugmentConfig,
    ResizedCropConfig,
};
pub use regime::{Family, Regime};
pub use scoring::{Decay, OptimizerKind, Scoring};
pub use supervision::{Ensemble, Imitation, Supervision};

#[cfg(test)]
mod fit_tests;
#[cfg(test)]
mod pipeline_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod variant_tests;
