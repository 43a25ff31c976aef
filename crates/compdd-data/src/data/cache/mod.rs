//! The cache: decoded images, kept so that the next run starts at once.
//!
//! | folder | what lies there |
//! |---|---|
//! | `blocks/` | one safetensors file per set of images, named by its content hash, with a `.seal` beside it |
//! | `sources/` | which block a set of files becomes: a small JSON file, named by the fingerprint of the files |
//! | `preparing/` | blocks in the making: a lock, the images so far, and a journal of what is done |
//!
//! A [`fingerprint`] says which files are meant without reading them; the same images from another place, or in another
//! layout, have another fingerprint and the same block. Blocks appear whole, by renaming, and are never changed. They are
//! looked over whenever they are opened and read in full when anything about the file changed, or every time where the folder is not one's
//! own and not trusted ([`Block`]); a damaged one is made again. A process that maps a block holds a shared lock on it, so that pruning leaves it alone.
//!
//! What may enter: files of the cache. Decoding happens next door.

mod block;
mod error;
pub(super) mod fingerprint;
mod lock;
mod prepare;
mod seal;
mod shelf;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(super) use block::{Block, checksum};
pub use error::{CacheError, human_size};
pub use shelf::Kept;

use super::{
    error::{BadFile, DataError},
    image_set::ImageSet,
    load::{self, Listing, Loaded, Request},
};
use compdd_core::{
    files::{atomic, plain},
    limits,
    progress::{Hooks, Interrupted},
};
use lock::Lock;
use prepare::Preparation;

/// A folder of decoded images, shared by every run that is pointed at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    limit: u64,
    required: bool,
    trusted: bool,
}

/// What a fingerprint stands for: the content of `sources/<fingerprint>.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// Content hash of the block.
    content: String,
    /// Subset, split and layout, for people.
    title: String,
    /// Images that could not be decoded and are not in the block.
    bad: Vec<(String, String)>,
}

impl Entry {
    /// The entry of a file, if it is one: its block is named by a hash, which is no path.
    fn read(path: &Path) -> Option<Self> {
        let entry: Self = serde_json::from_slice(&plain::bytes(path, limits::TABLE_BYTES).ok()?).ok()?;
        let is_hash = entry.content.len() == 64 && entry.content.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hash.then_some(entry)
    }
}

impl Cache {
    /// Bytes a cache may hold unless it is told otherwise: 64 GiB.
    pub const LIMIT: u64 = 64 << 30;

    /// A cache in `folder`, made when it is first needed, of at most `limit` bytes.
    pub fn new(folder: impl Into<PathBuf>, limit: u64) -> Self {
        Self { folder: folder.into(), limit, required: false, trusted: false }
    }

    /// The same cache, for somebody who wants images in it: what it cannot hold is an error, not held in memory instead.
    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same cache, trusted whoever it belongs to: blocks that others made are not read in full each time.
    #[must_use]
    pub fn trusted(self) -> Self {
        Self { trusted: true, ..self }
    }

    /// Whether what lies there was put there by this user, or is trusted all the same. A seal is a plain file: whoever may write beside a block
    /// can seal other pixels under its name.
    fn is_trusted(&self) -> bool {
        self.trusted || [&self.folder, &self.folder.join("blocks")].into_iter().all(|folder| plain::is_own(folder))
    }

    /// Whether images may be loaded into memory instead after an error.
    pub(super) fn may_go_without(&self, error: &CacheError) -> bool {
        !self.required && !matches!(error, CacheError::TooSmall { .. })
    }

    /// The images of a request, mapped: from a block that is there, or from one that is made now.
    pub(super) fn load(&self, request: &Request, hooks: Hooks<'_>) -> Result<Loaded, DataError> {
        let print = fingerprint::of(request)?;
        let lock = self.file("preparing", &print, "lock");
        if let Some(loaded) = self.stored(&print)? {
            Lock::clear(&lock);
            return Ok(loaded);
        }
        let Some(_lock) = Lock::acquire(&lock, hooks)? else {
            return Err(Interrupted.into());
        };
        if let Some(loaded) = self.stored(&print)? {
            return Ok(loaded);
        }
        self.prepare(&print, request, hooks)?;
        self.shrink();
        self.stored(&print)?.ok_or_else(|| CacheError::Vanished { folder: self.folder.clone() }.into())
    }

    /// The block of a fingerprint, if it is there and sound. A damaged one is removed.
    fn stored(&self, print: &str) -> Result<Option<Loaded>, DataError> {
        let path = self.file("sources", print, "json");
        let Some(entry) = Entry::read(&path) else { return Ok(None) };
        let file = self.block_path(&entry.content);
        match Block::open(&file, &entry.content, self.is_trusted()) {
            Ok(Some(block)) => {
                let bad = entry.bad.into_iter().map(|(path, reason)| BadFile { path: path.into(), reason }).collect();
                Ok(Some(Loaded { images: ImageSet::mapped(block)?, bad }))
            }
            Ok(None) => Ok(None),
            Err(reason) => {
                tracing::warn!("{} is damaged ({reason}) and is made again", file.display());
                shelf::discard(&file);
                Ok(None)
            }
        }
    }

    fn prepare(&self, print: &str, request: &Request, hooks: Hooks<'_>) -> Result<(), DataError> {
        let listing = Listing::of(request)?;
        let size: usize = request.decode.shape().iter().product();
        let needed = (listing.items.len() * size) as u64;
        if needed > self.limit {
            return Err(CacheError::TooSmall { needed, limit: self.limit }.into());
        }
        let mut work =
            Preparation::begin(&self.folder.join("preparing").join(print), listing.items.len(), size, request)?;
        let title = format!("{} {} ({})", request.subset, request.split, request.part.source.kind());
        let done = load::decode(request, &listing, hooks, &mut work).and_then(|()| {
            if fingerprint::of(request)? == print {
                Ok(())
            } else {
                Err(DataError::Changed { folder: request.part.folder.clone(), split: request.split })
            }
        });
        match done {
            Ok(()) => {}
            Err(DataError::Interrupted(_)) => return Err(Interrupted.into()),
            Err(error) => {
                work.discard();
                return Err(error);
            }
        }
        let bad = request.bad_files(&listing, &work.bad());
        let content = work.finish(&listing.labels, request, |content| self.block_path(content))?;
        let bad = bad.into_iter().map(|file| (file.path.to_string_lossy().into_owned(), file.reason)).collect();
        let entry = serde_json::to_vec_pretty(&Entry { content, title, bad }).map_err(std::io::Error::from);
        let path = self.file("sources", print, "json");
        entry
            .and_then(|text| atomic::write_shared(&path, &text))
            .map_err(|source| CacheError::Write { path, source })?;
        Ok(())
    }

    fn file(&self, room: &str, name: &str, ending: &str) -> PathBuf {
        self.folder.join(room).join(format!("{name}.{ending}"))
    }

    fn block_path(&self, content: &str) -> PathBuf {
        self.file("blocks", content, "safetensors")
    }
}
