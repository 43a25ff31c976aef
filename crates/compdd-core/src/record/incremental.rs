//! Accuracy while classes come step by step: the report of `compdd incremental`.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Accuracy, Cell, RecordError, Summary, json};

const FORMAT: json::Format = json::Format {
    name: "compdd incremental",
    newest: 1,
    help: "delete the file and give the command again: the students are trained afresh",
};

/// Students of one cell that learn classes in steps. Equal calls write equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incremental {
    /// Name of the format.
    pub format: String,
    /// Its version.
    pub version: u64,
    /// The cell of the students: that of their record.
    pub cell: Cell,
    /// How many classes are known after each step.
    pub known: Vec<usize>,
    /// Seeds of the students.
    pub seeds: Vec<u64>,
    /// In which order the classes come, for every student.
    pub orders: Vec<Vec<u32>>,
    /// Accuracy on the test images of the known classes after each step, for every student that is under way or done.
    pub accuracies: Vec<Vec<Accuracy>>,
}

impl Incremental {
    /// A report without an accuracy: the classes come in orders of their own, in so many steps, as even as whole classes allow.
    pub fn new(cell: Cell, steps: usize, seeds: Vec<u64>, orders: Vec<Vec<u32>>) -> Self {
        let classes = orders.first().map_or(0, Vec::len);
        let known = (1..=steps).map(|step| (step * classes).div_ceil(steps)).collect();
        let (format, version) = (FORMAT.name.to_owned(), FORMAT.newest);
        Self { format, version, cell, known, seeds, orders, accuracies: Vec::new() }
    }

    /// Reads a report.
    ///
    /// # Errors
    /// When there is none at `path`, or it is damaged.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        json::read(path, FORMAT)
    }

    /// Writes the report, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        json::write(path, self)
    }

    /// What the students amount to after a step; none unless all took it.
    pub fn summary(&self, step: usize) -> Option<Summary> {
        let after: Option<Vec<Accuracy>> =
            self.accuracies.iter().map(|accuracies| accuracies.get(step).copied()).collect();
        after.filter(|after| after.len() == self.seeds.len()).and_then(|after| Summary::of(&after))
    }

    /// The mean over the steps of every student's accuracies; none unless all took all.
    pub fn average(&self) -> Option<Summary> {
        let steps = self.known.len();
        let mean = |all: &Vec<Accuracy>| {
            let sum: f64 = all.iter().map(|accuracy| accuracy.fraction()).sum();
            (all.len() == steps).then(|| Accuracy::new((sum / steps as f64).min(1.0)).ok()).flatten()
        };
        let means: Option<Vec<Accuracy>> = self.accuracies.iter().map(mean).collect();
        means.filter(|means| means.len() == self.seeds.len()).and_then(|means| Summary::of(&means))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn classes_are_divided_among_the_steps() {
        let of =
            |classes: u32, steps| Incremental::new(example::cell(), steps, vec![0], vec![(0..classes).collect()]).known;
        assert_eq!(of(10, 5), [2, 4, 6, 8, 10]);
        assert_eq!(of(100, 10), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
        assert_eq!(of(10, 4), [3, 5, 8, 10]);
    }

    #[test]
    fn a_step_counts_when_all_took_it() {
        let mut report = Incremental::new(example::cell(), 2, vec![1, 2], vec![vec![0, 1], vec![1, 0]]);
        let accuracy = |value| Accuracy::new(value).unwrap();
        report.accuracies = vec![vec![accuracy(1.0), accuracy(0.5)], vec![accuracy(0.8)]];
        assert!((report.summary(0).unwrap().mean - 0.9).abs() < 1e-12);
        assert!(report.summary(1).is_none() && report.average().is_none());
        report.accuracies[1].push(accuracy(0.4));
        assert!((report.average().unwrap().mean - 0.675).abs() < 1e-12);
    }
}
