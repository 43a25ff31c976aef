//! A site of many records: `cargo bench --bench site -- [RECORDS]`, by default 10 000.
//!
//! Prints seconds for reading (with every check of the leaderboard) and for writing, the fastest of three rounds, and what was written.

mod many;

use std::{
    error::Error,
    io::{Write as _, stdout},
    path::PathBuf,
    time::{Duration, Instant},
};

use compdd::{data::Library, record::Store, site::Site};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir()?;
    let (results, out) = (folder.path().join("results"), folder.path().join("sites"));
    many::records(&results, count)?;
    let mut best = [Duration::MAX; 2];
    for round in 0..3 {
        // A folder that is new: one that was just emptied costs the file system more.
        let out = out.join(round.to_string());
        let begin = Instant::now();
        let site = Site::read(&[Store::new(&results)])?;
        let read = begin.elapsed();
        let begin = Instant::now();
        site.write(&out, &Library::new(Vec::<PathBuf>::new()))?;
        best = [best[0].min(read), best[1].min(begin.elapsed())];
    }
    let files =
        || walkdir::WalkDir::new(out.join("0")).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    let bytes: u64 = files().filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum();
    let [read, write] = best.map(|time| time.as_secs_f64());
    let size = compdd::data::human_size(bytes);
    let made = files().count();
    writeln!(
        stdout(),
        "{count} records: read and ranked in {read:.2} s, written in {write:.2} s, {made} files, {size}"
    )?;
    Ok(())
}
