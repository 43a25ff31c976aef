//! The leaderboard as a person reads it.

use std::fmt::Display;

use super::{Board, Entry, StoredSet, sheet};
use crate::report::grid::{self, Grid, Heading, Row};
use compdd_core::record::{Budget, Summary, hash, percent};
use compdd_data::data::human_size;

/// A column: its heading, what stands in it, and when it can go.
struct Column {
    head: &'static str,
    fill: fn(&Group<'_>, &Entry) -> grid::Entry,
    place: Place,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Always there.
    Fixed,
    /// Left out where nothing stands in it.
    Optional,
    /// A condition: told in the caption where all rows share it.
    Shared,
}

/// What an entry's neighbours tell of it.
struct Group<'a> {
    /// Its rank as it is shown.
    place: &'a str,
    /// Why entries of this board are open, each reason once.
    reasons: &'a [&'a str],
}

const fn column(head: &'static str, fill: fn(&Group<'_>, &Entry) -> grid::Entry, place: Place) -> Column {
    Column { head, fill, place }
}

const COLUMNS: [Column; 21] = [
    column("rank", rank, Place::Fixed),
    column("method", |_, entry| text(&entry.record.cell.method), Place::Fixed),
    column("subset", |_, entry| text(&entry.record.cell.subset), Place::Shared),
    column("IPC", |_, entry| text(entry.record.cell.ipc), Place::Shared),
    column("protocol", |_, entry| text(&entry.record.cell.protocol), Place::Shared),
    column("network", |_, entry| text(&entry.record.cell.network), Place::Shared),
    column("px", |_, entry| text(entry.record.cell.resolution), Place::Shared),
    column("budget", budget, Place::Shared),
    column("division", division, Place::Shared),
    column("accuracy %", accuracy, Place::Fixed),
    column("95 % interval", interval, Place::Fixed),
    column("best of checks %", best_on_test, Place::Optional),
    column("seeds", |_, entry| text(entry.record.students.len()), Place::Fixed),
    column(
        "recovery %",
        |_, entry| text(sheet::percent(entry.recovery.as_ref().map(|recovery| recovery.ratio))),
        Place::Optional,
    ),
    column("HLR", |_, entry| points(entry.hlr), Place::Optional),
    column("IOR", |_, entry| points(entry.ior), Place::Optional),
    column("published %", |_, entry| text(entry.published()), Place::Optional),
    column("hours", hours, Place::Optional),
    column("set", set, Place::Fixed),
    column("who", who, Place::Optional),
    column("record", record, Place::Fixed),
];

impl Board {
    /// The columns that a person reads, with a rule between groups and the reasons for the open division below.
    pub fn grid(&self) -> Grid {
        self.without(&[], self.entries.len())
    }

    /// The same of the first entries alone.
    pub fn head(&self, entries: usize) -> Grid {
        self.without(&[], entries)
    }

    /// Those that a page of paper has room for.
    pub fn narrow(&self) -> Grid {
        self.without(&["95 % interval", "best of checks %", "published %", "hours", "set", "who"], self.entries.len())
    }

    fn without(&self, heads: &[&str], entries: usize) -> Grid {
        let mut reasons: Vec<&str> = Vec::new();
        for reason in self.entries.iter().take(entries).flat_map(|entry| &entry.reasons) {
            if !reasons.contains(&reason.as_str()) {
                reasons.push(reason);
            }
        }
        let mut rows: Vec<Row> = Vec::new();
        for (row, (entry, place)) in self.entries.iter().zip(self.places()).take(entries).enumerate() {
            let group = Group { place: &place, reasons: &reasons };
            let entries = COLUMNS.iter().map(|column| (column.fill)(&group, entry)).collect();
            rows.push(Row { entries, rule: row > 0 && self.entries[row - 1].group() != entry.group() });
        }
        let (kept, shared) = sorted_out(&rows, heads);
        for row in &mut rows {
            let mut keep = kept.iter();
            row.entries.retain(|_| keep.next().is_some_and(|kept| *kept));
        }
        let head = COLUMNS.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(column, _)| Heading::one(column.head));
        let mut notes = explained(&rows, head.clone().map(|heading| heading.text));
        notes.extend(reasons.iter().enumerate().map(|(place, reason)| format!("({}) {reason}", place + 1)));
        let caption = if shared.is_empty() { String::new() } else { format!(": {}", shared.join(", ")) };
        Grid {
            name: "leaderboard".into(),
            caption: format!("Leaderboard{caption}"),
            head: vec![head.collect()],
            stub: 2,
            rows,
            notes,
        }
    }
}

