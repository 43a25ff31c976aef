//! Which files are the shards of a split, whether all are there, and reading them from several threads.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use compdd_core::files::{IoError, plain};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result as Parquet},
    file::reader::{ChunkReader, Length},
};

use super::super::{
    Split,
    annotation::malformed,
    archive::{read_at, read_exact_at},
};
use crate::data::{
    error::DataError,
    parse::{
        ParseError,
        parquet::{Label, Shard},
    },
};

/// The shards of a split, sorted by name.
#[derive(Debug)]
pub(super) struct Shards {
    pub files: Vec<PathBuf>,
}

impl Shards {
    /// The shards of each of some splits that are there.
    pub fn find(folder: &Path, splits: &[&str]) -> Vec<Self> {
        let here: Vec<PathBuf> =
            [folder.to_owned(), folder.join("data")].iter().flat_map(|folder| parquets(folder)).collect();
        let of = |split: &&str| {
            let mut files: Vec<PathBuf> = here.iter().filter(|path| belongs(path, split)).cloned().collect();
            if files.is_empty() {
                files = parquets(&folder.join(split));
            }
            (!files.is_empty()).then_some(Self { files })
        };
        splits.iter().filter_map(of).collect()
    }

    /// Whether every shard is there, where their names say how many there are: `train-00000-of-00005`.
    pub fn complete(&self, folder: &Path, split: Split) -> Result<(), DataError> {
        let mut missing = BTreeSet::new();
        for path in &self.files {
            let stem = stem_of(path);
            let Some((head, tail)) = stem.split_once("-of-") else { continue };
            let (Some((name, number)), digits) = (head.rsplit_once('-'), tail.split('-').next().unwrap_or_default())
            else {
                continue;
            };
            let count: usize = digits.parse().unwrap_or(0).min(1_000_000);
            let rest = &tail[digits.len()..];
            for i in 0..count {
                let wanted = format!("{name}-{i:0width$}-of-{digits}", width = number.len());
                // A hash after the number differs from shard to shard.
                if !self.files.iter().any(|path| stem_of(path).starts_with(&wanted)) {
                    missing.insert(format!("{wanted}{}.parquet", if rest.is_empty() { "" } else { "-*" }));
                }
            }
            break;
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(DataError::MissingFiles { path: folder.to_owned(), split, files: missing.into_iter().collect() })
    }

    /// Whether the first shard has a label that is not -1.
    pub fn has_labels(&self) -> Result<bool, DataError> {
        let Some(path) = self.files.first() else { return Ok(false) };
        let (shard, file) = open(path)?;
        let mut any = false;
        let visited = shard.labels(&Arc::new(file), &mut |label, _| {
            any |= label != Label::Number(-1);
            Ok(())
        });
        visited.map(|()| any).map_err(|error| malformed(path, &error))
    }
}

/// Whether a file is called as a shard of a split: `train.parquet`, `train-00000-of-00001.parquet`.
fn belongs(path: &Path, split: &str) -> bool {
    let stem = stem_of(path);
    stem.strip_prefix(split).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

fn stem_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The Parquet files of a folder, sorted; none where it cannot be read.
fn parquets(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "parquet")).collect();
    files.sort();
    files
}

/// A shard's file.
pub(super) fn file(path: &Path) -> Result<Positioned, DataError> {
    let unreadable = |source| DataError::from(IoError { action: "read", path: path.to_owned(), source });
    let file = plain::open_regular(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    Ok(Positioned { file: Arc::new(file), length })
}

/// No image takes fewer bytes.
const SMALLEST_IMAGE: u64 = 16;

/// A shard's directory and file, whose rows could be images.
pub(super) fn open(path: &Path) -> Result<(Shard, Positioned), DataError> {
    let file = file(path)?;
    let shard = Shard::open(&file).map_err(|error| malformed(path, &error))?;
    let rows: u64 = shard.groups().sum();
    if rows > file.length / SMALLEST_IMAGE {
        let why = format!("it announces {rows} rows in {} bytes, which no images take", file.length);
        return Err(malformed(path, &ParseError::new(why)));
    }
    Ok((shard, file))
}

/// A file that is read at places. Clones of a file share one position, so that threads that seek disturb each other.
#[derive(Debug)]
pub(super) struct Positioned {
    file: Arc<File>,
    length: u64,
}

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Parquet<Self::T> {
        Ok(BufReader::new(From { file: Arc::clone(&self.file), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Parquet<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not in the file")));
        }
        let mut bytes = vec![0; length];
        read_exact_at(&self.file, &mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A file from some place on.
#[derive(Debug)]
pub(super) struct From {
    file: Arc<File>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = read_at(&self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
