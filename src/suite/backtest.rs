//! How well the rates of records predict: every record by all the others, as if it had still been ahead. What a set took is predicted once, and
//! by no record of the same set.

use super::{
    Rates, SuiteError,
    observed::{Observed, Stage, observe},
    rates::Hours,
};
use crate::{
    record::Store,
    report::grid::{Entry, Grid, Heading, Row},
};

/// A stage of a record: what the other records predict for it, and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// Id of the record.
    pub record: String,
    /// `distilling` or `scoring`.
    pub stage: &'static str,
    /// Hours of one core (CPU) or of the device.
    pub predicted: f64,
    /// Likewise.
    pub measured: f64,
    /// Whether another record has its method, or its network for scoring.
    pub related: bool,
    /// Whether the processor's time was measured, and not that of the clock.
    pub sure: bool,
}

impl Backtest {
    /// By which factor the prediction is off, never below 1.
    pub fn factor(&self) -> f64 {
        (self.predicted / self.measured).max(self.measured / self.predicted)
    }
}

/// The stages of the records of a kind of device that took at least so many seconds, in the order of the records.
///
/// # Errors
/// When the folder cannot be listed; records that cannot be read are passed over.
pub fn backtest(store: &Store, device: &str, seconds: f64) -> Result<Vec<Backtest>, SuiteError> {
    let observed = observe(store, device)?;
    let mut tests = Vec::new();
    for (at, record) in observed.iter().enumerate() {
        let others = |same: bool| {
            let other = move |(place, other): &(usize, &Observed)| *place != at && (same || other.sets != record.sets);
            Rates::learned(observed.iter().enumerate().filter(other).map(|(_, other)| other), 1.0)
        };
        let first = !observed[..at].iter().any(|earlier| earlier.sets == record.sets && earlier.distil.is_some());
        let images = record.images as usize;
        let long = |stage: Option<Stage>| stage.filter(|stage| stage.seconds >= seconds);
        let test = |stage, taken: Stage, hours: Hours| Backtest {
            record: record.id.clone(),
            stage,
            predicted: hours.hours,
            measured: taken.seconds / 3600.0,
            related: hours.measured,
            sure: taken.sure,
        };
        if let Some(taken) = long(record.distil.filter(|_| first)) {
            let hours = others(false).distil_hours(taken.work, &record.method, &record.source, images);
            tests.push(test("distilling", taken, hours));
        }
        if let Some(taken) = long(record.score) {
            tests.push(test("scoring", taken, others(true).score_hours(taken.work, &record.network, images)));
        }
    }
    Ok(tests)
}

/// So far may a prediction be off.
const GOOD: f64 = 1.5;

/// A row a stage, the longest first, and how many predictions are within a factor of 1.5.
pub fn table(mut tests: Vec<Backtest>, device: &str) -> Grid {
    tests.sort_by(|a, b| b.measured.total_cmp(&a.measured));
    let sure = || tests.iter().filter(|test| test.sure);
    let good = sure().filter(|test| test.factor() <= GOOD).count();
    let row = |test: &Backtest| {
        let words = [
            test.record.clone(),
            test.stage.to_owned(),
            format!("{:.3}", test.predicted),
            format!("{:.3}", test.measured),
            format!("{:.2}", test.factor()),
            if test.related { "a relative" } else { "the median" }.to_owned(),
            if test.sure { "processor" } else { "clock" }.to_owned(),
        ];
        Row { entries: words.into_iter().map(Entry::new).collect(), rule: false }
    };
    Grid {
        name: "predicted-hours".to_owned(),
        caption: format!("Hours that other records predict, and hours that were measured, on {device}"),
        head: vec![
            ["record", "stage", "predicted, h", "measured, h", "factor", "by", "time of"].map(Heading::one).into(),
        ],
        stub: 2,
        rows: tests.iter().map(row).collect(),
        notes: vec![
            format!("Of {} whose processor time is known, {good} are within a factor of {GOOD}.", sure().count()),
            "Hours of one core for the CPU. Times on the clock include what else the machine did.".to_owned(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(predicted: f64, measured: f64, sure: bool) -> Backtest {
        Backtest { record: "r".into(), stage: "scoring", predicted, measured, related: true, sure }
    }

    #[test]
    fn predictions_count_within_a_factor_either_way() {
        assert!(
            (test(2.0, 1.0, true).factor() - 2.0).abs() < 1e-12 && (test(1.0, 2.0, true).factor() - 2.0).abs() < 1e-12
        );
        let grid =
            table(vec![test(1.4, 1.0, true), test(1.0, 1.6, true), test(0.7, 1.0, true), test(1.0, 1.0, false)], "cpu");
        assert_eq!(grid.notes[0], "Of 3 whose processor time is known, 2 are within a factor of 1.5.");
        assert_eq!(grid.rows[0].entries[3].text, "1.600", "the longest first");
    }
}
