//! A measured score held against a published one, in percent.

use super::{Flag, Record};

/// What a record says about a published value. All numbers are percent or percentage points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Measured mean.
    pub mean: f64,
    /// Measured less published.
    pub difference: f64,
    /// Whether the 95 % interval of the mean excludes the published value; none for a single student, which has no interval, and for a
    /// reduced budget, which cannot be compared.
    pub excluded: Option<bool>,
}

impl Comparison {
    /// Holds a record against a published mean in percent.
    pub fn of(record: &Record, published: f64) -> Self {
        let mean = 100.0 * record.summary.mean;
        let interval = record.summary.interval.filter(|_| !record.is_reduced());
        let excluded = interval.map(|interval| published < 100.0 * interval.low || published > 100.0 * interval.high);
        Self { mean, difference: mean - published, excluded }
    }
}

impl Record {
    /// Whether less than the published effort was spent on the set or its students: such a number is never compared with papers.
    pub fn is_reduced(&self) -> bool {
        self.flags.contains(&Flag::ReducedBudget)
    }
}

/// A number in percent or points with its sign: `+0.4`, `−1.2`, `0.0`.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let sign = match (text.chars().all(|c| c == '0' || c == '.'), value < 0.0) {
        (true, _) => "",
        (false, true) => "−",
        (false, false) => "+",
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::{super::example, *};

    fn of(scores: &[f64]) -> Record {
        example::record(example::cell(), scores)
    }

    #[test]
    fn an_interval_excludes_what_lies_outside() {
        let record = of(&[0.50, 0.51, 0.52, 0.53, 0.54]);
        let (inside, outside) = (Comparison::of(&record, 52.1), Comparison::of(&record, 55.0));
        assert_eq!((inside.excluded, outside.excluded), (Some(false), Some(true)));
        assert!((outside.difference + 3.0).abs() < 1e-9 && (outside.mean - 52.0).abs() < 1e-9);
        assert_eq!(Comparison::of(&of(&[0.5]), 55.0).excluded, None);
    }

    #[test]
    fn a_reduced_budget_excludes_nothing() {
        let mut record = of(&[0.50, 0.51, 0.52, 0.53, 0.54]);
        record.flag(Flag::ReducedBudget);
        assert_eq!(Comparison::of(&record, 55.0).excluded, None);
    }

    #[test]
    fn signs_are_of_what_is_read() {
        assert_eq!([0.44, -1.25, -0.04, 0.0].map(|value| signed(value, 1)), ["+0.4", "−1.2", "0.0", "0.0"]);
    }
}
