//! What `compdd run` and `compdd eval` show at their end.

use compdd::{record::Record, report, run::Outcome};

use super::ui;

/// Shows the measured rows, and below each what papers print for its cell.
pub fn show(outcomes: &[Outcome]) {
    let records: Vec<&Record> = outcomes.iter().map(|outcome| &outcome.record).collect();
    ui::show_grid(&report::outcome_grid(&records));
}
