//! What the cache holds, and making room in it.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{
    Block, Cache, CacheError, Entry,
    lock::{self, Lock},
    seal,
};

/// Where locks do not work, a block that was used this recently counts as in use.
const RECENT: Duration = Duration::from_secs(24 * 3600);

/// A block as lists show it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Content hash of its images.
    pub content: String,
    /// Its file.
    pub path: PathBuf,
    /// Bytes of the file.
    pub bytes: u64,
    /// When it was last opened.
    pub used: Option<SystemTime>,
    /// Whether a process has it open.
    pub in_use: bool,
    /// Subsets, splits and layouts that it was made from.
    pub titles: Vec<String>,
}

impl Cache {
    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every block, the one that was used last first.
    pub fn blocks(&self) -> Result<Vec<Kept>, CacheError> {
        let mut titles: HashMap<String, BTreeSet<String>> = HashMap::new();
        for path in self.listed("sources", "json")? {
            if let Some(entry) = Entry::read(&path) {
                titles.entry(entry.content).or_default().insert(entry.title);
            }
        }
        let mut kept: Vec<Kept> = Vec::new();
        for path in self.listed("blocks", "safetensors")? {
            let content = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            kept.push(Kept {
                bytes: fs::metadata(&path).map_or(0, |data| data.len()),
                used: seal::last_used(&path),
                in_use: is_used(&path),
                titles: titles.remove(&content).unwrap_or_default().into_iter().collect(),
                content,
                path,
            });
        }
        kept.sort_by_key(|block| std::cmp::Reverse(block.used));
        Ok(kept)
    }

    /// Removes blocks that were not used for longest until at most `limit` bytes are left, leaving alone those in use; then
    /// whatever points nowhere and preparations that nobody works on. Returns the removed blocks.
    pub fn prune(&self, limit: u64) -> Result<Vec<Kept>, CacheError> {
        let removed = self.shrink_to(limit)?;
        for path in self.listed("preparing", "part")?.into_iter().chain(self.listed("preparing", "journal")?) {
            if lock::is_held(&path.with_extension("lock")) != Some(true) {
                remove(&path)?;
            }
        }
        self.listed("preparing", "lock")?.iter().for_each(|path| Lock::clear(path));
        Ok(removed)
    }

    /// Keeps the cache below its own limit; a failure is only worth a warning.
    pub(super) fn shrink(&self) {
        match self.shrink_to(self.limit) {
            Ok(removed) if removed.is_empty() => {}
            Ok(removed) => {
                tracing::info!(blocks = removed.len(), "removed from the image cache to stay within its size");
            }
            Err(error) => tracing::warn!("{error}"),
        }
    }

    fn shrink_to(&self, limit: u64) -> Result<Vec<Kept>, CacheError> {
        let mut kept = self.blocks()?;
        let mut total: u64 = kept.iter().map(|block| block.bytes).sum();
        let mut removed = Vec::new();
        while total > limit {
            let Some(oldest) = kept.iter().rposition(|block| !block.in_use) else { break };
            let block = kept.remove(oldest);
            remove(&block.path)?;
            remove(&seal::path(&block.path))?;
            total -= block.bytes;
            removed.push(block);
        }
        let left: BTreeSet<String> = kept.into_iter().map(|block| block.content).collect();
        for path in self.listed("sources", "json")? {
            if Entry::read(&path).is_none_or(|entry| !left.contains(&entry.content)) {
                remove(&path)?;
            }
        }
        Ok(removed)
    }

    /// Reads every block in full; returns the damaged ones, which are removed, with what is wrong.
    pub fn verify(&self) -> Result<Vec<(Kept, String)>, CacheError> {
        let mut damaged = Vec::new();
        for block in self.blocks()? {
            if let Err(reason) = Block::verify(&block.path, &block.content) {
                discard(&block.path);
                damaged.push((block, reason));
            }
        }
        Ok(damaged)
    }

    /// Files of a kind in one of the cache's folders, sorted; none where the folder does not exist.
    fn listed(&self, room: &str, ending: &str) -> Result<Vec<PathBuf>, CacheError> {
        let folder = self.folder.join(room);
        let fail = |source| CacheError::Read { path: folder.clone(), source };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(fail)?,
        };
        let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut paths = paths.map_err(fail)?;
        paths.retain(|path| path.extension().is_some_and(|own| own == ending));
        paths.sort();
        Ok(paths)
    }
}

fn is_used(block: &Path) -> bool {
    let recently = || seal::last_used(block).and_then(|used| used.elapsed().ok()).is_none_or(|age| age < RECENT);
    lock::is_held(block).unwrap_or_else(recently)
}

/// Removes a block that is no good.
pub(super) fn discard(block: &Path) {
    for path in [block, &seal::path(block)] {
        if let Err(error) = remove(path) {
            tracing::warn!("{error}");
        }
    }
}

fn remove(path: &Path) -> Result<(), CacheError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CacheError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
