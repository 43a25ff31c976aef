//! The readers of foreign formats by themselves: the same files that the suite is built from.

#[path = "../../crates/compdd-data/src/data/parse/mod.rs"]
pub mod parse;
