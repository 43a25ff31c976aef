//! Logs of runs: a JSON object a line.

use std::path::Path;

use serde_json::Value;

use super::super::ReportError;

/// The events of a log, a JSON object a line. A last line that was cut short by a kill does not count.
pub(super) fn events(path: &Path, text: &str) -> Result<Vec<Value>, ReportError> {
    let whole = text.ends_with('\n');
    let lines = text.lines().count();
    let mut events = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(event) => events.push(event),
            Err(_) if number + 1 == lines && !whole => {}
            Err(error) => {
                return Err(ReportError::Log { path: path.into(), line: number + 1, why: error.to_string() });
            }
        }
    }
    Ok(events)
}
