//! Scores in the making: rows of fixed length in an unfinished file, and a journal of what is done.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, TryLockError},
    io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::ComplexityError;
use compdd_core::files::{IoError, atomic};

/// What is known of an image before its names are looked up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Activated cells at each threshold.
    pub active: Vec<u32>,
    /// The output with the largest score.
    pub predicted: u32,
    /// Its probability.
    pub confidence: f32,
}

/// The unfinished file and its journal. Both stay behind when the work is interrupted, and the next attempt goes on.
#[derive(Debug)]
pub(super) struct Work {
    out: PathBuf,
    file: File,
    layout: Layout,
    done: BTreeMap<usize, Vec<(usize, String)>>,
}

/// The first line of a journal: what the file is laid out for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    /// Hash of everything that determines the scores.
    pub identity: String,
    /// Images, one place for each.
    pub images: usize,
    /// Thresholds.
    pub thresholds: usize,
}

/// A line of the journal: a portion is in its places, but for these.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    portion: usize,
    bad: Vec<(usize, String)>,
}

impl Layout {
    /// Bytes of an image.
    fn size(&self) -> usize {
        4 * self.thresholds + 8
    }
}

/// A file beside the one that is written in the end.
fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(out.as_os_str());
    name.push(ending);
    name.into()
}

impl Work {
    /// Begins, or goes on where an earlier attempt with the same layout was interrupted.
    pub fn begin(out: &Path, layout: Layout) -> Result<Self, ComplexityError> {
        let (path, journal) = (beside(out, ".part"), beside(out, ".journal"));
        let attempt = || {
            if let Some(folder) = out.parent() {
                fs::create_dir_all(folder)?;
            }
            File::options().create(true).truncate(false).read(true).write(true).open(&path)
        };
        let there = path.exists();
        let file = attempt().map_err(IoError::at("write", &path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(ComplexityError::Busy { out: out.into() }),
            Err(TryLockError::Error(error)) => tracing::debug!(path = %path.display(), %error, "no lock"),
            Ok(()) => {}
        }
        let done = notes(&journal, &layout).filter(|_| there);
        let restart = || {
            if done.is_none() {
                file.set_len(0)?;
            }
            // Written anew, so that nothing is appended to a line that was cut short.
            let mut text = serde_json::to_vec(&layout)?;
            for (&portion, bad) in done.iter().flatten() {
                text.push(b'\n');
                serde_json::to_writer(&mut text, &Note { portion, bad: bad.clone() })?;
            }
            text.push(b'\n');
            atomic::write(&journal, &text)
        };
        restart().map_err(IoError::at("write", &journal))?;
        let done = done.unwrap_or_default();
        if !done.is_empty() {
            tracing::info!(portions = done.len(), "going on with interrupted scores");
        }
        Ok(Self { out: out.into(), file, layout, done })
    }

    /// Whether a portion was done by an earlier attempt.
    pub fn has(&self, portion: usize) -> bool {
        self.done.contains_key(&portion)
    }

    /// Slots without a row, ascending, with the reasons.
    pub fn bad(&self) -> Vec<(usize, String)> {
        let mut bad: Vec<(usize, String)> = self.done.values().flatten().cloned().collect();
        bad.sort();
        bad
    }

    /// Stores a portion and notes it down once it is on the disk.
    pub fn finish(
        &mut self,
        portion: usize,
        rows: &[(usize, Entry)],
        bad: Vec<(usize, String)>,
    ) -> Result<(), ComplexityError> {
        let note = Note { portion, bad };
        let attempt = || -> io::Result<()> {
            let mut file = &self.file;
            for (slot, entry) in rows {
                file.seek(SeekFrom::Start((slot * self.layout.size()) as u64))?;
                file.write_all(&bytes(entry))?;
            }
            file.sync_data()?;
            let line = serde_json::to_string(&note)? + "\n";
            File::options().append(true).open(beside(&self.out, ".journal"))?.write_all(line.as_bytes())
        };
        attempt().map_err(IoError::at("write", &beside(&self.out, ".part")))?;
        self.done.insert(note.portion, note.bad);
        Ok(())
    }

    /// Visits every row in the order of slots.
    pub fn rows(
        &self,
        mut each: impl FnMut(usize, Entry) -> Result<(), ComplexityError>,
    ) -> Result<(), ComplexityError> {
        let fail = |source| IoError { action: "read", path: beside(&self.out, ".part"), source };
        let bad = self.bad();
        let mut bad = bad.iter().map(|(slot, _)| *slot).peekable();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        let mut reader = BufReader::new(file);
        let mut buffer = vec![0; self.layout.size()];
        for slot in 0..self.layout.images {
            if bad.next_if_eq(&slot).is_some() {
                // The place of a last image may not exist.
                if slot + 1 < self.layout.images {
                    reader.seek_relative(buffer.len() as i64).map_err(fail)?;
                }
                continue;
            }
            reader.read_exact(&mut buffer).map_err(fail)?;
            each(slot, entry(&buffer))?;
        }
        Ok(())
    }

    /// Removes the unfinished file and the journal.
    pub fn discard(self) {
        remove(&self.out);
    }
}

/// Removes what a process left that was killed after it had written `out`, unless one is still at it.
pub(super) fn tidy(out: &Path) {
    let held =
        File::open(beside(out, ".part")).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
    if !held {
        remove(out);
    }
}

fn remove(out: &Path) {
    for path in [beside(out, ".part"), beside(out, ".journal")] {
        if let Err(error) = fs::remove_file(&path) {
            tracing::debug!(path = %path.display(), %error, "leftover stays");
        }
    }
}

/// The notes of an earlier attempt, if it had the same layout. A last line that was cut short does not count.
fn notes(path: &Path, layout: &Layout) -> Option<BTreeMap<usize, Vec<(usize, String)>>> {
    let mut lines = BufReader::new(File::open(path).ok()?).lines().map_while(Result::ok);
    let found: Layout = serde_json::from_str(&lines.next()?).ok()?;
    let notes = lines.map_while(|line| serde_json::from_str::<Note>(&line).ok());
    (found == *layout).then(|| notes.map(|note| (note.portion, note.bad)).collect())
}

fn bytes(entry: &Entry) -> Vec<u8> {
    let counts = entry.active.iter().chain([&entry.predicted]).flat_map(|count| count.to_le_bytes());
    counts.chain(entry.confidence.to_le_bytes()).collect()
}

fn entry(bytes: &[u8]) -> Entry {
    let words = bytes.as_chunks::<4>().0;
    let (last, before) = (words.len() - 1, words.len() - 2);
    Entry {
        active: words[..before].iter().map(|word| u32::from_le_bytes(*word)).collect(),
        predicted: u32::from_le_bytes(words[before]),
        confidence: f32::from_le_bytes(words[last]),
    }
}
