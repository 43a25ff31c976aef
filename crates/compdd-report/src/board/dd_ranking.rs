//! The measures of DD-Ranking (arXiv 2505.13300, section 3). All accuracies and results are fractions, none are percent: the transform is not linear.
//!
//! `real` is the whole training set, `set` the distilled one, `random` as many real images drawn at random.

/// Hard-label recovery: accuracy of the whole training set less that of the set, both with hard labels. Lower is better.
pub fn hlr(real: f64, set: f64) -> f64 {
    real - set
}

/// Improvement over random: accuracy of the set by its method's own recipe less that of random images by the same. Higher is better.
pub fn ior(set: f64, random: f64) -> f64 {
    set - random
}

/// `(ior - hlr) / 2`: what the label-robust score is made of (weight 1/2).
pub fn alpha(hlr: f64, ior: f64) -> f64 {
    0.5 * (ior - hlr)
}

/// Label-robust score, 0 to 1, of [`alpha`]; 0.269 where both are zero.
pub fn lrs(hlr: f64, ior: f64) -> f64 {
    robust(alpha(hlr, ior))
}

/// The mean improvement over random with and without augmentation: what the augmentation-robust score is made of (weight 1/2).
pub fn beta(with: f64, without: f64) -> f64 {
    0.5 * (with + without)
}

/// Augmentation-robust score, 0 to 1, of [`beta`].
pub fn ars(with: f64, without: f64) -> f64 {
    robust(beta(with, without))
}

/// `(e^x - e^-1) / (e - e^-1)`: from -1..1 to 0..1, rising.
fn robust(balance: f64) -> f64 {
    let (one, least) = (1_f64.exp(), (-1_f64).exp());
    (balance.exp() - least) / (one - least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    /// The pairs of DD-Ranking's stored leaderboard, as fractions.
    #[test]
    fn label_robust_scores() {
        near(lrs(0.0, 0.0), 0.268_941);
        near(lrs(1.0, -1.0), 0.0);
        near(lrs(-1.0, 1.0), 1.0);
        near(lrs(0.2373, 0.3090), 0.284_471);
        near(lrs(0.6986, -0.0027), 0.143_103);
    }

    #[test]
    fn augmentation_robust_scores() {
        let gain = ior(0.4, 0.4);
        near(ars(gain, gain), 0.268_941);
        near(ars(1.0, 1.0), 1.0);
        near(ars(0.3, -0.3), ars(0.0, 0.0));
    }

    /// Percent would leave the interval: -0.1565 is what a published implementation prints for a typical method.
    #[test]
    fn fractions_stay_between_zero_and_one() {
        for set in [0.0, 0.3, 1.0] {
            for other in [0.0, 0.5, 1.0] {
                let score = lrs(hlr(other, set), ior(set, other));
                assert!((0.0..=1.0).contains(&score), "{score}");
            }
        }
        assert!(lrs(60.0, 2.0) < 0.0);
    }
}
