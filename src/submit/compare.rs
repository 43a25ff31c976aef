//! Whether two means agree.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::record::Summary;

/// A claimed mean held against a re-scored one, as fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Re-scored less claimed.
    pub difference: f64,
    /// Lower end of Welch's 95 % interval of the difference.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Comparison {
    /// A difference of means up to this, one point, is no disagreement, however narrow its interval: so much is allowed for other
    /// machines and decoders.
    pub const TOLERANCE: f64 = 0.01;

    /// Compares two summaries by Welch's interval: `d ± t sqrt(s1²/n1 + s2²/n2)` with the Welch-Satterthwaite degrees of freedom,
    /// rounded down. A claim of one student has no deviation: it is taken to be that of the other side, with the other's degrees.
    pub fn of(claimed: &Summary, again: &Summary) -> Self {
        let difference = again.mean - claimed.mean;
        let share = |one: &Summary, other: &Summary| one.std.or(other.std).unwrap_or(0.0).powi(2) / one.n as f64;
        let (first, second) = (share(claimed, again), share(again, claimed));
        let spent = |share: f64, n: usize| share.powi(2) / (n - 1) as f64;
        let freedom = match (claimed.n, again.n) {
            (1, n) | (n, 1) => n.saturating_sub(1) as f64,
            (n, m) => (first + second).powi(2) / (spent(first, n) + spent(second, m)),
        };
        let error = (first + second).sqrt();
        let half = if error > 0.0 { quantile(freedom) * error } else { 0.0 };
        Self { difference, low: difference - half, high: difference + half }
    }

    /// Whether the two agree: the interval holds zero, or the difference is within the tolerance.
    pub fn agrees(&self) -> bool {
        (self.low <= 0.0 && self.high >= 0.0) || self.difference.abs() <= Self::TOLERANCE
    }
}

/// The two-sided 95 % point of Student's t. Beyond a hundred thousand degrees of freedom it is that of the normal distribution to four
/// digits, and the search for it does not end.
fn quantile(freedom: f64) -> f64 {
    let freedom = if freedom.is_nan() { 1.0 } else { freedom.clamp(1.0, 1e5).floor() };
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Accuracy;

    fn summary(scores: &[f64]) -> Summary {
        Summary::of(&scores.iter().map(|score| Accuracy::new(*score).unwrap()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn welch_by_hand() {
        let (a, b) = (summary(&[0.50, 0.52, 0.51, 0.49, 0.53]), summary(&[0.50, 0.56, 0.52, 0.58, 0.50]));
        let found = Comparison::of(&a, &b);
        // d = 0.022, s1² = 0.00025, s2² = 0.00132, se² = 0.000314, df = 5.46 -> t(5) = 2.571
        assert!((found.difference - 0.022).abs() < 1e-12);
        assert!((found.high - (0.022 + 2.571 * 0.000_314_f64.sqrt())).abs() < 1e-5, "{found:?}");
        assert!(found.agrees());
    }

    #[test]
    fn means_disagree_only_beyond_interval_and_tolerance() {
        let at = |mean: f64, spread: f64| summary(&[mean - spread, mean, mean + spread]);
        assert!(Comparison::of(&at(0.5, 0.001), &at(0.509, 0.001)).agrees(), "within a point");
        assert!(!Comparison::of(&at(0.5, 0.001), &at(0.48, 0.001)).agrees(), "two points, narrow");
        assert!(Comparison::of(&at(0.5, 0.05), &at(0.48, 0.05)).agrees(), "two points, wide");
        assert!(!Comparison::of(&at(0.5, 0.0), &at(0.52, 0.0)).agrees(), "without spread");
    }

    #[test]
    fn a_claim_of_one_student_borrows_its_deviation() {
        let (one, many) = (summary(&[0.6]), summary(&[0.50, 0.52, 0.51]));
        let found = Comparison::of(&one, &many);
        let half = 4.303 * (0.0001_f64 + 0.0001 / 3.0).sqrt();
        assert!((found.high - (found.difference + half)).abs() < 1e-5, "{found:?}");
        assert!((found.difference + 0.09).abs() < 1e-12 && !found.agrees());
    }

    #[test]
    fn quantiles_fall_towards_the_normal() {
        let all: Vec<f64> = (1..200).map(|df| quantile(f64::from(df))).collect();
        assert!(all.windows(2).all(|pair| pair[0] >= pair[1]) && (quantile(1e9) - 1.959_964).abs() < 1e-4);
        assert!((quantile(40.0) - 2.021).abs() < 0.002 && (quantile(120.0) - 1.980).abs() < 0.001);
        assert!((quantile(f64::NAN) - 12.706).abs() < 1e-3);
    }
}
