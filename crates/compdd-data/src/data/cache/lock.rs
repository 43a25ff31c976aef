//! One process prepares a block; the others wait for it.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::CacheError;
use compdd_core::{files::plain, progress::Hooks};

/// A lock held by this process. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

const PAUSE: Duration = Duration::from_millis(100);

impl Lock {
    /// Takes the lock, waiting for whoever holds it; `None` when asked to stop meanwhile.
    ///
    /// On a file system without locks everybody gets one: blocks appear by renaming, so the worst is that two processes do
    /// the same work.
    pub fn acquire(path: &Path, hooks: Hooks<'_>) -> Result<Option<Self>, CacheError> {
        let fail = |source| CacheError::Write { path: path.to_owned(), source };
        fs::create_dir_all(path.parent().unwrap_or(path)).map_err(fail)?;
        let mut waited = false;
        loop {
            let file = plain::open_to_write(path).map_err(fail)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {}
                // Whoever held it before may have removed the file after we opened it: then it guards nothing.
                _ if is_current(&file, path) => return Ok(Some(Self { path: path.to_owned(), _file: file })),
                _ => continue,
            }
            if hooks.stop.is_requested() {
                return Ok(None);
            }
            if !waited {
                let lock = path.display();
                hooks.progress.note(&format!("another run is preparing these images; waiting for it (lock: {lock})"));
                waited = true;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Removes the lock file of a process that was killed after its work was done; one that somebody holds stays.
    pub fn clear(path: &Path) {
        let Ok(file) = plain::open_plain(path) else { return };
        if file.try_lock().is_ok() && is_current(&file, path) {
            drop(Self { path: path.to_owned(), _file: file });
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %error, "lock file stays");
        }
    }
}

/// Whether the open file is still what lies at `path`.
fn is_current(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |data: io::Result<fs::Metadata>| data.map(|data| (data.dev(), data.ino())).ok();
        id(file.metadata()).is_some_and(|own| Some(own) == id(fs::metadata(path)))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

/// Whether somebody holds a lock on a file that exists; `None` where the file system has no locks.
pub(super) fn is_held(path: &Path) -> Option<bool> {
    let Ok(file) = plain::open_plain(path) else { return Some(false) };
    match file.try_lock() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}
