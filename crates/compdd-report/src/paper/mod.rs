//! The tables that papers print, as data with their layout, and what was measured for their cells.
//!
//! [`Table`]s come from `benchmarks/paper`, compiled in: every file of results is a list of [`Printed`] cells with a layout, every other one
//! a sheet that is shown as it is. A [`Target`] says what compdd would run for a cell, [`Records`] find the record that answers it, or what several say together ([`Derived`]), and
//! [`render`] writes the published number, the measured one or both through [`grid`](crate::report::grid). What may enter: knowledge of
//! published tables and how they are laid out. What may not: running anything, and numbers that neither a paper printed nor a record holds.

mod best;
mod block;
mod commands;
mod csv;
mod data;
mod derived;
mod error;
mod fill;
mod footnotes;
mod headings;
mod layout;
mod list;
mod names;
mod notes;
mod printed;
mod records;
mod render;
mod sheet;
mod table;
mod target;

pub use commands::{missing, suite};
pub use derived::Derived;
pub use error::PaperError;
pub use list::list;
pub use printed::Printed;
pub use records::{Answer, Records};
pub use render::{Mode, Options, Rendered, render, rendered};
pub use table::{Table, all, find};
pub use target::{Asked, Missing, Target};

#[cfg(test)]
mod tests;
