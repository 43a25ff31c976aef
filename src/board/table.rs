//! The leaderboard as a person reads it.

use std::fmt::Write as _;

use super::{
    Board, Entry, StoredSet,
    sheet::{percent, published},
};
use crate::{
    data::human_size,
    record::{Budget, hash},
    report::grid::{self, Grid, Heading, Row},
};

/// A column: its heading, what stands in it, and whether it is left out where nothing does.
struct Column {
    head: &'static str,
    fill: fn(&Group<'_>, &Entry) -> grid::Entry,
    optional: bool,
}

/// What an entry's neighbours tell of it.
struct Group<'a> {
    /// The entries that it is ranked with.
    entries: &'a [Entry],
    /// Why entries of this board are open, each reason once.
    reasons: &'a [&'a str],
}

const fn column(head: &'static str, fill: fn(&Group<'_>, &Entry) -> grid::Entry) -> Column {
    Column { head, fill, optional: false }
}

const fn optional(head: &'static str, fill: fn(&Group<'_>, &Entry) -> grid::Entry) -> Column {
    Column { head, fill, optional: true }
}

const COLUMNS: [Column; 21] = [
    column("rank", rank),
    column("method", |_, entry| text(&entry.record.cell.method)),
    column("subset", |_, entry| text(&entry.record.cell.subset)),
    column("IPC", |_, entry| text(entry.record.cell.ipc)),
    column("protocol", |_, entry| text(&entry.record.cell.protocol)),
    column("network", |_, entry| text(&entry.record.cell.network)),
    column("px", |_, entry| text(entry.record.cell.resolution)),
    column("accuracy %", accuracy),
    column("95 % interval", interval),
    column("seeds", |_, entry| text(entry.record.students.len())),
    optional("recovery %", |_, entry| text(percent(entry.recovery.as_ref().map(|recovery| recovery.ratio)))),
    optional("HLR", |_, entry| text(percent(entry.hlr))),
    optional("IOR", |_, entry| text(percent(entry.ior))),
    optional("published %", |_, entry| text(published(entry))),
    optional("hours", hours),
    optional("memory", memory),
    column("set", set),
    column("budget", budget),
    column("division", division),
    optional("who", who),
    column("record", record),
];

impl Board {
    /// The columns that a person reads, with a rule between groups and the reasons for the open division below.
    pub fn grid(&self) -> Grid {
        let mut reasons: Vec<&str> = Vec::new();
        for reason in self.entries.iter().flat_map(|entry| &entry.reasons) {
            if !reasons.contains(&reason.as_str()) {
                reasons.push(reason);
            }
        }
        let mut rows: Vec<Row> = Vec::new();
        for entries in self.entries.chunk_by(|a, b| a.group() == b.group()) {
            let group = Group { entries, reasons: &reasons };
            let first = rows.len();
            rows.extend(
                entries
                    .iter()
                    .map(|entry| Row::new(COLUMNS.iter().map(|column| (column.fill)(&group, entry)).collect())),
            );
            rows[first].rule = first > 0;
        }
        let used =
            |column: usize| !COLUMNS[column].optional || rows.iter().any(|row| !row.entries[column].text.is_empty());
        let used: Vec<bool> = (0..COLUMNS.len()).map(used).collect();
        for row in &mut rows {
            let mut keep = used.iter();
            row.entries.retain(|_| keep.next().is_some_and(|used| *used));
        }
        let head = COLUMNS.iter().zip(&used).filter(|(_, used)| **used).map(|(column, _)| Heading::one(column.head));
        let mut notes = explained(&rows, head.clone().map(|heading| heading.text));
        notes.extend(reasons.iter().enumerate().map(|(place, reason)| format!("({}) {reason}", place + 1)));
        Grid {
            name: "leaderboard".into(),
            caption: "Leaderboard".into(),
            head: vec![head.collect()],
            stub: 2,
            rows,
            notes,
        }
    }
}

