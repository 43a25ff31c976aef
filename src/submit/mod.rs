//! Submissions: results of others, looked at before they are shown, and scored again.
//!
//! A submission is a results folder with a [`submission.toml`](crate::board::Submitter). [`check`] reads it and reports every [`Finding`] at
//! once, computing nothing; [`verify`] scores its bundles again with fresh seeds and compares. [`Bands`] hold what is known of every
//! condition, so that a score that is too good to be true is noticed. What may enter: rules about what is handed in. What may not:
//! ranks (`board`), formats of files (`record`), and training other than through `run`.

mod bands;
mod bundle;
mod check;
mod compare;
mod error;
mod finding;
mod leak;
mod record;
mod table;
mod verify;
mod workplace;

pub use bands::{Band, Bands};
pub use check::check;
pub use compare::Comparison;
pub use error::SubmitError;
pub use finding::{Finding, Level, Report};
pub use table::grid;
pub use verify::{Verdict, VerifyOptions, verify};

#[cfg(test)]
mod tests;
