//! A folder that one process works in at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{IoError, plain};
use crate::progress::{Hooks, Interrupted};

/// Time between two looks at what another process is doing.
const PAUSE: Duration = Duration::from_millis(200);

/// How often a folder is made again that another process removes in the same moment.
const RACES: usize = 100;

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
        let path = folder.join("lock");
        let open = || {
            fs::create_dir_all(folder).map_err(IoError::at("create", folder))?;
            plain::open_to_write(&path).map_err(IoError::at("lock", &path))
        };
        // The one before may clear the folder between the two, or while it is made.
        let raced = [io::ErrorKind::NotFound, io::ErrorKind::AlreadyExists];
        let mut races = 0;
        let file = loop {
            match open() {
                Err(error) if races < RACES && raced.contains(&error.source.kind()) => races += 1,
                opened => break opened?,
            }
            thread::yield_now();
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Busy { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(IoError { action: "lock", path, source }.into()),
        }
    }

    /// As [`Lock::take`], once the process that holds it has let go of it; that `what` is waited for is said once.
    ///
    /// # Errors
    /// [`Interrupted`] when the stop was set while another process held it.
    pub fn in_turn<E: From<LockError> + From<Interrupted>>(
        folder: &Path,
        what: &str,
        hooks: Hooks<'_>,
    ) -> Result<Self, E> {
        let mut said = false;
        loop {
            match Self::take(folder) {
                Err(LockError::Busy { .. }) => hooks.stop.check()?,
                taken => return Ok(taken?),
            }
            if !said {
                hooks.progress.note(&format!("waiting for {what}: another process works on it"));
                said = true;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Lets go of the lock and removes its folder, unless somebody else who waited for it is in there by now, and will.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn clear(self, folder: &Path) -> Result<(), IoError> {
        drop(self);
        match fs::remove_dir_all(folder) {
            Err(error) if ![io::ErrorKind::NotFound, io::ErrorKind::DirectoryNotEmpty].contains(&error.kind()) => {
                Err(IoError::at("remove", folder)(error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::progress::{Progress, Stop};

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(matches!(Lock::take(folder.path()), Err(LockError::Busy { .. })));
        drop(lock);
        Lock::take(folder.path()).unwrap();
    }

    /// Who waits finds what the one before left, and the folder is gone in the end.
    #[test]
    fn a_folder_may_be_cleared_while_others_wait_for_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("unfinished");
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let lock = loop {
                            match Lock::take(&folder) {
                                Err(LockError::Busy { .. }) => thread::yield_now(),
                                taken => break taken.unwrap(),
                            }
                        };
                        lock.clear(&folder).unwrap();
                    }
                });
            }
        });
        assert!(!folder.exists());
    }

    #[test]
    fn whoever_waits_says_so_once_and_can_be_stopped() {
        #[derive(Default)]
        struct Said(Mutex<Vec<String>>);
        impl Progress for Said {
            fn note(&self, text: &str) {
                self.0.lock().unwrap().push(text.to_owned());
            }
        }
        #[derive(Debug, thiserror::Error)]
        enum Failure {
            #[error(transparent)]
            Lock(#[from] LockError),
            #[error(transparent)]
            Interrupted(#[from] Interrupted),
        }
        let (folder, said) = (tempfile::tempdir().unwrap(), Said::default());
        let lock = Lock::take(folder.path()).unwrap();
        let wait =
            |stop: Stop| Lock::in_turn::<Failure>(folder.path(), "a set", Hooks { progress: &said, stop: &stop });
        assert!(matches!(wait(Stop::after(2)), Err(Failure::Interrupted(_))));
        assert_eq!(*said.0.lock().unwrap(), ["waiting for a set: another process works on it"]);
        drop(lock);
        wait(Stop::never()).unwrap();
        assert_eq!(said.0.lock().unwrap().len(), 1, "there was nothing to wait for");
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
