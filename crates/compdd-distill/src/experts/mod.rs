//! Experts: networks trained on real images whose parameters are kept after chosen epochs, for trajectory matching.
//!
//! A [`Demand`] says what a method will read: which [`Training`], how many experts, which [`Epochs`], how precisely and from
//! which seed. [`ensure`] trains what is missing, resumes what was interrupted and hands out a [`Buffer`], a folder of
//! memory-mapped files that holds those epochs and no others. [`correct_images`] and [`label_logits`] start a distilled set
//! from the experts' last snapshots. What may enter this room: the training of experts ([`gsam`] included), their files, and
//! what is read off them before a distillation starts. What may not: the matching itself, which belongs to the methods.
//!
//! Sources: MTT (arXiv 2203.11932), FTD (2211.11004), DATM (2310.05773), PAD (2408.03360); see `docs/experts.md`.

mod buffer;
mod checkpoint;
mod curriculum;
mod demand;
mod difficulty;
mod ensure;
mod epochs;
mod error;
mod expert;
pub mod gsam;
mod import;
mod init;
mod leftovers;
mod shelf;
mod training;

use crate::eval::{Stages, TrainingProgress};
use compdd_core::progress::Progress;

pub use buffer::{Buffer, ExpertEntry, Manifest, Precision};
pub use curriculum::{Curriculum, Score};
pub use demand::{Cost, Demand, Window, cost};
pub use ensure::{ExpertContext, ensure, find};
pub use epochs::Epochs;
pub use error::ExpertError;
pub use import::{ImportExperts, import};
pub use init::{LabelMean, correct_images, label_logits, last_logits, random_images};
pub use shelf::{last_accuracies, list};
pub use training::{Optimizer, Training};

/// Shows the training of experts as stages.
pub fn stages(progress: &dyn Progress) -> impl TrainingProgress {
    Stages { progress, name: |expert| format!("expert {expert}"), of_what: " held out" }
}

#[cfg(test)]
mod tests;
