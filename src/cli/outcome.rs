//! What `compdd run` and `compdd eval` show at their end.

use compdd::{
    record::Record,
    report::{self, grid::Format},
    run::Outcome,
};

/// The measured rows, and below each what papers print for its cell.
pub fn table(outcomes: &[Outcome]) -> String {
    let records: Vec<&Record> = outcomes.iter().map(|outcome| &outcome.record).collect();
    report::outcome_grid(&records).write(Format::Term).trim_end().to_owned()
}
