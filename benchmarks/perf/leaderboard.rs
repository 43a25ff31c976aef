//! What a leaderboard of many records costs: `cargo bench --bench leaderboard -- RESULTS [COUNT] [ROUNDS]`.
//!
//! The first record of RESULTS with five students is written COUNT times (10 000) into a folder that goes at the end, each with seeds and
//! scores of its own and with a timing. Printed are the smallest seconds of all rounds for opening the board (read, check, rank) and for
//! writing it as CSV.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Instant;

use compdd::board::{Board, Filter};
use compdd::record::{Accuracy, Query, Record, Store, Summary, Timing};
use compdd::report::grid::Format;
use compdd::rng::Stream;

/// A record as the template, of another run.
fn other(template: &Record, seed: u64) -> Result<Record, Box<dyn Error>> {
    let (mut record, mut stream) = (template.clone(), Stream::new(seed, "leaderboard", 0));
    record.cell.seed = seed;
    record.id = record.cell.id();
    let level = 0.2 + 0.5 * f64::from(stream.uniform());
    for student in &mut record.students {
        student.accuracy = Accuracy::new(level + 0.01 * f64::from(stream.uniform()))?;
    }
    record.summary = Summary::of_students(&record.students).ok_or("no students")?;
    record.recovery = None;
    Ok(record)
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [results, rest @ ..] = &words[..] else { return Err("usage: leaderboard RESULTS [COUNT] [ROUNDS]".into()) };
    let count: u64 = rest.first().map_or(Ok(10_000), |word| word.parse())?;
    let rounds: usize = rest.get(1).map_or(Ok(5), |word| word.parse())?;
    let template = Store::new(results).list(&Query::default())?.into_iter().find(|record| record.students.len() == 5);
    let template = template.ok_or("no record with five students")?;
    let folder = tempfile::tempdir()?;
    let store = Store::new(folder.path());
    for seed in 0..count {
        let record = other(&template, seed)?;
        let mut timing = Timing::new(&record.id, "cpu");
        timing.distill_seconds = Some(seed as f64);
        // Not `Store::save`, which waits for the disk.
        let path = store.record_path(&record.cell);
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        std::fs::write(&path, record.to_json()?)?;
        std::fs::write(store.timing_path(&record.cell), serde_json::to_string_pretty(&timing)?)?;
    }
    let (mut open, mut write) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds {
        let begin = Instant::now();
        let board = Board::open(std::slice::from_ref(&store), &Filter::default())?;
        open = open.min(begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        let text = board.table(Format::Csv);
        write = write.min(begin.elapsed().as_secs_f64());
        assert_eq!(text.lines().count() as u64, count + 1);
    }
    writeln!(stdout(), "{count} records: {open:.3} s to read, check and rank, {write:.3} s to write")?;
    Ok(())
}
