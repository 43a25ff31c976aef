//! The rows of the leaderboard as a script, which a page may load from a file share where it may not load data.

use serde_json::{Value, json};

use crate::board::{Board, Entry, StoredSet};
use compdd_core::record::hash;

/// The columns, in order; `assets/board.js` knows them by these names.
const COLUMNS: [&str; 27] = [
    "rank",
    "place",
    "method",
    "subset",
    "ipc",
    "protocol",
    "network",
    "resolution",
    "mean",
    "std",
    "low",
    "high",
    "students",
    "recovery",
    "hlr",
    "ior",
    "hours",
    "device",
    "memory",
    "set",
    "labels",
    "budget",
    "fidelity",
    "who",
    "published",
    "division",
    "record",
];

/// `rows.js`: percent and points with two decimals, bytes, hours; `null` for what is not known.
pub(super) fn script(board: &Board) -> String {
    let places = board.places();
    let rows: Vec<String> =
        board.entries.iter().zip(places).map(|(entry, place)| row(entry, &place).to_string()).collect();
    let columns = json!(COLUMNS.iter().copied().chain(["hash"]).collect::<Vec<_>>());
    format!("window.compdd = {{\"columns\": {columns}, \"rows\": [\n{}\n]}};\n", rows.join(",\n"))
}

fn row(entry: &Entry, place: &str) -> Value {
    let (record, cell) = (&entry.record, &entry.record.cell);
    let rounded = |value: Option<f64>| value.map(|value| (value * 10_000.0).round() / 100.0);
    let interval = record.summary.interval;
    let (set, labels) = match entry.set {
        StoredSet::Kept { bytes, label_bytes, .. } => (Some(bytes), Some(label_bytes)),
        _ => (None, None),
    };
    let timing = entry.timing.as_ref();
    json!([
        entry.rank,
        place,
        cell.method,
        cell.subset,
        cell.ipc,
        cell.protocol,
        cell.network,
        cell.resolution,
        rounded(Some(record.summary.mean)),
        rounded(record.summary.std),
        rounded(interval.map(|ends| ends.low)),
        rounded(interval.map(|ends| ends.high)),
        record.students.len(),
        rounded(entry.recovery.as_ref().map(|recovery| recovery.ratio)),
        rounded(entry.hlr),
        rounded(entry.ior),
        timing.and_then(|timing| timing.distill_seconds).map(|seconds| seconds / 3600.0),
        timing.map(|timing| timing.device.clone()),
        timing.and_then(|timing| timing.peak_device_memory_bytes.or(timing.peak_memory_bytes)),
        set,
        labels,
        cell.budget.to_string(),
        cell.fidelity.to_string(),
        entry.who.as_ref().map(crate::board::Submitter::shown),
        Some(entry.published()).filter(|published| !published.is_empty()),
        entry.division.to_string(),
        record.id,
        hash::short(&entry.hash),
    ])
}
