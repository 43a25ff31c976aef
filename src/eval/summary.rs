//! What several students' scores amount to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::Stream;

/// Resamplings behind a bootstrap interval.
const RESAMPLES: usize = 10_000;

/// Statistics of a list of scores, in the unit of the scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (`n - 1`, ddof 1); 0 for one score. What the tables of this tool show.
    pub std: f64,
    /// Population standard deviation (`n`, ddof 0); what the released evaluations of the field report.
    pub std_population: f64,
    /// 95 % percentile bootstrap interval of the mean, `[low, high]`.
    pub interval: [f64; 2],
    /// Number of scores.
    pub n: usize,
}

impl Summary {
    /// Statistics of `scores`; the bootstrap draws from the stream `(seed, "bootstrap", 0)`. All zero when there are none.
    pub fn of(scores: &[f64], seed: u64) -> Self {
        let n = scores.len();
        if n == 0 {
            return Self { mean: 0.0, std: 0.0, std_population: 0.0, interval: [0.0; 2], n };
        }
        let mean = scores.iter().sum::<f64>() / n as f64;
        let squares = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>();
        let std = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
        Self { mean, std, std_population: (squares / n as f64).sqrt(), interval: interval(scores, seed), n }
    }
}

fn interval(scores: &[f64], seed: u64) -> [f64; 2] {
    let n = scores.len();
    let mut stream = Stream::new(seed, "bootstrap", 0);
    let mut resampled = |_| (0..n).map(|_| scores[stream.below(n)]).sum::<f64>() / n as f64;
    let mut means: Vec<f64> = (0..RESAMPLES).map(&mut resampled).collect();
    means.sort_by(f64::total_cmp);
    let quantile = |q: f64| means[((RESAMPLES - 1) as f64 * q).round() as usize];
    [quantile(0.025), quantile(0.975)]
}

/// Accuracy on the distilled set as a percentage of the accuracy on the full one; `None` when that is zero.
pub fn recovery_ratio(score: f64, full: f64) -> Option<f64> {
    (full > 0.0).then(|| 100.0 * score / full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_a_known_list() {
        let summary = Summary::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], 0);
        assert!((summary.mean - 5.0).abs() < 1e-12);
        assert!((summary.std_population - 2.0).abs() < 1e-12);
        assert!((summary.std - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        let [low, high] = summary.interval;
        assert!(low < 5.0 && 5.0 < high && (high - low) > 2.0 && (high - low) < 3.5, "{low} {high}");
        assert_eq!(Summary::of(&[2.0, 4.0], 9), Summary::of(&[2.0, 4.0], 9));
    }

    #[test]
    fn one_score_has_no_spread() {
        let one = Summary::of(&[31.5], 0);
        assert_eq!((one.mean, one.std, one.std_population, one.interval, one.n), (31.5, 0.0, 0.0, [31.5, 31.5], 1));
        assert_eq!(Summary::of(&[], 0).n, 0);
    }

    #[test]
    fn recovery_is_a_percentage_of_the_reference() {
        assert_eq!(recovery_ratio(0.3, 0.6), Some(50.0));
        assert_eq!(recovery_ratio(0.3, 0.0), None);
    }
}
