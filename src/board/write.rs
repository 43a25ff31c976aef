//! The leaderboard in files.

use std::path::Path;

use super::{Board, BoardError, Filter};
use crate::{
    record::{RecordError, Store, atomic},
    report::grid::Format,
};

impl Board {
    /// The table in a format: all columns as CSV, those that fit a page in LaTeX, otherwise those that a person reads.
    pub fn table(&self, format: Format) -> String {
        let grid = match format {
            Format::Csv => self.sheet(),
            Format::Latex => self.narrow(),
            Format::Markdown | Format::Html | Format::Term => self.grid(),
        };
        grid.write(format)
    }
}

/// Writes `leaderboard.csv` of a folder, all columns and rows, whole or not at all.
///
/// # Errors
/// As [`Board::open`]; then nothing is written.
pub fn write(store: &Store) -> Result<Board, BoardError> {
    let board = Board::open(std::slice::from_ref(store), &Filter::default())?;
    save(&store.leaderboard(), &board.table(Format::Csv))?;
    Ok(board)
}

/// Writes a table to a file, whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn save(path: &Path, text: &str) -> Result<(), BoardError> {
    Ok(atomic::write_shared(path, text.as_bytes()).map_err(RecordError::io("write", path))?)
}
