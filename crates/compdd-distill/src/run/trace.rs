//! The structured log of a run: one JSON object a line, appended across resumes, for plots and for reading after the fact.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

/// An open log. Lines may come from several threads.
#[derive(Debug)]
pub struct Trace {
    file: Mutex<File>,
}

impl Trace {
    /// Opens the log for appending.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn append_to(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Mutex::new(file) })
    }

    /// Writes one event with its fields and the time (seconds since 1970). A full disk must not end a run: the line is
    /// dropped with a warning.
    pub fn write(&self, event: &str, fields: &[(&str, Value)]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |age| age.as_secs_f64());
        let mut line = Map::new();
        line.insert("time".into(), json!((now * 1000.0).round() / 1000.0));
        line.insert("event".into(), json!(event));
        line.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(text.as_bytes()) {
            tracing::warn!("the log line of {event} was lost: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_lines_of_json() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for step in 0..2 {
            Trace::append_to(file.path()).unwrap().write("step", &[("step", json!(step))]);
        }
        let text = std::fs::read_to_string(file.path()).unwrap();
        let steps: Vec<Value> =
            text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["step"].clone()).collect();
        assert_eq!(steps, [json!(0), json!(1)]);
    }
}
