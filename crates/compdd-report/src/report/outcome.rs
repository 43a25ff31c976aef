//! Results just measured, each above what papers print for its cell.

use super::grid::{Entry, Grid, Heading, Row};
use compdd_core::record::{
    Comparison, Published, Record, Summary,
    percent::{ends, percent, spread},
    signed,
};

/// The mark of a published value that the measured interval excludes.
const EXCLUDED: &str = "†";
/// The mark of a measured value that cannot be compared with papers.
const REDUCED: &str = "‡";

/// A row for every record and one for every value that a paper prints for its cell, in percent. The difference is measured less published.
pub fn outcome_grid(records: &[&Record]) -> Grid {
    let titles = [
        "method",
        "subset",
        "IPC",
        "network",
        "",
        "accuracy, %",
        "95 % interval",
        "difference",
        "n",
        "recovery, %",
        "record",
    ];
    let ruled = records.iter().any(|record| !record.published.is_empty());
    let mut rows = Vec::new();
    for record in records {
        rows.push(Row { entries: measured(record), rule: ruled && !rows.is_empty() });
        rows.extend(record.published.iter().map(|value| Row::new(published(record, value))));
    }
    Grid {
        name: "outcome".to_owned(),
        caption: "Measured, and what papers print for the same cell".to_owned(),
        head: vec![titles.map(Heading::one).to_vec()],
        stub: 5,
        rows,
        notes: notes(records),
    }
}

fn measured(record: &Record) -> Vec<Entry> {
    let (cell, summary) = (&record.cell, &record.summary);
    let recovery = record.recovery.as_ref().map(|recovery| percent(recovery.ratio));
    vec![
        Entry::new(&cell.method),
        Entry::new(&cell.subset),
        Entry::new(if cell.ipc == 0 { "all".to_owned() } else { cell.ipc.to_string() }),
        Entry::new(&cell.network),
        Entry::new(format!("measured, budget {}", cell.budget)),
        Entry::new(spread(summary.mean, summary.std)).marked(if record.is_reduced() { REDUCED } else { "" }),
        Entry::new(ends(summary.interval, " to ")),
        Entry::default(),
        Entry::new(record.students.len().to_string()),
        Entry::new(recovery.unwrap_or_default()),
        Entry::new(&record.id),
    ]
}

fn published(record: &Record, value: &Published) -> Vec<Entry> {
    let held = Comparison::of(record, 100.0 * value.mean);
    let mut entries = vec![Entry::default(); 11];
    entries[4] = Entry::new(&value.source);
    entries[5] = Entry::new(spread(value.mean, value.std));
    entries[7] = if record.is_reduced() {
        Entry::muted("not comparable")
    } else {
        Entry::new(signed(held.difference, 2)).marked(if held.excluded == Some(true) { EXCLUDED } else { "" })
    };
    entries
}

fn notes(records: &[&Record]) -> Vec<String> {
    let mut notes = Vec::new();
    let excludes = |record: &Record| {
        let excluded = |value: &Published| Comparison::of(record, 100.0 * value.mean).excluded == Some(true);
        record.published.iter().any(excluded)
    };
    if records.iter().any(|record| excludes(record)) {
        notes.push(format!("{EXCLUDED} the measured 95 % interval excludes the published value"));
    }
    if records.iter().any(|record| record.is_reduced()) {
        notes.push(format!("{REDUCED} less than the published effort was spent"));
    }
    for record in records {
        let Some(best) = Summary::of_best_on_test(&record.students) else { continue };
        let best = spread(best.mean, best.std);
        notes
            .push(format!("{}: {best} is the best of the checks on the test set; never compared", record.cell.network));
    }
    for record in records.iter().filter(|record| !record.flags.is_empty()) {
        let flags: Vec<&str> = record.flags.iter().map(|flag| flag.meaning()).collect();
        notes.push(format!("{}: {}", record.cell.network, flags.join("; ")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::grid::Format;
    use compdd_core::record::{Flag, example};

    #[test]
    fn published_values_stand_below_what_was_measured() {
        let below = example::record(example::cell(), &[0.25, 0.26, 0.27, 0.26, 0.26]);
        let mut reduced = example::record(example::cell(), &[0.40]);
        reduced.flag(Flag::ReducedBudget);
        let mut unknown = example::cell();
        unknown.network = "lenet".into();
        let unknown = example::record(unknown, &[0.2; 5]);
        let text = outcome_grid(&[&below, &reduced, &unknown]).write(Format::Term);
        insta::assert_snapshot!("outcome", text);
    }
}
