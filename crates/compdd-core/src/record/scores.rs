//! The numbers of a result: one score per student, and what they amount to.

use super::RecordError;
use crate::rng::Stream;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Share of test images that were classified correctly, from 0 to 1. Percent exists only in tables.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Accuracy(f64);

impl JsonSchema for Accuracy {
    fn schema_name() -> Cow<'static, str> {
        "Accuracy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1, "description": "Fraction, not percent." })
    }
}

impl Accuracy {
    /// Refuses what is no fraction.
    pub fn new(fraction: f64) -> Result<Self, RecordError> {
        if (0.0..=1.0).contains(&fraction) { Ok(Self(fraction)) } else { Err(RecordError::Accuracy(fraction)) }
    }

    /// `correct` out of `total` images; 0 when there are none.
    pub fn of_counts(correct: usize, total: usize) -> Self {
        if total == 0 { Self(0.0) } else { Self(correct.min(total) as f64 / total as f64) }
    }

    /// From 0 to 1.
    pub fn fraction(self) -> f64 {
        self.0
    }

    /// From 0 to 100.
    pub fn percent(self) -> f64 {
        self.0 * 100.0
    }
}

impl TryFrom<f64> for Accuracy {
    type Error = RecordError;
    fn try_from(fraction: f64) -> Result<Self, RecordError> {
        Self::new(fraction)
    }
}

impl From<Accuracy> for f64 {
    fn from(accuracy: Accuracy) -> Self {
        accuracy.0
    }
}

/// The score of one student.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudentRecord {
    /// Seed of its initial weights, batches and augmentation.
    pub seed: u64,
    /// Which of the run's distilled sets it learned from: index into `bundles`.
    #[serde(default)]
    pub draw: usize,
    /// Top-1 accuracy on the whole test set after the last epoch.
    pub accuracy: Accuracy,
    /// Mean training loss of the last epoch.
    pub train_loss: f64,
    /// Epochs trained.
    pub epochs: usize,
    /// Optimiser steps taken.
    pub steps: usize,
    /// The best of several looks at the test set, where they were asked for. Never a headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_on_test: Option<BestOnTest>,
}

/// The best accuracy among tests while a student trained: chosen on the test set, as some papers report it, and so biased upwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestOnTest {
    /// Top-1 accuracy on the whole test set.
    pub accuracy: Accuracy,
    /// After how many epochs, the earliest of equals.
    pub epoch: usize,
    /// Among how many tests, that of the last epoch included.
    pub checks: usize,
}

/// A two-sided 95 % interval of a mean accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Lower end, fraction.
    pub low: f64,
    /// Upper end, fraction.
    pub high: f64,
}

/// What the students' accuracies amount to. All values are fractions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Number of students.
    pub n: usize,
    /// Mean accuracy.
    pub mean: f64,
    /// Sample standard deviation (divisor n - 1); none for a single student.
    pub std: Option<f64>,
    /// Population standard deviation (divisor n), the one the MTT lineage prints.
    pub std_population: f64,
    /// Percentile bootstrap of the mean over students, 95 %; none for a single student.
    pub interval: Option<Interval>,
}

const RESAMPLES: usize = 10_000;

impl Summary {
    /// Summarises accuracies; none for an empty list. The bootstrap has a fixed stream, so equal scores give equal bytes.
    pub fn of(accuracies: &[Accuracy]) -> Option<Self> {
        let n = accuracies.len();
        if n == 0 {
            return None;
        }
        let values: Vec<f64> = accuracies.iter().map(|a| a.0).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Some(Self {
            n,
            mean,
            std: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
            std_population: (squares / n as f64).sqrt(),
            interval: (n > 1).then(|| bootstrap(&values)),
        })
    }

    /// Summarises students.
    pub fn of_students(students: &[StudentRecord]) -> Option<Self> {
        Self::of(&students.iter().map(|s| s.accuracy).collect::<Vec<_>>())
    }

    /// Summarises the best of the checks; none unless every student has them.
    pub fn of_best_on_test(students: &[StudentRecord]) -> Option<Self> {
        Self::of(&students.iter().map(|s| Some(s.best_on_test?.accuracy)).collect::<Option<Vec<_>>>()?)
    }

