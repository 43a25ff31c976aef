//! What tables of students share: an accuracy with its interval, a heading a set and network, a note on who they are.

use super::grid::{Entry, Heading};
use compdd_core::record::{
    Budget, Cell, Summary,
    percent::{ends, spread},
};

/// What the signs in a cell mean.
pub(super) const SIGNS: &str = "± is the deviation over students, in brackets the 95 % interval of their mean";

/// `52.60 ± 0.50 (52.10 to 53.00)` in percent.
pub(super) fn accuracy(summary: Option<Summary>) -> Entry {
    let Some(summary) = summary else { return Entry::muted("not run") };
    let interval = summary.interval.map(|interval| format!(" ({})", ends(Some(interval), " to ")));
    Entry::new(format!("{}{}", spread(summary.mean, summary.std), interval.unwrap_or_default()))
}

/// Two lines of headings: what stands in the first columns, then method and network of every cell.
pub(super) fn headings<'a>(stub: [&str; 2], cells: impl Iterator<Item = &'a Cell>) -> Vec<Vec<Heading>> {
    let mut head = vec![stub.map(Heading::one).to_vec(), vec![Heading::one(""), Heading::one("")]];
    for cell in cells {
        head[0].push(Heading::one(format!("{}, IPC {}", cell.method, cell.ipc)));
        head[1].push(Heading::one(&cell.network));
    }
    head
}

/// A cell in a note.
pub(super) fn named(cell: &Cell) -> String {
    format!("{}, IPC {}, {}", cell.method, cell.ipc, cell.network)
}

/// Who the students of a cell are.
pub(super) fn who(cell: &Cell, students: usize) -> String {
    let budget = if cell.budget == Budget::Paper { String::new() } else { format!(", budget {}", cell.budget) };
    format!("{students} students of {} on {}{budget}", cell.protocol, cell.subset)
}
