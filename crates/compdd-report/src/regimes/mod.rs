//! Label regimes side by side: what a set is worth with the classes of its images alone, with one prediction of a teacher an image, and with a teacher.
//!
//! [`tables`] arranges records of one family of protocols into tables whose rows have equal steps; a [`Table`] knows gains over random, shares of
//! the teacher and rank correlations with their intervals, [`Table::grid`] and the charts show it. What may enter: figures that follow from the
//! records of several regimes. What may not: records of other protocols, and anything that trains.

mod bootstrap;
mod charts;
mod error;
mod figures;
mod sheet;
mod table;
#[cfg(test)]
mod tests;

pub use bootstrap::Estimate;
pub use error::RegimesError;
pub use figures::DdRanking;
pub use table::{Row, Table, tables};
