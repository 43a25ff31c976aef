//! Comma-separated values: one heading a column, marks left out, so that numbers stay numbers.

use super::{Entry, Grid};

/// The table as CSV (RFC 4180 with line feeds).
pub fn write(grid: &Grid) -> String {
    let mut text = line(grid.names(" / ").iter().map(String::as_str));
    for row in &grid.rows {
        text += &line(row.entries.iter().map(value));
    }
    text
}

/// What is not there is empty.
fn value(entry: &Entry) -> &str {
    if entry.muted { "" } else { &entry.text }
}

/// One line of fields, each quoted where it must be.
pub fn line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let quoted = |field: &str| {
        if field.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.into()
        }
    };
    fields.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}
