//! A folder that one process works in at a time.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{IoError, plain};
use crate::progress::{Interrupted, Stop};

/// Time between two looks at what another process is doing.
const PAUSE: Duration = Duration::from_millis(200);

/// A lock held by this process. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a lock was not given.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LockError {
    /// Another process holds it.
    #[error("another process is working on {} (lock: {})", folder.display(), folder.join("lock").display())]
    #[diagnostic(help("wait for it, or stop it; what it has done is used by the next run"))]
    Busy {
        /// The folder that is locked.
        folder: PathBuf,
    },
    /// The folder or the lock file cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Io(#[from] IoError),
}

impl Lock {
    /// Makes a folder if need be and takes the lock that lies in it. A lock file that is a link is not followed.
    ///
    /// # Errors
    /// [`LockError::Busy`] when another process holds it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        fs::create_dir_all(folder).map_err(IoError::at("create", folder))?;
        let path = folder.join("lock");
        let file = plain::open_to_write(&path).map_err(IoError::at("lock", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Busy { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(IoError { action: "lock", path, source }.into()),
        }
    }

    /// As [`Lock::take`], once the process that holds it has let go of it.
    ///
    /// # Errors
    /// [`Interrupted`] when `stop` was set while another process held it.
    pub fn in_turn<E: From<LockError> + From<Interrupted>>(folder: &Path, stop: &Stop) -> Result<Self, E> {
        loop {
            match Self::take(folder) {
                Err(LockError::Busy { .. }) => stop.check()?,
                taken => return Ok(taken?),
            }
            thread::sleep(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(matches!(Lock::take(folder.path()), Err(LockError::Busy { .. })));
        drop(lock);
        Lock::take(folder.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        fs::write(elsewhere.path(), "kept").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("lock")).unwrap();
        assert!(Lock::take(folder.path()).unwrap_err().to_string().starts_with("cannot lock"));
        assert_eq!(fs::read_to_string(elsewhere.path()).unwrap(), "kept");
    }
}
