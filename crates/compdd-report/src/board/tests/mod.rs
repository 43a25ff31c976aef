//! Boards made of synthetic records.

mod divisions;
mod gains;
mod ranks;
mod refusals;
mod tables;

use std::path::Path;

use compdd_core::record::{Budget, Bundle, Cell, Labels, Record, Store, Timing};
use serde_json::json;

pub use compdd_core::record::example::{Results, around, cell_of as cell, hard, record_of as record, scored, set};

use super::{Board, Filter};

pub fn board(results: &Results) -> Board {
    open(&[results], &Filter::default())
}

pub fn open(results: &[&Results], filter: &Filter) -> Board {
    Board::open(&stores(results), filter).unwrap()
}

pub fn stores(results: &[&Results]) -> Vec<Store> {
    results.iter().map(|results| results.store.clone()).collect()
}
