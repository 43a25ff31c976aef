//! The private folder of a cell while it is being computed: checkpoints, and a lock that keeps a second process out.

use std::{
    fs::{self},
    io,
    path::{Path, PathBuf},
};

use crate::methods::{State, StateError};
use compdd_core::files::{IoError, Lock, LockError, atomic};

/// What can go wrong around the working folder.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WorkError {
    /// Another process computes the same cell.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    /// The folder cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
    /// A checkpoint that is not ours.
    #[error("the checkpoint {} cannot be used", path.display())]
    #[diagnostic(help("delete the file and give the command again: the stage then starts afresh"))]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// Why.
        source: StateError,
    },
}

/// Marks a folder whose content was made since it was cleared.
const FRESH: &str = "fresh";

/// The folder, locked for this process until it is dropped or finished.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
    _lock: Lock,
}

impl WorkFolder {
    /// Opens (and locks) the folder, making it if needed. `fresh` discards what an earlier run left, once: a fresh run that
    /// was interrupted is continued by the next one.
    ///
    /// # Errors
    /// [`WorkError::Lock`] when another process holds the lock.
    pub fn open(path: &Path, fresh: bool) -> Result<Self, WorkError> {
        let lock = Lock::take(path)?;
        let folder = Self { path: path.to_owned(), _lock: lock };
        if fresh && folder.load(FRESH)?.is_none() {
            folder.clear()?;
            folder.save(FRESH, &State::default())?;
        }
        Ok(folder)
    }

    /// A path inside the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The state saved under a name, if there is one.
    ///
    /// # Errors
    /// [`WorkError::Checkpoint`] when the file is damaged.
    pub fn load(&self, name: &str) -> Result<Option<State>, WorkError> {
        let path = self.file(name);
        match fs::read(&path) {
            Ok(bytes) => State::from_bytes(&bytes).map(Some).map_err(|source| WorkError::Checkpoint { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(IoError { action: "read", path, source }.into()),
        }
    }

    /// Saves a state, atomically.
    ///
    /// # Errors
    /// [`WorkError::Io`].
    pub fn save(&self, name: &str, state: &State) -> Result<(), WorkError> {
        let path = self.file(name);
        let bytes = state.to_bytes().map_err(|source| WorkError::Checkpoint { path: path.clone(), source })?;
        Ok(atomic::write(&path, &bytes).map_err(IoError::at("write", &path))?)
    }

    /// Removes the folder: the result is stored elsewhere.
    ///
    /// # Errors
    /// [`WorkError::Io`].
    pub fn finish(self) -> Result<(), WorkError> {
        Ok(fs::remove_dir_all(&self.path).map_err(IoError::at("remove", &self.path))?)
    }

    /// Removes the folder that a run left if it was killed after its last record.
    ///
    /// # Errors
    /// [`WorkError::Lock`] when another process holds the lock, and [`WorkError::Io`].
    pub fn tidy(path: &Path) -> Result<(), WorkError> {
        if path.exists() { Self::open(path, false)?.finish() } else { Ok(()) }
    }

    fn clear(&self) -> Result<(), WorkError> {
        for entry in fs::read_dir(&self.path).map_err(IoError::at("clear", &self.path))? {
            let path = entry.map_err(IoError::at("clear", &self.path))?.path();
            if path.file_name().is_some_and(|name| name == "lock") {
                continue;
            }
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(IoError::at("remove", &path))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_and_nothing_left_behind() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("cell");
        let work = WorkFolder::open(&path, false).unwrap();
        assert!(matches!(WorkFolder::open(&path, false), Err(WorkError::Lock(LockError::Busy { .. }))));
        let mut state = State::default();
        state.put_number("step", 3);
        work.save("distil", &state).unwrap();
        assert_eq!(work.load("distil").unwrap(), Some(state));
        assert_eq!(work.load("absent").unwrap(), None);
        drop(work);
        let fresh = WorkFolder::open(&path, true).unwrap();
        assert_eq!(fresh.load("distil").unwrap(), None);
        fresh.save("distil", &State::default()).unwrap();
        drop(fresh);
        let fresh = WorkFolder::open(&path, true).unwrap();
        assert!(fresh.load("distil").unwrap().is_some(), "an interrupted fresh run continues");
        assert!(matches!(WorkFolder::tidy(&path), Err(WorkError::Lock(LockError::Busy { .. }))));
        fresh.finish().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_a_kill_left_after_the_last_record_goes() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("cell");
        WorkFolder::tidy(&path).unwrap();
        assert!(!path.exists());
        WorkFolder::open(&path, false).unwrap().save("distil", &State::default()).unwrap();
        WorkFolder::tidy(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_damaged_checkpoint_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let work = WorkFolder::open(root.path(), false).unwrap();
        fs::write(work.file("distil"), b"half a file").unwrap();
        assert!(matches!(work.load("distil"), Err(WorkError::Checkpoint { .. })));
    }
}
