//! Where the state of a plan lies.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Row, SuiteError};
use crate::{
    files::{IoError, Lock, LockError, atomic, plain},
    limits,
    progress::{Hooks, Stop},
    record::{Store, hash},
};

/// The folder of a plan below a results folder:
///
/// ```text
/// results/suites/
///   locks/<two letters>/<name>/lock   who makes a set, a teacher or experts at the moment; shared by all plans
///   <plan id>/
///     plan.jsonl                      what there is to do
///     pinned/images-0.json            which images and teachers the plan was begun with
///     rows/<thousands>/<index>.json   cells that run, stopped or failed
///     logs/<thousands>/<index>.log    what their processes said
/// ```
///
/// Whatever is done is a record of the results folder, and nothing here says so a second time.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    locks: PathBuf,
    store: Store,
}

/// A pinned hash.
#[derive(Serialize, Deserialize)]
struct Pin {
    content: String,
}

impl Folder {
    /// The folder of the plan `id` below `results`.
    pub fn new(results: &Path, id: &str) -> Self {
        let suites = results.join("suites");
        Self { path: suites.join(id), locks: suites.join("locks"), store: Store::new(results) }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The results.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the plan is kept.
    pub fn plan(&self) -> PathBuf {
        self.path.join("plan.jsonl")
    }

    /// The ids of all plans below a results folder, sorted.
    ///
    /// # Errors
    /// [`SuiteError::Io`].
    pub fn plans(results: &Path) -> Result<Vec<String>, SuiteError> {
        let mut names = names(&results.join("suites"))?;
        names.retain(|name| results.join("suites").join(name).join("plan.jsonl").is_file());
        names.sort();
        Ok(names)
    }

    /// Where the process of a cell writes.
    pub fn log(&self, index: usize) -> PathBuf {
        self.of_cell("logs", index, "log")
    }

    fn row_path(&self, index: usize) -> PathBuf {
        self.of_cell("rows", index, "json")
    }

    /// No more than a thousand files lie side by side.
    fn of_cell(&self, room: &str, index: usize, extension: &str) -> PathBuf {
        self.path.join(room).join((index / 1000).to_string()).join(format!("{index}.{extension}"))
    }

    pub(super) fn lock_path(&self, name: &str) -> PathBuf {
        self.locks.join(&hash::bytes(name.as_bytes())[..2]).join(name)
    }

    /// The row of a cell, if it has one.
    ///
    /// # Errors
    /// [`SuiteError::Io`], also for a file that is no row.
    pub fn row(&self, index: usize) -> Result<Option<Row>, SuiteError> {
        Ok(read(&self.row_path(index))?)
    }

    /// All rows, by cell.
    ///
    /// # Errors
    /// As [`Folder::row`].
    pub fn rows(&self) -> Result<BTreeMap<usize, Row>, SuiteError> {
        let (folder, mut rows) = (self.path.join("rows"), BTreeMap::new());
        for thousands in names(&folder)? {
            let names = names(&folder.join(thousands))?;
            for index in names.iter().filter_map(|name| name.strip_suffix(".json")?.parse().ok()) {
                rows.extend(self.row(index)?.map(|row| (index, row)));
            }
        }
        Ok(rows)
    }

    /// Replaces the row of a cell.
    ///
    /// # Errors
    /// [`SuiteError::Io`].
    pub fn keep(&self, index: usize, row: &Row) -> Result<(), SuiteError> {
        Ok(write(&self.row_path(index), row)?)
    }

    /// Removes the row of a cell, which is open or done again.
    ///
    /// # Errors
    /// [`SuiteError::Io`].
    pub fn forget(&self, index: usize) -> Result<(), SuiteError> {
        let path = self.row_path(index);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(IoError { action: "remove", path, source }.into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn pinned(&self, kind: &str, index: usize) -> Result<Option<String>, IoError> {
        Ok(read::<Pin>(&self.pin_path(kind, index))?.map(|pin| pin.content))
    }

    fn pin_path(&self, kind: &str, index: usize) -> PathBuf {
        self.path.join("pinned").join(format!("{kind}-{index}.json"))
    }

    /// Pins a hash, or compares it with the one that is pinned.
    pub(super) fn pin(&self, kind: &str, index: usize, what: &str, here: &str) -> Result<(), SuiteError> {
        let compare = |pinned: Option<String>| match pinned {
            Some(pinned) if pinned != here => {
                Err(SuiteError::OtherContent { what: what.to_owned(), here: here.to_owned(), pinned })
            }
            known => Ok(known.is_some()),
        };
        if compare(self.pinned(kind, index)?)? {
            return Ok(());
        }
        let never = Stop::never();
        let _lock = Lock::in_turn::<SuiteError>(&self.path.join("pinned"), what, Hooks::silent(&never))?;
        if !compare(self.pinned(kind, index)?)? {
            write(&self.pin_path(kind, index), &Pin { content: here.to_owned() })?;
        }
        Ok(())
    }

    /// Whether a lock is held.
    ///
    /// # Errors
    /// [`SuiteError::Lock`].
    pub fn is_held(&self, name: &str) -> Result<bool, SuiteError> {
        let folder = self.lock_path(name);
        if !folder.is_dir() {
            return Ok(false);
        }
        match Lock::take(&folder) {
            Err(LockError::Busy { .. }) => Ok(true),
            other => Ok(other.map(|_| false)?),
        }
    }

    /// Takes a lock, which the system lets go of when the process ends, however it ends. Where somebody holds it, only who is `patient` waits.
    pub(super) fn lock(&self, name: &str, what: &str, patient: bool, hooks: Hooks<'_>) -> Result<Lock, SuiteError> {
        let folder = self.lock_path(name);
        if patient {
            return Lock::in_turn(&folder, what, hooks);
        }
        match Lock::take(&folder) {
            Err(LockError::Busy { .. }) => Err(SuiteError::NotNow { what: what.to_owned() }),
            other => Ok(other?),
        }
    }

    /// Removes everything that is known of a plan, and the locks of these names. Records stay.
    ///
    /// # Errors
    /// [`SuiteError::Io`].
    pub(super) fn clear(&self, locks: impl Iterator<Item = String>) -> Result<(), SuiteError> {
        for folder in locks.map(|name| self.lock_path(&name)).chain([self.path.clone()]) {
            match fs::remove_dir_all(&folder) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(IoError { action: "remove", path: folder, source }.into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn names(folder: &Path) -> Result<Vec<String>, IoError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(IoError::at("list", folder))?,
    };
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    entries.map(name).collect::<io::Result<_>>().map_err(IoError::at("list", folder))
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>, IoError> {
    match plain::bytes(path, limits::JSON_BYTES) {
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(None),
        other => {
            let value = serde_json::from_slice(&other?).map_err(io::Error::from);
            value.map(Some).map_err(IoError::at("read", path))
        }
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), IoError> {
    let text = serde_json::to_vec_pretty(value).map_err(io::Error::from);
    text.and_then(|text| atomic::write_shared(path, &text)).map_err(IoError::at("write", path))
}
