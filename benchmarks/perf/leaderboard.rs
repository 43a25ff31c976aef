//! What a leaderboard of many records costs: `cargo bench --bench leaderboard -- [RECORDS]`, by default 10 000.
//!
//! Prints the smallest seconds of five rounds for opening the board (read, check, rank) and for writing it as CSV.

mod many;

use std::{
    error::Error,
    io::{Write as _, stdout},
    time::Instant,
};

use compdd::{
    board::{Board, Filter},
    record::Store,
    report::grid::Format,
};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir()?;
    many::records(folder.path(), count)?;
    let store = Store::new(folder.path());
    let (mut open, mut write) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..5 {
        let begin = Instant::now();
        let board = Board::open(std::slice::from_ref(&store), &Filter::default())?;
        open = open.min(begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        let text = board.table(Format::Csv);
        write = write.min(begin.elapsed().as_secs_f64());
        assert_eq!(text.lines().count(), count + 1);
    }
    writeln!(stdout(), "{count} records: {open:.3} s to read, check and rank, {write:.3} s to write")?;
    Ok(())
}
