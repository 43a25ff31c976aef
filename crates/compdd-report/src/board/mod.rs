//! The leaderboard: which records may be compared, in which order, and what else is known of each.
//!
//! [`Board::open`] reads one or several results folders, refuses what was tampered with or stands there twice, works out what follows
//! from a record's neighbours (recovery, hard-label recovery, improvement over random) and ranks each [group](Entry::group) by its
//! intervals. [`Board::grid`] shows it. What may enter: judgements about records that are there, by rules that a reader can check by hand.
//! What may not: formats of tables (`report::grid`), and anything that runs a network.

mod check;
pub mod dd_ranking;
mod division;
mod entry;
mod error;
mod filter;
mod gains;
mod load;
mod order;
mod set;
mod sheet;
mod shown;
mod submitter;
mod table;
mod write;

pub use division::Rules;
pub use entry::{Board, Division, Entry, StoredSet};
pub use error::BoardError;
pub use filter::Filter;
pub use submitter::Submitter;
pub use write::{refresh, write};

#[cfg(test)]
pub(crate) mod tests;
