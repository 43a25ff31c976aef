//! Which tables there are, and how much of each was measured.

use super::{PaperError, Records, all};
use crate::report::grid::{Entry, Grid, Heading, Row};

/// Every table with the number of its cells, how many of them compdd can run, and how many records answer.
///
/// # Errors
/// As [`Records::answers`].
pub fn list(records: &Records) -> Result<Grid, PaperError> {
    let titles = ["id", "cells", "in compdd", "measured", "reduced", "confidence", "what it shows"];
    let mut rows = Vec::with_capacity(all().len());
    for table in all() {
        let answers = records.answers(table)?;
        let count =
            |wanted: &dyn Fn(&super::Answer<'_>) -> bool| answers.iter().filter(|answer| wanted(answer)).count();
        let reduced = count(&|answer| answer.measured().is_some_and(|(_, reduced)| reduced));
        let numbers = [
            answers.len(),
            count(&|answer| answer.target.is_ok()),
            count(&|answer| answer.measured().is_some()) - reduced,
            reduced,
        ];
        let number =
            |number: usize| if answers.is_empty() { Entry::muted("–") } else { Entry::new(number.to_string()) };
        let mut entries = vec![Entry::new(&table.id)];
        entries.extend(numbers.map(number));
        entries.extend([&table.confidence, &table.caption].map(Entry::new));
        rows.push(Row::new(entries));
    }
    Ok(Grid {
        name: "tables".to_owned(),
        caption: "Published tables".to_owned(),
        head: vec![titles.map(Heading::one).to_vec()],
        stub: 1,
        rows,
        notes: vec![
            "measured: cells that a record of the paper's budget answers; reduced: only one of a reduced budget does; –: settings or lists, shown as they are"
                .to_owned(),
        ],
    })
}