/// Which columns stay, and what the others say of all rows.
fn sorted_out(rows: &[Row], without: &[&str]) -> (Vec<bool>, Vec<String>) {
    let mut shared = Vec::new();
    let mut keep = |place: usize, column: &Column| {
        let mut texts = rows.iter().map(|row| row.entries[place].text.as_str());
        match column.place {
            _ if without.contains(&column.head) => false,
            Place::Fixed => true,
            Place::Optional => texts.any(|text| !text.is_empty()),
            Place::Shared => {
                let first = texts.next().unwrap_or_default();
                let same = rows.len() > 1 && texts.all(|text| text == first);
                if same {
                    shared.push(match column.head {
                        "IPC" => format!("IPC {first}"),
                        "px" => format!("{first} px"),
                        "budget" => format!("{first} budget"),
                        "division" => format!("{first} division"),
                        _ => first.to_owned(),
                    });
                }
                !same
            }
        }
    };
    let kept = COLUMNS.iter().enumerate().map(|(place, column)| keep(place, column)).collect();
    (kept, shared)
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
            "best of checks %" => Some(
                "best of checks: of several looks at the test set while a student trained, as some papers report it; biased upwards, and never ranked".into(),
            ),
            "hours" => Some("hours: of the distillation, on the machine named".into()),
            "record" => Some("record: the first digits of the BLAKE3 of the record's file; the CSV has all".to_owned()),
            _ => None,
        });
    }
    notes
}

fn text(value: impl Display) -> grid::Entry {
    grid::Entry::new(format!("{value}"))
}

/// A difference in points, with the sign that typesetters use.
fn points(fraction: Option<f64>) -> grid::Entry {
    text(sheet::percent(fraction).replace('-', "−"))
}

fn rank(group: &Group<'_>, entry: &Entry) -> grid::Entry {
    let Some(rank) = entry.rank else {
        let why =
            if entry.is_reference() { "the reference does not compete" } else { "a single student has no interval" };
        return grid::Entry::muted("-").titled(why);
    };
    text(group.place).bold(rank == 1)
}

fn accuracy(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let summary = &entry.record.summary;
    text(percent::spread(summary.mean, summary.std))
}

/// Flagged by its mark: it was chosen on the test set.
fn best_on_test(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let students = &entry.record.students;
    let Some(summary) = Summary::of_best_on_test(students) else { return grid::Entry::default() };
    let looks = students.iter().filter_map(|student| student.best_on_test).map(|best| best.checks).max();
    let words = format!("the best of {} looks at the test set", looks.unwrap_or_default());
    text(percent::spread(summary.mean, summary.std)).marked("*").titled(words)
}

fn interval(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    text(percent::ends(entry.record.summary.interval, " to "))
}

fn hours(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    let timing = entry.timing.as_ref().filter(|_| !entry.is_reference());
    let Some((seconds, timing)) = timing.and_then(|timing| Some((timing.distill_seconds?, timing))) else {
        return grid::Entry::default();
    };
    let hours = seconds / 3600.0;
    let shown = if hours < 0.01 { "<0.01".to_owned() } else { format!("{hours:.2}") };
    grid::Entry::new(format!("{shown} {}", if timing.device.ends_with("cpu") { "CPU" } else { "GPU" }))
        .titled(&timing.device)
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
    if entry.reasons.is_empty() {
        return text(entry.division);
    }
    let place = |reason: &String| group.reasons.iter().position(|known| known == reason).map_or(0, |place| place + 1);
    let mut places: Vec<usize> = entry.reasons.iter().map(place).collect();
    places.sort_unstable();
    let places = places.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    text(format!("{} ({places})", entry.division)).titled(entry.reasons.join("; "))
}

fn who(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    entry.who.as_ref().map_or_else(grid::Entry::default, |who| text(who.shown()))
}

fn record(_: &Group<'_>, entry: &Entry) -> grid::Entry {
    text(hash::short(&entry.hash)).titled(&entry.record.id)
}