/// What a reader of the columns must know.
fn explained(rows: &[Row], heads: impl Iterator<Item = String>) -> Vec<String> {
    if rows.is_empty() {
        return vec!["no record answers to this".into()];
    }
    let mut notes = vec![
        "rank: 1 and the number of entries of the group whose interval lies wholly above; = shares its rank; - does not compete (the reference `full`, a single student)".to_owned(),
    ];
    for head in heads {
        notes.extend(match head.as_str() {
            "HLR" => {
                Some("HLR: accuracy of the full data less that of the set, both with hard labels, in points".into())
            }
            "IOR" => Some("IOR: accuracy of the set less that of as many random images, in points".into()),
            "hours" => Some("hours: of the distillation, on the machine named".into()),
            "record" => Some("record: the first digits of the BLAKE3 of the record's file; the CSV has all".to_owned()),
            _ => None,
        });
    }
    notes
}

fn text(value: impl ToString) -> grid::Entry {
    grid::Entry::new(value.to_string())
}

fn rank(group: &Group<'_>, entry: &Entry) -> grid::Entry {
    let Some(rank) = entry.rank else {
        let why =
            if entry.is_reference() { "the reference does not compete" } else { "a single student has no interval" };
        return grid::Entry::muted("-").titled(why);
    };
    let shared = group.entries.iter().filter(|other| other.rank == Some(rank)).count() > 1;
    grid::Entry::new(format!("{rank}{}", if shared { "=" } else { "" })).bold(rank == 1)
}

fn accuracy(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let summary = &entry.record.summary;
    let mut text = percent(Some(summary.mean));
    if summary.std.is_some() {
        let _ = write!(text, " ± {}", percent(summary.std));
    }
    grid::Entry::new(text)
}

fn interval(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let shown = |interval: crate::record::Interval| {
        grid::Entry::new(format!("{} to {}", percent(Some(interval.low)), percent(Some(interval.high))))
    };
    entry.record.summary.interval.map_or_else(grid::Entry::default, shown)
}

fn hours(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let Some((seconds, timing)) = entry.timing.as_ref().and_then(|timing| Some((timing.distill_seconds?, timing)))
    else {
        return grid::Entry::default();
    };
    let hours = seconds / 3600.0;
    let shown = if hours < 0.01 { "<0.01".to_owned() } else { format!("{hours:.2}") };
    grid::Entry::new(format!("{shown} {}", if timing.device == "cpu" { "CPU" } else { "GPU" })).titled(&timing.device)
}

fn memory(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let timing = entry.timing.as_ref();
    let peak = timing.and_then(|timing| timing.peak_device_memory_bytes.or(timing.peak_memory_bytes));
    peak.map_or_else(grid::Entry::default, |bytes| text(human_size(bytes)))
}

fn set(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    match entry.set {
        StoredSet::Reference => grid::Entry::default(),
        StoredSet::ScoreOnly => grid::Entry::muted("score-only").titled("the set is not kept here"),
        StoredSet::Kept { bytes, label_bytes, labels } => {
            text(human_size(bytes)).titled(format!("{label_bytes} bytes of labels ({})", labels.word()))
        }
    }
}

fn budget(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let budget = entry.record.cell.budget;
    let shown = text(budget);
    if budget == Budget::Paper { shown } else { shown.titled("a reduced budget: not comparable with papers") }
}

fn division(group: &Group<'_>, entry: &Entry) -> grid::Entry {
    let shown = text(entry.division);
    if entry.reasons.is_empty() {
        return shown;
    }
    let place = |reason: &String| group.reasons.iter().position(|known| known == reason).map_or(0, |place| place + 1);
    let places = entry.reasons.iter().map(|reason| place(reason).to_string()).collect::<Vec<_>>().join(",");
    shown.marked(&format!(" ({places})")).titled(entry.reasons.join("; "))
}

fn who(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    entry.who.as_ref().map_or_else(grid::Entry::default, |who| text(who.shown()))
}

fn record(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    text(hash::short(&entry.hash)).titled(&entry.record.id)
}
