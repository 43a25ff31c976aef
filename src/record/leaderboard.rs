//! The leaderboard: one row per record.

use super::{Query, Record, RecordError, Store, Timing, atomic};
use serde::Serialize;
use std::cmp::Ordering;

/// A row. Accuracies and the recovery ratio are percent with two decimals; an empty entry is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Slug of the method.
    pub method: String,
    /// Id of the subset, version included.
    pub subset: String,
    /// Images per class.
    pub ipc: usize,
    /// Id of the protocol.
    pub protocol: String,
    /// Slug of the tested network.
    pub network: String,
    /// `paper`, `quick`, `smoke`.
    pub budget: String,
    /// `paper`, `released`.
    pub fidelity: String,
    /// Mean accuracy, percent.
    pub mean: String,
    /// Sample standard deviation (divisor n - 1), percentage points.
    pub std: String,
    /// Number of students.
    pub seeds: usize,
    /// Mean accuracy over the full-data reference's, percent.
    pub recovery_ratio: String,
    /// Wall time of the distillation, from the timing file.
    pub distill_seconds: String,
    /// What computed, from the timing file.
    pub device: String,
    /// Id of the record.
    pub record: String,
    /// What papers print for the cell, in percent, separated by slashes; never mixed with what was measured.
    pub published: String,
}

impl Row {
    /// The row of a record.
    pub fn of(record: &Record, timing: Option<&Timing>) -> Self {
        let percent = |v: f64| format!("{:.2}", v * 100.0);
        let cell = &record.cell;
        Self {
            method: cell.method.clone(),
            subset: cell.subset.clone(),
            ipc: cell.ipc,
            protocol: cell.protocol.clone(),
            network: cell.network.clone(),
            budget: cell.budget.to_string(),
            fidelity: cell.fidelity.to_string(),
            mean: percent(record.summary.mean),
            std: record.summary.std.map(percent).unwrap_or_default(),
            seeds: record.students.len(),
            recovery_ratio: record.recovery.as_ref().map(|r| percent(r.ratio)).unwrap_or_default(),
            distill_seconds: timing.and_then(|t| t.distill_seconds).map(|s| format!("{s:.1}")).unwrap_or_default(),
            device: timing.map(|t| t.device.clone()).unwrap_or_default(),
            record: record.id.clone(),
            published: record.published.iter().map(|p| percent(p.mean)).collect::<Vec<_>>().join("/"),
        }
    }
}

/// The rows of all records that a query accepts: by subset, IPC, protocol, network and budget, then the best first.
pub fn rows(store: &Store, query: &Query) -> Result<Vec<Row>, RecordError> {
    let mut records = store.list(query)?;
    records.sort_by(order);
    let references = store.list(&Query { method: Some("full".to_owned()), ..Query::default() })?;
    for record in records.iter_mut().filter(|record| record.recovery.is_none() && record.cell.method != "full") {
        if let Some(reference) = Store::reference_among(&references, &record.cell) {
            record.recover_from(reference);
        }
    }
    records.iter().map(|record| Ok(Row::of(record, store.timing(&record.cell)?.as_ref()))).collect()
}

/// Writes `leaderboard.csv`, whole or not at all, and returns its rows.
pub fn write(store: &Store) -> Result<Vec<Row>, RecordError> {
    let rows = rows(store, &Query::default())?;
    let path = store.leaderboard();
    atomic::write_shared(&path, csv(&rows)?.as_bytes()).map_err(RecordError::io("write", &path))?;
    Ok(rows)
}

/// The table as CSV, with its heading even when there is no row.
pub fn csv(rows: &[Row]) -> Result<String, RecordError> {
    let fail = |e: &dyn std::fmt::Display| RecordError::Csv(e.to_string());
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|e| fail(&e))?;
    for row in rows {
        writer.serialize(row).map_err(|e| fail(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| fail(&e))?;
    String::from_utf8(bytes).map_err(|e| fail(&e))
}

/// The columns of `leaderboard.csv`, in order.
pub const COLUMNS: [&str; 15] = [
    "method",
    "subset",
    "ipc",
    "protocol",
    "network",
    "budget",
    "fidelity",
    "mean",
    "std",
    "seeds",
    "recovery_ratio",
    "distill_seconds",
    "device",
    "record",
    "published",
];

fn order(a: &Record, b: &Record) -> Ordering {
    let (x, y) = (&a.cell, &b.cell);
    x.subset
        .cmp(&y.subset)
        .then(x.ipc.cmp(&y.ipc))
        .then_with(|| x.protocol.cmp(&y.protocol))
        .then_with(|| x.network.cmp(&y.network))
        .then(x.resolution.cmp(&y.resolution))
        .then(x.budget.cmp(&y.budget))
        .then(x.fidelity.cmp(&y.fidelity))
        .then(b.summary.mean.total_cmp(&a.summary.mean))
        .then_with(|| a.id.cmp(&b.id))
}
