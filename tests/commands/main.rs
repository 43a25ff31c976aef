//! The commands, run as processes in empty folders: what a person sees and what is left on disk.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attack;
mod bad_input;
mod board;
mod cli;
mod complexity;
mod data;
mod experts;
mod export;
mod hostile;
mod incremental;
mod kd;
mod papers;
mod pictures;
mod plots;
mod prune;
mod regimes;
mod reports;
mod resume;
mod shell;
mod site;
mod slim;
#[cfg(unix)]
mod slurm;
mod suite;
mod support;
mod table;
mod teacher;
mod wild;
