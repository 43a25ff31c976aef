//! Which of the cells that a table compares is best.

use std::collections::BTreeMap;

use super::{
    Answer, Table,
    layout::Dimension,
    names::{Best, NAMES},
};

/// For every cell, whether it is the best of what the paper prints, and of what was measured.
pub struct Winners {
    pub published: Vec<bool>,
    pub measured: Vec<bool>,
}

impl Winners {
    /// Among cells that differ in nothing but what the table compares; alone nothing is best, references and reduced budgets never are.
    pub fn of(table: &Table, answers: &[Answer<'_>]) -> Self {
        let published = answers.iter().map(|answer| answer.printed.value());
        let measured = answers.iter().map(|answer| {
            let (value, _) = answer.measured().filter(|(_, reduced)| !reduced)?;
            Some((value * 100.0).round() / 100.0)
        });
        Self { published: winners(table, answers, published), measured: winners(table, answers, measured) }
    }
}

fn winners(table: &Table, answers: &[Answer<'_>], values: impl Iterator<Item = Option<f64>>) -> Vec<bool> {
    let mut groups: BTreeMap<Vec<&str>, Vec<(usize, f64, Best)>> = BTreeMap::new();
    for (place, (answer, value)) in answers.iter().zip(values).enumerate() {
        let best = NAMES.metrics.get(&answer.printed.metric).and_then(|metric| metric.best);
        if let (Some(value), Some(best), false) = (value, best, answer.printed.is_reference()) {
            groups.entry(group(table, answer)).or_default().push((place, value, best));
        }
    }
    let mut won = vec![false; answers.len()];
    for cells in groups.into_values().filter(|cells| cells.len() > 1) {
        let rank = |(_, value, best): &(usize, f64, Best)| if *best == Best::Highest { *value } else { -value };
        let top = cells.iter().map(rank).fold(f64::NEG_INFINITY, f64::max);
        for cell in cells.iter().filter(|cell| rank(cell) >= top) {
            won[cell.0] = true;
        }
    }
    won
}

/// What cells must share to be compared.
fn group<'a>(table: &Table, answer: &Answer<'a>) -> Vec<&'a str> {
    let shared = Dimension::ALL.into_iter().filter(|dimension| !table.layout.compare.contains(dimension));
    shared.map(|dimension| answer.printed.word(dimension)).collect()
}
