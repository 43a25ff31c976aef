//! The long form: one line a printed cell, with everything that is known of it.

use super::{Answer, Printed, Table};
use crate::report::grid::csv::line;
use compdd_core::record::Comparison;

const PUBLISHED: [&str; 16] = [
    "id",
    "paper",
    "table",
    "method",
    "dataset",
    "ipc",
    "protocol",
    "network",
    "metric",
    "mean",
    "std",
    "note",
    "factor1_name",
    "factor1_value",
    "factor2_name",
    "factor2_value",
];

const MEASURED: [&str; 11] = [
    "measured_mean",
    "measured_std",
    "measured_low",
    "measured_high",
    "students",
    "budget",
    "comparable",
    "record",
    "difference",
    "excluded",
    "command",
];

/// The heading; `measured` asks for the columns of measured numbers as well.
pub fn header(measured: bool) -> String {
    let extra: &[&str] = if measured { &MEASURED } else { &[] };
    line(PUBLISHED.iter().chain(extra).copied())
}

/// The lines of a table. Numbers are percent with two digits; what is unknown is empty.
pub fn lines(table: &Table, answers: &[Answer<'_>], measured: bool) -> String {
    let text = |answer: &Answer<'_>| {
        let printed = published(table, answer.printed);
        let extra = if measured { of_record(answer) } else { Vec::new() };
        line(printed.into_iter().chain(extra.iter().map(String::as_str)))
    };
    answers.iter().map(text).collect()
}

fn published<'a>(table: &'a Table, printed: &'a Printed) -> [&'a str; 16] {
    [
        &table.id,
        &printed.paper,
        &printed.table,
        &printed.method,
        &printed.dataset,
        &printed.ipc,
        &printed.protocol,
        &printed.network,
        &printed.metric,
        &printed.mean,
        &printed.std,
        &printed.note,
        &printed.factor1_name,
        &printed.factor1_value,
        &printed.factor2_name,
        &printed.factor2_value,
    ]
}

fn of_record(answer: &Answer<'_>) -> Vec<String> {
    let command = answer.target.as_ref().map(super::Target::command).unwrap_or_default();
    if let Some(derived) = &answer.derived {
        let comparable = if derived.reduced { "no" } else { "yes" };
        let mut row = vec![String::new(); MEASURED.len()];
        row[0] = format!("{:.2}", derived.value);
        (row[6], row[7]) = (comparable.to_owned(), derived.records.join(" "));
        let published = answer.printed.value().filter(|_| !derived.reduced);
        row[8] = published.map(|published| format!("{:.2}", derived.value - published)).unwrap_or_default();
        row[10] = command;
        return row;
    }
    let Some(record) = answer.record else {
        return (1..MEASURED.len()).map(|_| String::new()).chain([command]).collect();
    };
    let percent = |fraction: f64| format!("{:.2}", 100.0 * fraction);
    let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let (summary, comparable) = (&record.summary, !record.is_reduced());
    let held = answer.printed.value().filter(|_| comparable).map(|published| Comparison::of(record, published));
    vec![
        percent(summary.mean),
        summary.std.map(percent).unwrap_or_default(),
        summary.interval.map(|interval| percent(interval.low)).unwrap_or_default(),
        summary.interval.map(|interval| percent(interval.high)).unwrap_or_default(),
        record.students.len().to_string(),
        record.cell.budget.to_string(),
        word(comparable),
        record.id.clone(),
        held.map(|held| format!("{:.2}", held.difference)).unwrap_or_default(),
        held.and_then(|held| held.excluded).map(word).unwrap_or_default(),
        command,
    ]
}
