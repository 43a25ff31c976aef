//! Cells that no single record answers: gains of one method over another, and largest harmless pruning ratios.

use super::{Records, Target, target::Asked};
use crate::report::read;
use compdd_core::{
    pruning::{Criterion, Side},
    record::Record,
};

/// What several records say together.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// In the unit of the printed number: points, or percent.
    pub value: f64,
    /// Whether less than the published effort is behind one of the records.
    pub reduced: bool,
    /// Ids of the records.
    pub records: Vec<String>,
    /// How it comes about, in a line.
    pub facts: String,
}

impl Derived {
    fn of(value: f64, records: &[&Record], facts: String) -> Self {
        let reduced = records.iter().any(|record| record.is_reduced());
        Self { value, reduced, records: records.iter().map(|record| record.id.clone()).collect(), facts }
    }
}

impl Records {
    /// What records say of a cell that no single one answers.
    pub(super) fn derived(&self, target: &Target) -> Option<Derived> {
        match &target.asked {
            Asked::Accuracy | Asked::Attacked(_) => None,
            Asked::Over(other) => {
                let records = [self.best(target)?, self.best(other)?];
                let [own, other] = records.map(|record| 100.0 * record.summary.mean);
                let names = records.map(|record| format!("`{}`", record.id));
                Some(Derived::of(own - other, &records, names.join(" less ")))
            }
            Asked::Harmless => {
                let shares = |record: &&Record| {
                    let rule = record.cell.pruning.as_ref().map(|pruning| pruning.rule);
                    let random = rule.is_none_or(|rule| rule.criterion == Criterion::Random && rule.side == Side::High);
                    random && target.is_answered_without(rule, record)
                };
                let records: Vec<&Record> = self.near(target).filter(shares).collect();
                let owned: Vec<Record> = records.iter().map(|record| (*record).clone()).collect();
                let values = read::pruning(&owned).ok()?;
                let curve = values.curves.first()?;
                let largest = curve.largest_harmless().map_or(0.0, |point| 100.0 * point.removed);
                let facts = format!(
                    "the largest harmless of {} shares, of {} on all images",
                    curve.points.len(),
                    crate::report::counted(values.whole.0.len(), values.of.trim_end_matches('s'))
                );
                Some(Derived::of(largest, &records, facts))
            }
        }
    }
}