    /// Whether two summaries are the same up to the last digits of a decimal representation.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let both = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => close(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.n == other.n
            && close(self.mean, other.mean)
            && close(self.std_population, other.std_population)
            && both(self.std, other.std)
            && both(self.interval.map(|i| i.low), other.interval.map(|i| i.low))
            && both(self.interval.map(|i| i.high), other.interval.map(|i| i.high))
    }
}

/// The resamples of `n` values: how often each value is drawn, and how often exactly this happens among [`RESAMPLES`]. The stream is fixed,
/// so they are the same for all lists of a length; five values have 126 different ones.
type Resamples = Vec<(Vec<u32>, usize)>;

/// The resamples of a length, drawn once.
fn resamples(n: usize) -> Arc<Resamples> {
    static DRAWN: Mutex<BTreeMap<usize, Arc<Resamples>>> = Mutex::new(BTreeMap::new());
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let draw = || {
        let mut stream = Stream::new(0, "bootstrap of a mean", n as u64);
        let mut different: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        for _ in 0..RESAMPLES {
            let mut counts = vec![0; n];
            (0..n).for_each(|_| counts[stream.below(n)] += 1);
            *different.entry(counts).or_default() += 1;
        }
        Arc::new(different.into_iter().collect())
    };
    drawn.entry(n).or_insert_with(draw).clone()
}

/// The 2.5 % and 97.5 % points of the mean of `n` draws with replacement.
fn bootstrap(values: &[f64]) -> Interval {
    let n = values.len() as f64;
    let mean = |counts: &[u32]| values.iter().zip(counts).map(|(v, count)| v * f64::from(*count)).sum::<f64>() / n;
    let mut means: Vec<(f64, usize)> =
        resamples(values.len()).iter().map(|(counts, times)| (mean(counts), *times)).collect();
    means.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |share: f64| {
        let mut place = ((RESAMPLES - 1) as f64 * share).round() as usize;
        let found = means.iter().find(|(_, times)| place.checked_sub(*times).map(|left| place = left).is_none());
        found.map_or(f64::NAN, |(mean, _)| *mean)
    };
    Interval { low: at(0.025), high: at(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f64]) -> Vec<Accuracy> {
        values.iter().map(|v| Accuracy::new(*v).unwrap()).collect()
    }

    #[test]
    fn both_deviations_are_stored() {
        let summary = Summary::of(&scores(&[0.1, 0.2, 0.3, 0.4])).unwrap();
        assert!((summary.mean - 0.25).abs() < 1e-12);
        assert!((summary.std.unwrap() - (0.05_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((summary.std_population - (0.05_f64 / 4.0).sqrt()).abs() < 1e-12);
        let interval = summary.interval.unwrap();
        assert!(interval.low < 0.25 && interval.high > 0.25 && interval.low >= 0.1 && interval.high <= 0.4);
        assert_eq!(summary, Summary::of(&scores(&[0.1, 0.2, 0.3, 0.4])).unwrap());
    }

    #[test]
    fn one_student_has_no_spread() {
        let summary = Summary::of(&scores(&[0.5])).unwrap();
        assert_eq!((summary.std, summary.interval, summary.std_population), (None, None, 0.0));
        assert!(Summary::of(&[]).is_none());
    }

    /// The stored records were made by drawing and sorting all resamples of each list.
    #[test]
    fn counted_resamples_give_the_drawn_interval() {
        for values in [vec![0.2, 0.7], vec![0.4098, 0.4152, 0.4096], vec![0.31, 0.35, 0.3, 0.33, 0.29, 0.4, 0.38]] {
            let n = values.len();
            let mut stream = Stream::new(0, "bootstrap of a mean", n as u64);
            let draw = |_| (0..n).map(|_| values[stream.below(n)]).sum::<f64>() / n as f64;
            let mut means: Vec<f64> = (0..RESAMPLES).map(draw).collect();
            means.sort_by(f64::total_cmp);
            let interval = bootstrap(&values);
            assert!((interval.low - means[250]).abs() < 1e-12 && (interval.high - means[9749]).abs() < 1e-12);
        }
    }

    #[test]
    fn percent_is_refused_as_a_fraction() {
        assert!(Accuracy::new(33.3).is_err());
        assert!(Accuracy::new(f64::NAN).is_err());
        assert!(serde_json::from_str::<Accuracy>("16.1").is_err());
        assert!((Accuracy::of_counts(1, 4).percent() - 25.0).abs() < 1e-12);
    }
}
