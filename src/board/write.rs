//! `leaderboard.csv` beside the records.

use super::{Board, BoardError, Filter};
use crate::{
    record::{RecordError, Store, atomic},
    report::grid::Format,
};

/// Writes the leaderboard of a folder, all columns and rows, whole or not at all.
///
/// # Errors
/// As [`Board::open`]; then nothing is written.
pub fn write(store: &Store) -> Result<Board, BoardError> {
    let board = Board::open(std::slice::from_ref(store), &Filter::default())?;
    let path = store.leaderboard();
    let text = board.sheet().write(Format::Csv);
    atomic::write_shared(&path, text.as_bytes()).map_err(RecordError::io("write", &path))?;
    Ok(board)
}
