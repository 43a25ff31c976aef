//! What the file of a block looked like when all of it was last read: as long as nothing changed, it need not be read again.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use super::fingerprint::{changed, nanoseconds};
use compdd_core::{
    files::{atomic, plain},
    limits,
};

/// Length and times of a file. The system sets `changed` on every write, and no program can set it back.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    length: u64,
    modified: u128,
    changed: i128,
}

impl State {
    fn of(path: &Path) -> Option<Self> {
        let data = fs::metadata(path).ok()?;
        Some(Self { length: data.len(), modified: nanoseconds(data.modified().ok()), changed: changed(&data) })
    }
}

/// Where the seal of a block lies.
pub(super) fn path(block: &Path) -> PathBuf {
    block.with_extension("seal")
}

/// Whether the file is as it was when it was sealed.
pub(super) fn holds(block: &Path) -> bool {
    let text = plain::bytes(&path(block), limits::JSON_BYTES).ok();
    let sealed: Option<State> = text.and_then(|text| serde_json::from_slice(&text).ok());
    sealed.is_some() && sealed == State::of(block)
}

/// Seals a file whose content was just verified. In a folder that cannot be written the next reader verifies again.
pub(super) fn set(block: &Path) {
    let written = State::of(block).and_then(|state| serde_json::to_vec(&state).ok());
    if let Some(Err(error)) = written.map(|text| atomic::write_shared(&path(block), &text)) {
        tracing::debug!(block = %block.display(), %error, "no seal");
    }
}

/// Notes that the block was used now; pruning begins with what was not used for longest.
pub(super) fn touch(block: &Path) {
    touch_at(block, Some(SystemTime::now()));
}

/// Notes that the block was last used at a time, if that is known.
pub(super) fn touch_at(block: &Path, time: Option<SystemTime>) {
    let Some(time) = time else { return };
    let touched = plain::open_to_append(&path(block)).and_then(|file| file.set_modified(time));
    if let Err(error) = touched {
        tracing::debug!(block = %block.display(), %error, "use not noted");
    }
}

/// When the block was last used.
pub(super) fn last_used(block: &Path) -> Option<SystemTime> {
    fs::metadata(path(block)).or_else(|_| fs::metadata(block)).and_then(|data| data.modified()).ok()
}
