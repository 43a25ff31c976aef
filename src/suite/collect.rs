//! The results of a plan as a table.

use super::{Contents, Folder, Plan, State, Status, SuiteError};
use crate::{
    record::Record,
    report::grid::{Entry, Grid, Heading, Row},
};

/// One row a record that the plan asks for; cells without one say how they stand, and why.
///
/// # Errors
/// What a record that cannot be read is.
pub fn collect(plan: &Plan, folder: &Folder) -> Result<Grid, SuiteError> {
    let (entries, shared) = (plan.entries()?, plan.shared());
    let (status, contents) = (Status::of(plan, &entries, folder)?, Contents::pinned(folder, shared)?);
    let mut rows = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let networks = std::iter::once(&entry.cell.network).chain(&entry.also);
        let cells = entry.cells(shared, &contents)?;
        for (place, network) in networks.enumerate() {
            let record = cells.as_ref().map(|cells| folder.store().load(&cells[place])).transpose()?.flatten();
            let row = status.rows.get(&index).filter(|_| status.states[index] != State::Done);
            let mut words =
                vec![index.to_string(), entry.group.clone(), entry.cell.method.clone(), entry.cell.subset.clone()];
            words.push(if entry.cell.is_reference() { String::new() } else { entry.cell.ipc.to_string() });
            words.extend([
                entry.cell.protocol.clone(),
                network.clone(),
                entry.cell.seed.to_string(),
                changes(&entry.set),
            ]);
            words.extend(measured(record.as_ref()));
            let state = if record.is_some() { State::Done } else { status.states[index] };
            words.extend([state.describe(), row.map(|row| row.reason.clone()).unwrap_or_default()]);
            words.push(record.map(|record| record.id).unwrap_or_default());
            rows.push(Row { entries: words.into_iter().map(Entry::new).collect(), rule: false });
        }
    }
    Ok(Grid {
        name: plan.id(),
        caption: format!("{}: {}", plan.id(), plan.summary()),
        head: vec![HEAD.map(Heading::one).into()],
        stub: 1,
        rows,
        notes: vec!["Accuracies in percent: mean and sample deviation over students (divisor n - 1).".to_owned()],
    })
}

const HEAD: [&str; 16] = [
    "cell",
    "group",
    "method",
    "subset",
    "ipc",
    "protocol",
    "network",
    "seed",
    "recipe",
    "mean",
    "std",
    "students",
    "published",
    "state",
    "reason",
    "record",
];

fn changes(set: &[(String, String)]) -> String {
    set.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// Mean, deviation, students, and what papers print.
fn measured(record: Option<&Record>) -> [String; 4] {
    let percent = |fraction: f64| format!("{:.2}", 100.0 * fraction);
    match record {
        None => Default::default(),
        Some(record) => [
            percent(record.summary.mean),
            record.summary.std.map(percent).unwrap_or_default(),
            record.students.len().to_string(),
            record.published.iter().map(|published| percent(published.mean)).collect::<Vec<_>>().join("/"),
        ],
    }
}
