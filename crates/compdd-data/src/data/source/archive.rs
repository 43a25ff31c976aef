//! Reading images where they lie in tar archives, without unpacking anything.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use compdd_core::files::{IoError, plain};

use rayon::prelude::*;

use super::{Item, Picture};
use crate::data::{error::DataError, parse::Member};

/// No image is longer: what claims to be is refused before any memory is set aside.
const LARGEST_IMAGE: u64 = 1 << 28;

/// Archives in a fixed order; [`Place::part`](super::Place) is a position in it.
#[derive(Debug)]
pub(super) struct Archives(pub Vec<PathBuf>);

impl Archives {
    /// The whole of an archive, for a walk.
    pub fn span(&self, part: usize) -> Result<Span, DataError> {
        let path = &self.0[part];
        let unreadable = |source| DataError::from(IoError { action: "read", path: path.clone(), source });
        let file = plain::open_regular(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        Ok(Span { file, start: 0, length, at: 0 })
    }

    /// The archive of an item and the item's name in it.
    pub fn path(&self, item: &Item) -> PathBuf {
        self.0.get(item.place.part as usize).map_or_else(|| item.file.clone(), |archive| archive.join(&item.file))
    }

    /// Reads one image.
    pub fn read(&self, item: &Item) -> Result<Picture, String> {
        picture(&self.open(item.place.part)?, item)
    }

    /// Reads many images; every archive is opened once.
    pub fn read_each(&self, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        let mut open: BTreeMap<u32, Arc<Result<File, String>>> = BTreeMap::new();
        for item in items {
            open.entry(item.place.part).or_insert_with_key(|&part| Arc::new(self.open(part)));
        }
        items.par_iter().enumerate().for_each(|(i, item)| {
            each(
                i,
                open[&item.place.part].as_ref().as_ref().map_err(Clone::clone).and_then(|file| picture(file, item)),
            );
        });
    }

    fn open(&self, part: u32) -> Result<File, String> {
        let path = self.0.get(part as usize).ok_or("the archive is not known")?;
        plain::open_regular(path).map_err(|error| error.to_string())
    }
}

fn picture(file: &File, item: &Item) -> Result<Picture, String> {
    if item.place.length > LARGEST_IMAGE {
        return Err(format!("{} bytes are too many for an image", item.place.length));
    }
    let mut bytes = vec![0; item.place.length as usize];
    match read_exact_at(file, &mut bytes, item.place.start) {
        Ok(()) => Ok(Picture::Encoded(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err("the archive ends before the image".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Fills a buffer from a place in a file without moving a position that others share.
pub(super) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                buffer = &mut buffer[n..];
                at += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// A part of a file that is read like a file of its own: an archive in an archive.
#[derive(Debug)]
pub(super) struct Span {
    file: File,
    start: u64,
    length: u64,
    at: u64,
}

impl Span {
    /// The content of a member.
    pub fn inner(self, start: u64, length: u64) -> Self {
        Self { start: self.start.saturating_add(start), length, at: 0, file: self.file }
    }
}

impl Read for Span {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.length.saturating_sub(self.at).min(buffer.len() as u64) as usize;
        let n = read_at(&self.file, &mut buffer[..rest], self.start.saturating_add(self.at))?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Span {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Whether a member is an image that counts.
pub(super) fn is_image(member: &Member) -> bool {
    super::class_folders::has_image_ending(Path::new(member.base())) && !member.is_hidden()
}

/// The tar archives directly in a folder, sorted; none where the folder cannot be read.
pub(super) fn tars(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_tar = |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("tar"));
    let hidden = |path: &PathBuf| path.file_name().is_some_and(plain::is_hidden);
    let mut tars: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| is_tar(path) && !hidden(path)).collect();
    tars.sort();
    tars
}
