//! Results as tables for other tools: records, students, timings and published values, a row each.

use serde_json::{Value, json};

use super::{
    ExportError,
    table::{self, Row},
};
use crate::record::{Query, Record, Store, Timing, value_of};

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// A record: its cell, the mean of its students, its flags.
    Records,
    /// A student of a record.
    Students,
    /// The times of a record, in seconds, with the machine.
    Timings,
    /// A value that a paper prints for the cell of a record.
    Published,
}

/// The files of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One table of Parquet.
    Parquet,
    /// Comma-separated values.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// The bytes of a table of the records that `query` accepts, ordered by their names. Accuracies are shares of one.
///
/// # Errors
/// A record or a timing that cannot be read; the first is named.
pub fn export(store: &Store, query: &Query, rows: Rows, format: Format) -> Result<Vec<u8>, ExportError> {
    let mut found = Vec::new();
    for record in store.list(query)? {
        match rows {
            Rows::Records => found.push(of_record(&record)),
            Rows::Students => found.extend(
                record
                    .students
                    .iter()
                    .enumerate()
                    .map(|(i, student)| with(&record, json!({"student": i}), [("", value_of(student))])),
            ),
            Rows::Timings => found.extend(store.timing(&record.cell)?.map(|timing| of_timing(&record, &timing))),
            Rows::Published => {
                found.extend(record.published.iter().map(|published| {
                    with(&record, json!({"measured": record.summary.mean}), [("", value_of(published))])
                }));
            }
        }
    }
    Ok(match format {
        Format::Parquet => table::parquet(&found)?,
        Format::Csv => table::csv(&found),
        Format::Jsonl => table::jsonl(&found),
    })
}

/// A row that begins with the record's name and `first`; objects below it are flattened: `best_on_test.accuracy`. What is null is left out.
fn with<const N: usize>(record: &Record, first: Value, parts: [(&str, Value); N]) -> Row {
    let mut row = vec![("record".to_owned(), json!(record.id))];
    flatten(&mut row, "", first);
    for (prefix, part) in parts {
        flatten(&mut row, prefix, part);
    }
    row
}

fn flatten(row: &mut Row, name: &str, value: Value) {
    match value {
        Value::Object(entries) => {
            for (key, below) in entries {
                let name = if name.is_empty() { key } else { format!("{name}.{key}") };
                flatten(row, &name, below);
            }
        }
        Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            row.push((name.to_owned(), texts.collect::<Vec<_>>().join(",").into()));
        }
        Value::Null => {}
        plain => row.push((name.to_owned(), plain)),
    }
}

fn of_record(record: &Record) -> Row {
    let flags = value_of(&record.flags);
    with(
        record,
        value_of(&record.cell),
        [
            ("", value_of(&record.summary)),
            ("recovery", value_of(&record.recovery)),
            ("flags", flags),
            ("code_version", json!(record.code_version)),
        ],
    )
}

fn of_timing(record: &Record, timing: &Timing) -> Row {
    let sum: f64 = timing.eval_seconds.iter().sum();
    with(
        record,
        json!({"distill_seconds": timing.distill_seconds, "eval_seconds": sum}),
        [(
            "",
            json!({
                "device": timing.device,
                "threads": timing.threads,
                "peak_memory_bytes": timing.peak_memory_bytes,
                "peak_device_memory_bytes": timing.peak_device_memory_bytes,
                "started": timing.started,
                "finished": timing.finished,
                "commit": timing.commit,
                "resumed": timing.resumed,
            }),
        )],
    )
}
