//! The leaderboard as a table: every column, or those that a person reads.

use super::{Board, Entry, StoredSet};
use crate::report::grid::{self, Grid, Heading, Row};
use compdd_core::record::percent;

/// The columns of `leaderboard.csv`, in order.
const COLUMNS: [&str; 34] = [
    "rank",
    "division",
    "method",
    "subset",
    "ipc",
    "protocol",
    "network",
    "resolution",
    "mean",
    "std",
    "interval_low",
    "interval_high",
    "seeds",
    "recovery_ratio",
    "hlr",
    "ior",
    "lrs",
    "distill_hours",
    "eval_hours",
    "device",
    "peak_memory_bytes",
    "peak_device_memory_bytes",
    "stored_bytes",
    "label_bytes",
    "labels",
    "budget",
    "fidelity",
    "seed",
    "who",
    "published",
    "flags",
    "open_because",
    "record",
    "hash",
];

impl Board {
    /// All columns, for files that programs read. Accuracies, ratios and differences in percent; what is unknown is empty.
    pub fn sheet(&self) -> Grid {
        Grid {
            name: "leaderboard".into(),
            caption: "Leaderboard".into(),
            head: vec![COLUMNS.map(Heading::one).to_vec()],
            stub: 0,
            rows: self.entries.iter().map(|entry| Row::new(values(entry).map(grid::Entry::new).into())).collect(),
            notes: Vec::new(),
        }
    }
}

fn values(entry: &Entry) -> [String; COLUMNS.len()] {
    let (record, cell, timing) = (&entry.record, &entry.record.cell, entry.timing.as_ref());
    let (set, labels) = match entry.set {
        StoredSet::Kept { bytes, label_bytes, labels } => (Some((bytes, label_bytes)), labels.word().into()),
        StoredSet::ScoreOnly => (None, "score-only".into()),
        StoredSet::Reference => (None, String::new()),
    };
    let evaluation = timing.map(|timing| timing.eval_seconds.iter().sum::<f64>()).filter(|seconds| *seconds > 0.0);
    [
        number(entry.rank),
        entry.division.to_string(),
        cell.method.clone(),
        cell.subset.clone(),
        cell.ipc.to_string(),
        cell.protocol.clone(),
        cell.network.clone(),
        cell.resolution.to_string(),
        percent(Some(record.summary.mean)),
        percent(record.summary.std),
        percent(record.summary.interval.map(|interval| interval.low)),
        percent(record.summary.interval.map(|interval| interval.high)),
        record.students.len().to_string(),
        percent(entry.recovery.as_ref().map(|recovery| recovery.ratio)),
        percent(entry.hlr),
        percent(entry.ior),
        percent(entry.lrs()),
        hours(timing.and_then(|timing| timing.distill_seconds)),
        hours(evaluation),
        timing.map(|timing| timing.device.clone()).unwrap_or_default(),
        number(timing.and_then(|timing| timing.peak_memory_bytes)),
        number(timing.and_then(|timing| timing.peak_device_memory_bytes)),
        number(set.map(|(bytes, _)| bytes)),
        number(set.map(|(_, labels)| labels)),
        labels,
        cell.budget.to_string(),
        cell.fidelity.to_string(),
        cell.seed.to_string(),
        entry.who.as_ref().map(super::Submitter::shown).unwrap_or_default(),
        entry.published(),
        record.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>().join(" "),
        entry.reasons.join("; "),
        record.id.clone(),
        entry.hash.clone(),
    ]
}

/// A fraction in percent, two decimals.
pub(super) fn percent(fraction: Option<f64>) -> String {
    fraction.map(percent::percent).unwrap_or_default()
}

/// Seconds in hours, to the second.
fn hours(seconds: Option<f64>) -> String {
    seconds.map(|seconds| format!("{:.4}", seconds / 3600.0)).unwrap_or_default()
}

fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
