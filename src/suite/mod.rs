//! Suites: many cells as one command, on one machine or on whatever starts processes.
//!
//! A [`Suite`] is a file of matrices; [`Plan::of`] turns it into a list of cells with their addresses, immutable and named by its hash. What is
//! known of a plan while it is worked on lies in a [`Folder`] below the results: locks, pinned contents and a row for every cell that is
//! neither open nor done. A [`task::Worker`] carries out one cell, which is all that another scheduler has to start; a [`LocalExecutor`] starts
//! one process a device, a [`SlurmExecutor`] submits job arrays. A cell is done when its records exist, and nothing else says so. What may
//! enter: which cells there are, in which order, and who computes which. What may not: how a cell is computed, which [`run`](crate::run) knows.

pub mod backtest;
mod catalogue;
mod collect;
mod contents;
mod definition;
mod demand;
mod entry;
mod error;
mod estimate;
mod expand;
mod filter;
mod folder;
mod local;
mod model;
mod observed;
mod open;
mod overview;
mod plan;
mod process;
mod rates;
mod row;
mod slurm;
mod status;
pub mod task;
#[cfg(test)]
mod tests;
mod tidy;
mod work;

pub use catalogue::{built_in, find};
pub use collect::collect;
pub use contents::Contents;
pub use definition::{Matrix, Suite, TeacherSpec};
pub use entry::{Entry, Prerequisites};
pub use error::SuiteError;
pub use estimate::Estimate;
pub use filter::Filter;
pub use folder::Folder;
pub use local::{Lane, LocalExecutor, Report, STAGE};
pub use open::{open, planned};
pub use overview::{cells, overview};
pub use plan::Plan;
pub use process::NOT_NOW;
pub use rates::Rates;
pub use row::{Class, Row, RowState};
pub use slurm::{Array, Profile, Queue, SlurmExecutor};
pub use status::{State, Status};
pub use tidy::{clean, retry};
