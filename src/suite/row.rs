//! What is known of a cell that is neither open nor done: a small file, replaced by renaming.

use serde::{Deserialize, Serialize};

/// How a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowState {
    /// A process began it; whether it still lives, its lock says.
    Running,
    /// It stopped and is continued by whoever comes next.
    Stopped,
    /// It failed and waits for `compdd suite retry`.
    Failed,
}

/// Why a cell ended before its record, which decides what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Memory was not enough: again, with fewer images differentiated at a time.
    Memory,
    /// Time was up, or the user stopped it: again, from the checkpoint.
    Time,
    /// A signal ended its process: again, from the checkpoint, a few times.
    Killed,
    /// Anything else: never again by itself.
    Error,
}

impl Class {
    /// The word of the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Time => "time",
            Self::Killed => "killed",
            Self::Error => "error",
        }
    }

    /// The class of a failure by what was said of it: the system's, the allocators' and the back ends' words for a lack of memory, or none.
    pub fn of_text(text: &str) -> Self {
        let text = text.to_lowercase();
        let words = [
            "out of memory",
            "memory allocation of",
            "cannot allocate memory",
            "out_of_memory",
            "out of device memory",
            "not enough memory",
            "can't allocate buffer of size",
            "outofmemory",
            "buffertoobig",
        ];
        if words.iter().any(|word| text.contains(word)) { Self::Memory } else { Self::Error }
    }
}

/// The file of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// How it stands.
    pub state: RowState,
    /// Why it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The last error in a line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// How often a process began it.
    pub attempts: usize,
    /// How often a signal ended its process while somebody watched.
    #[serde(default)]
    pub kills: usize,
    /// Most images differentiated at a time, once memory was not enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<usize>,
    /// Its process.
    pub process: u32,
}

/// The sizes of `--chunk` that are tried one after the other when memory is not enough.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];

/// A cell whose process is killed so often in a row, while somebody watches, has failed.
const KILLS: usize = 3;

impl Row {
    /// The row of a process that begins a cell, after what was there before.
    pub fn begin(before: Option<&Self>) -> Self {
        Self {
            state: RowState::Running,
            class: None,
            reason: String::new(),
            attempts: before.map_or(0, |row| row.attempts) + 1,
            kills: before.map_or(0, |row| row.kills),
            chunk: before.and_then(|row| row.chunk),
            process: std::process::id(),
        }
    }

    /// The same cell after it ended.
    #[must_use]
    pub fn ended(&self, class: Class, reason: &str) -> Self {
        let (state, kills, chunk) = match class {
            Class::Time => (RowState::Stopped, self.kills, self.chunk),
            Class::Error => (RowState::Failed, self.kills, self.chunk),
            Class::Killed if self.kills + 1 < KILLS => (RowState::Stopped, self.kills + 1, self.chunk),
            Class::Killed => (RowState::Failed, self.kills + 1, self.chunk),
            Class::Memory => match CHUNKS.into_iter().find(|size| self.chunk.is_none_or(|chunk| *size < chunk)) {
                Some(smaller) => (RowState::Stopped, self.kills, Some(smaller)),
                None => (RowState::Failed, self.kills, self.chunk),
            },
        };
        Self { state, class: Some(class), reason: reason.trim().to_owned(), kills, chunk, ..self.clone() }
    }

    /// Whether it waits for the user.
    pub fn has_failed(&self) -> bool {
        self.state == RowState::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_decide_what_happens_next() {
        let running = Row::begin(None);
        let states = |class: Class, count: usize| {
            let mut row = running.clone();
            for _ in 0..count {
                row = Row::begin(Some(&row)).ended(class, "why");
            }
            (row.state, row.chunk, row.attempts)
        };
        assert_eq!(states(Class::Error, 1), (RowState::Failed, None, 2));
        assert_eq!(states(Class::Time, 50), (RowState::Stopped, None, 51));
        assert_eq!((1..=5).map(|n| states(Class::Memory, n).1).collect::<Vec<_>>(), [64, 16, 4, 1, 1].map(Some));
        assert_eq!([4, 5].map(|n| states(Class::Memory, n).0), [RowState::Stopped, RowState::Failed]);
        assert_eq!([2, 3].map(|n| states(Class::Killed, n).0), [RowState::Stopped, RowState::Failed]);
    }

    #[test]
    fn lack_of_memory_is_recognised_by_its_words() {
        let memory = [
            "memory allocation of 8589934592 bytes failed",
            "CUDA_ERROR_OUT_OF_MEMORY",
            "Cannot allocate memory",
            "out of device memory allocating 8589934592 bytes",
            "Not enough memory left.",
            "can't allocate buffer of size: 8589934592",
            "BufferTooBig { size: 8589934592 }",
        ];
        assert!(memory.iter().all(|text| Class::of_text(text) == Class::Memory));
        assert_eq!(Class::of_text("unknown network `memory`"), Class::Error);
    }
}
