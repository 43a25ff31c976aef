//! Scores: students, how they are trained, and what their accuracies amount to.
//!
//! A [`Student`] is a network in training that can be stopped, saved and resumed without a trace in its result. A
//! [`Protocol`](compdd_core::protocol::Protocol) says how long and how fast it trains on a [`TrainingSet`], and a [`Supervision`] what it learns from:
//! stored labels, a teacher that is asked on the same augmented images, or the [`SoftLabels`] that it gave for all of them before;
//! [`evaluate`] trains several of them and scores each after its last epoch. The same
//! students, with a [`Plan`] of their own on [`RealImages`], give the full-data reference and the networks behind
//! [`features`]. No checkpoint, epoch or student is ever chosen here; whoever chooses does it on [`View::heldout`].

mod check;
mod ensemble;
mod error;
mod evaluate;
mod hooks;
mod losses;
mod measure;
mod optimizer;
mod plan;
mod schedule;
mod slimming;
mod slowing;
mod soft_labels;
mod standing;
mod state;
mod student;
mod supervision;
mod targets;
mod training;
mod view;
pub(crate) mod views;

pub use ensemble::{Teachers, combined};
pub use error::EvalError;
pub use evaluate::{EvalContext, each_student, evaluate};
pub use hooks::{Following, Stages, TrainingHooks, TrainingProgress};
pub use measure::{InferenceOptions, accuracy, each_output, features, predictions};
pub use optimizer::{Optimizer, Rule};
pub use plan::Plan;
pub use schedule::Schedule;
pub use slimming::{Beginning, Channels, Kept, Slimming};
use slowing::Slowing;
pub use soft_labels::{LabelsArchive, LabelsCard, Relabelling, SoftLabels};
pub use standing::Standing;
pub use student::Student;
pub use supervision::{Guide, LogitSource, Minibatch, OnlineTeacher, Script, StoredLabels, Supervision};
pub use targets::{Targets, hard_rows};
pub use training::{Batches, RealImages, TrainingData, TrainingSet};
pub use view::View;

#[cfg(test)]
mod average_tests;
#[cfg(test)]
mod check_tests;
#[cfg(test)]
mod losses_tests;
#[cfg(test)]
mod regimes_tests;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod slowing_tests;
#[cfg(test)]
mod statistics_tests;
#[cfg(test)]
mod tests;
