//! The leaderboard in files.

use super::{Board, BoardError, Filter};
use crate::report::grid::Format;
use compdd_core::{
    files::{IoError, atomic},
    record::{RecordError, Store},
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
    let path = store.leaderboard();
    atomic::write_shared(&path, board.table(Format::Csv).as_bytes())
        .map_err(IoError::at("write", &path))
        .map_err(RecordError::from)?;
    Ok(board)
}

/// Writes the leaderboard after a run. What keeps it from being made is somebody else's file: the run is finished all the same, and `note`
/// is told.
pub fn refresh(store: &Store, note: &dyn Fn(&str)) {
    if let Err(error) = write(store) {
        note(&format!("warning: {} was left as it is: {error}", store.leaderboard().display()));
    }
}
