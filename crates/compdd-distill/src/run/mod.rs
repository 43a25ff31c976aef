//! The engine that drives a run: from flags to a bundle and records.
//!
//! [`RunOptions::check`] turns flags into a [`Plan`] whose nouns all exist; [`execute`] carries it out, in the two steps of [`Plan::open`] (a
//! [`Ready`] plan knows its cells) and [`Ready::execute`]. The engine owns what
//! no method should: the loop, checkpoints and resume, stop requests, the log, seeds and the working folder. What may
//! enter: driving. Arithmetic belongs to the methods and protocols, formats to [`record`](compdd_core::record).

mod attack;
mod cell;
mod curve;
mod distil;
mod error;
mod experts;
mod incremental;
mod labels;
mod listed;
mod machine;
mod options;
mod ready;
mod regimes;
mod rescore;
mod score;
mod settings;
mod slim;
mod statistics;
mod stopwatch;
mod students;
mod teacher;
#[cfg(test)]
mod tests;
mod trace;
mod workfolder;

pub use attack::{AttackOptions, attack};
pub use cell::{Outcome, execute};
pub use error::RunError;
pub use incremental::{IncrementalOptions, incremental};
pub use labels::GivenLabels;
pub use options::{AdaptiveOptions, Plan, RunOptions};
pub use ready::{Content, Ready};
pub use regimes::{Control, RegimesOptions, regimes};
pub use rescore::{RescoreOptions, Rescoring, rescore};
pub use settings::{EngineOptions, Places, ScoringOptions};
pub use slim::{SlimOptions, slim};
pub use students::StudentsOptions;
pub use trace::Trace;
pub use workfolder::{WorkError, WorkFolder};
