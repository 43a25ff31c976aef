//! Learning rates over an epoch or step counter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The learning rate as a function of a counter: of epochs for `Drop` and `Steps`, of whatever the caller counts for the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// The base rate throughout.
    Constant {
        /// Learning rate.
        base: f32,
    },
    /// The base rate up to and including `after`, then `base * factor` with a new optimiser: the routine of the
    /// trajectory-matching line.
    Drop {
        /// Learning rate.
        base: f32,
        /// Last index at the base rate.
        after: usize,
        /// What the rate is multiplied with.
        factor: f32,
    },
    /// The base rate, multiplied by `factor` at each of some indices; the optimiser goes on with its momentum (IDC, EDC).
    Steps {
        /// Learning rate.
        base: f32,
        /// First indices at the lower rates.
        at: Vec<usize>,
        /// What the rate is multiplied with.
        factor: f32,
    },
    /// `base (1 + cos(pi t / (zeta T))) / 2`; `zeta` above one stops before zero (RDED, EDC).
    Cosine {
        /// Learning rate at `t = 0`.
        base: f32,
        /// `T`.
        total: usize,
        /// Stretch of the half period.
        zeta: f32,
    },
    /// `base (1 - t / (zeta T))`; `zeta` above one stops before zero.
    Linear {
        /// Learning rate at `t = 0`.
        base: f32,
        /// `T`.
        total: usize,
        /// Stretch of the line.
        zeta: f32,
    },
    /// As [`Cosine`](Self::Cosine) up to and including `5 T / 6`, then in a straight line to zero at `T` (EDC, arXiv 2404.13733).
    SmoothThenSteep {
        /// Learning rate at `t = 0`.
        base: f32,
        /// `T`.
        total: usize,
        /// Stretch of the half period.
        zeta: f32,
        /// Whether the line begins where the cosine ends; as printed it begins at a sixth of that.
        continuous: bool,
    },
    /// A linear rise from `base / 100` over the first `rise` values, then half a cosine period over the others (`SRe2L` on Tiny `ImageNet`).
    CosineAfterRise {
        /// Learning rate at the end of the rise.
        base: f32,
        /// Counter values of the rise.
        rise: usize,
        /// All counter values.
        total: usize,
    },
}

impl Schedule {
    /// The rate at counter value `t`.
    pub fn rate(&self, t: usize) -> f32 {
        match self {
            &Self::Constant { base } => base,
            &Self::Drop { base, after, factor } => {
                if t > after {
                    base * factor
                } else {
                    base
                }
            }
            Self::Steps { base, at, factor } => {
                at.iter().filter(|&&index| t >= index).fold(*base, |rate, _| rate * factor)
            }
            &Self::Cosine { base, total, zeta } => cosine(base, t, f64::from(zeta) * total as f64),
            &Self::Linear { base, total, zeta } => {
                (f64::from(base) * (1.0 - t as f64 / (f64::from(zeta) * total as f64))) as f32
            }
            &Self::SmoothThenSteep { base, total, zeta, .. } if 6 * t <= 5 * total => {
                cosine(base, t, f64::from(zeta) * total as f64)
            }
            &Self::SmoothThenSteep { base, total, zeta, continuous } => {
                let (left, whole) = (6.0 * total.saturating_sub(t) as f64, total as f64);
                let bend = cosine(base, 5, f64::from(zeta) * 6.0);
                (f64::from(bend) * left / if continuous { whole } else { 6.0 * whole }) as f32
            }
            &Self::CosineAfterRise { base, rise, .. } if t < rise => {
                (f64::from(base) * (0.01 + 0.99 * t as f64 / rise as f64)) as f32
            }
            &Self::CosineAfterRise { base, rise, total } => cosine(base, t - rise, (total - rise) as f64),
        }
    }

    /// Whether a new optimiser is due before counter value `t`.
    pub fn rebuilds(&self, t: usize) -> bool {
        matches!(*self, Self::Drop { after, .. } if t == after + 1)
    }
}

/// `base (1 + cos(pi t / half)) / 2`.
fn cosine(base: f32, t: usize, half: f64) -> f32 {
    let angle = std::f64::consts::PI * t as f64 / half;
    (f64::from(base) * 0.5 * (1.0 + angle.cos())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drop_follows_its_index_and_rebuilds_once() {
        let schedule = Schedule::Drop { base: 1.0, after: 4, factor: 0.1 };
        assert_eq!((0..8).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.1]);
        assert_eq!((0..8).filter(|&t| schedule.rebuilds(t)).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn steps_multiply_and_keep_the_optimiser() {
        let schedule = Schedule::Steps { base: 1.0, at: vec![2, 4], factor: 0.5 };
        assert_eq!((0..6).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
        assert!((0..6).all(|t| !schedule.rebuilds(t)));
    }

    /// `PyTorch`'s `LinearLR(0.01, 5)` and then `CosineAnnealingLR(95)`.
    #[test]
    fn a_rise_comes_before_the_cosine() {
        let schedule = Schedule::CosineAfterRise { base: 0.2, rise: 5, total: 100 };
        for (t, expected) in [(0, 0.002), (1, 0.0416), (5, 0.2), (52, 0.101_653), (99, 5.467e-5)] {
            assert!((schedule.rate(t) - expected).abs() < 1e-6, "{t}: {}", schedule.rate(t));
        }
    }

    /// EDC at 300 epochs: the smoothing goes on until 250, then the printed line falls by a factor of six; a continuous one does not.
    #[test]
    fn the_smooth_rate_falls_steeply_in_the_end() {
        let printed = Schedule::SmoothThenSteep { base: 1.0, total: 300, zeta: 2.0, continuous: false };
        for (t, expected) in [(0, 1.0), (75, 0.961_940), (250, 0.629_410), (251, 0.102_804), (299, 0.002_098)] {
            assert!((printed.rate(t) - expected).abs() < 1e-6, "{t}: {}", printed.rate(t));
        }
        let continuous = Schedule::SmoothThenSteep { base: 1.0, total: 300, zeta: 2.0, continuous: true };
        assert!((continuous.rate(251) / printed.rate(251) - 6.0).abs() < 1e-5);
        let linear = Schedule::Linear { base: 1.0, total: 300, zeta: 2.0 };
        for (t, expected) in [(0, 1.0), (150, 0.75), (299, 0.501_667)] {
            assert!((linear.rate(t) - expected).abs() < 1e-6, "{t}");
        }
    }

    #[test]
    fn the_cosine_reaches_zero_only_at_zeta_one() {
        let at = |zeta, t| Schedule::Cosine { base: 2.0, total: 10, zeta }.rate(t);
        for (t, expected) in [(0, 2.0), (5, 1.0), (10, 0.0)] {
            assert!((at(1.0, t) - expected).abs() < 1e-6);
        }
        assert!((at(2.0, 10) - 1.0).abs() < 1e-6);
    }
}
