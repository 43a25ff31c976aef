//! A block in the making: images in their places in an unfinished file, and a journal of what is done.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use compdd_core::files::plain;
use serde::{Deserialize, Serialize};

use super::{
    CacheError,
    block::{self, About},
    seal,
};
use crate::data::{
    error::DataError,
    image_set::content_hasher,
    load::{PORTION, Request, Target, good_slots},
};

/// How often finished images are flushed to the disk and noted down.
const INTERVAL: Duration = Duration::from_secs(5);

/// The unfinished block and its journal. Both stay behind when the work is interrupted, and the next attempt goes on.
#[derive(Debug)]
pub(super) struct Preparation {
    path: PathBuf,
    file: File,
    images: usize,
    size: usize,
    room: usize,
    journal: Journal,
}

#[derive(Debug)]
struct Journal {
    path: PathBuf,
    done: Vec<Note>,
    waiting: Vec<Note>,
    flushed: Instant,
}

/// A line of the journal: a portion of the images is in its place, but for these.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Note {
    portion: usize,
    bad: Vec<(usize, String)>,
}

/// The first line of a journal: what the file was laid out for.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Layout {
    images: usize,
    size: usize,
    room: usize,
    portion: usize,
}

impl Preparation {
    /// Begins, or goes on where an earlier attempt with the same layout was interrupted.
    pub fn begin(stem: &Path, images: usize, size: usize, request: &Request) -> Result<Self, CacheError> {
        let room = block::room(images, request.names, &request.decode.describe());
        let layout = Layout { images, size, room, portion: PORTION };
        let (path, notes) = (stem.with_extension("part"), stem.with_extension("journal"));
        let done = Journal::read(&notes, &layout).filter(|_| path.exists());
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| CacheError::Write { path, source }
        };
        let file = plain::open_to_write(&path).map_err(fail(&path))?;
        if done.is_none() {
            file.set_len(0).map_err(fail(&path))?;
            Journal::begin(&notes, &layout).map_err(fail(&notes))?;
        }
        let done = done.unwrap_or_default();
        if !done.is_empty() {
            tracing::info!(portions = done.len(), "going on with an interrupted preparation");
        }
        let journal = Journal { path: notes, done, waiting: Vec::new(), flushed: Instant::now() };
        Ok(Self { path, file, images, size, room, journal })
    }

    /// The slots without an image, with the reasons.
    pub fn bad(&self) -> Vec<(usize, String)> {
        self.journal.done.iter().chain(&self.journal.waiting).flat_map(|note| note.bad.clone()).collect()
    }

    /// Removes the unfinished block.
    pub fn discard(self) {
        for path in [&self.path, &self.journal.path] {
            if let Err(error) = fs::remove_file(path) {
                tracing::debug!(path = %path.display(), %error, "leftover stays");
            }
        }
    }

    /// Completes the block and moves it to the path that belongs to its content hash, which is returned.
    pub fn finish(
        mut self,
        labels: &[u32],
        request: &Request,
        path_of: impl FnOnce(&str) -> PathBuf,
    ) -> Result<String, CacheError> {
        match self.complete(labels, request, path_of) {
            Ok(content) => {
                self.discard();
                Ok(content)
            }
            Err(source) => {
                let path = self.path.clone();
                self.discard();
                Err(CacheError::Write { path, source })
            }
        }
    }

    fn complete(
        &mut self,
        labels: &[u32],
        request: &Request,
        path_of: impl FnOnce(&str) -> PathBuf,
    ) -> io::Result<String> {
        let good = good_slots(self.images, &self.bad());
        self.close_gaps(&good)?;
        let labels: Vec<u32> = good.iter().map(|&slot| labels[slot]).collect();
        let (decode, shape, classes) = (request.decode.describe(), request.decode.shape(), request.names.to_vec());
        let mut hasher = content_hasher(&decode, shape, &classes, &labels);
        let mut checksums = Vec::with_capacity(good.len());
        let mut reader = BufReader::with_capacity(1 << 22, &self.file);
        reader.seek(SeekFrom::Start(self.room as u64))?;
        let mut image = vec![0; self.size];
        for _ in &good {
            reader.read_exact(&mut image)?;
            hasher.update(&image);
            checksums.push(block::checksum(&image));
        }
        let about = About { content: hasher.finalize().to_hex().to_string(), decode, shape, classes };
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&block::front(&about, &labels, &checksums, self.room)?)?;
        self.file.sync_all()?;
        let path = path_of(&about.content);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::rename(&self.path, &path)?;
        seal::set(&path);
        Ok(about.content)
    }

    /// Moves the images together, so that none is missing in between.
    fn close_gaps(&mut self, good: &[usize]) -> io::Result<()> {
        let mut image = vec![0; self.size];
        for (to, &from) in good.iter().enumerate().filter(|(to, from)| *to != **from) {
            self.file.seek(SeekFrom::Start(self.offset(from)))?;
            self.file.read_exact(&mut image)?;
            self.file.seek(SeekFrom::Start(self.offset(to)))?;
            self.file.write_all(&image)?;
        }
        self.file.set_len(self.offset(good.len()))
    }

    fn offset(&self, slot: usize) -> u64 {
        (self.room + slot * self.size) as u64
    }

    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) -> Result<(), DataError> {
        work(self).map_err(|source| CacheError::Write { path: self.path.clone(), source }.into())
    }
}

impl Target for Preparation {
    fn has(&self, portion: usize) -> bool {
        self.journal.done.iter().any(|note| note.portion == portion)
    }

    fn put(&mut self, slot: usize, pixels: &[u8]) -> Result<(), DataError> {
        self.attempt(|work| {
            work.file.seek(SeekFrom::Start(work.offset(slot)))?;
            work.file.write_all(pixels)
        })
    }

    fn finish(&mut self, portion: usize, bad: &[(usize, String)]) -> Result<(), DataError> {
        self.journal.waiting.push(Note { portion, bad: bad.to_vec() });
        if self.journal.flushed.elapsed() < INTERVAL { Ok(()) } else { self.pause() }
    }

    fn pause(&mut self) -> Result<(), DataError> {
        self.attempt(|work| {
            work.file.sync_data()?;
            work.journal.flush()
        })
    }
}

impl Journal {
    /// The notes of an earlier attempt, if it had the same layout. A last line that was cut short does not count.
    fn read(path: &Path, layout: &Layout) -> Option<Vec<Note>> {
        let mut lines = BufReader::new(plain::open_plain(path).ok()?).lines().map_while(Result::ok);
        let found: Layout = serde_json::from_str(&lines.next()?).ok()?;
        (found == *layout).then(|| lines.map_while(|line| serde_json::from_str(&line).ok()).collect())
    }

    /// An empty journal in place of what lies there.
    fn begin(path: &Path, layout: &Layout) -> io::Result<()> {
        let mut file = plain::open_to_write(path)?;
        file.set_len(0)?;
        file.write_all((serde_json::to_string(layout)? + "\n").as_bytes())
    }

    /// Notes down what is on the disk by now.
    fn flush(&mut self) -> io::Result<()> {
        let mut text = Vec::new();
        for note in &self.waiting {
            serde_json::to_writer(&mut text, note)?;
            text.push(b'\n');
        }
        plain::open_to_append(&self.path)?.write_all(&text)?;
        self.done.append(&mut self.waiting);
        self.flushed = Instant::now();
        Ok(())
    }
}
