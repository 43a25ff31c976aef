//! What differs between two identical runs: times, memory, the machine.

use super::{Record, RecordError, json, store::TIMING_SUFFIX, with_causes};
use crate::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, io, path::Path};

/// The file beside a record that holds everything a repetition would not reproduce.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// `compdd-timing`.
    pub format: String,
    /// Version of this format.
    pub version: u64,
    /// Id of the record.
    pub record: String,
    /// Wall time of the distillation, in seconds; the sum over all sessions of a resumed run. None for imported sets.
    #[serde(default)]
    pub distill_seconds: Option<f64>,
    /// Time of all threads on the processor for the same, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distill_processor_seconds: Option<f64>,
    /// Wall time of each student's training and test, in seconds. Students that ran side by side share theirs.
    #[serde(default)]
    pub eval_seconds: Vec<f64>,
    /// Time of all threads on the processor for all students, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_processor_seconds: Option<f64>,
    /// What computed: `cpu`, or the GPU's name.
    #[serde(default)]
    pub device: String,
    /// Threads used.
    #[serde(default)]
    pub threads: Option<usize>,
    /// Name of the computer, where the user wants it stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Largest resident memory of the process, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Largest device memory, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_device_memory_bytes: Option<u64>,
    /// Start, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// End, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// Commit of the source tree, with `-dirty` if it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// How often the run was resumed.
    #[serde(default)]
    pub resumed: u32,
    /// Anything else about the machine: driver, backend, features.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

impl Timing {
    /// What the `format` entry says.
    pub const FORMAT: &'static str = "compdd-timing";
    /// The version that this build writes.
    pub const VERSION: u64 = 1;

    const KIND: json::Format = json::Format {
        name: Self::FORMAT,
        newest: Self::VERSION,
        help: "timing files are optional: delete this one, or run the cell again with --force",
    };

    /// An empty file for a record.
    pub fn new(record: impl Into<String>, device: impl Into<String>) -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            record: record.into(),
            distill_seconds: None,
            distill_processor_seconds: None,
            eval_seconds: Vec::new(),
            eval_processor_seconds: None,
            device: device.into(),
            threads: None,
            host: None,
            peak_memory_bytes: None,
            peak_device_memory_bytes: None,
            started: None,
            finished: None,
            commit: None,
            resumed: 0,
            environment: BTreeMap::new(),
        }
    }

    /// The JSON schema of this format, as checked in under `schemas/timing.schema.json`.
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    /// Reads a file, if it is there.
    pub fn read(path: &Path) -> Result<Option<Self>, RecordError> {
        match json::read(path, Self::KIND) {
            Err(RecordError::Io(error)) if error.source.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// The timing beside a record's file, if there is one; a sentence about a file that is none, or another record's.
    pub fn beside(file: &Path, record: &Record) -> Result<Option<Self>, String> {
        let path = file.with_extension(TIMING_SUFFIX.trim_start_matches('.'));
        let Some(timing) = Self::read(&path).map_err(|error| with_causes(&error))? else { return Ok(None) };
        let span = |seconds: &f64| (0.0..=limits::LONGEST_SECONDS).contains(seconds);
        if timing.record != record.id {
            Err(format!("the timing file is for `{}`", timing.record))
        } else if !timing.spans().all(span) {
            Err("the timing file has a time that is negative, or longer than a century".to_owned())
        } else if timing.eval_seconds.len() > record.students.len() {
            Err("the timing file has more times than there are students".to_owned())
        } else {
            Ok(Some(timing))
        }
    }

    /// All its times.
    fn spans(&self) -> impl Iterator<Item = &f64> {
        let processor = self.distill_processor_seconds.iter().chain(&self.eval_processor_seconds);
        self.distill_seconds.iter().chain(&self.eval_seconds).chain(processor)
    }

    /// Writes a file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        json::write(path, self)
    }
}
