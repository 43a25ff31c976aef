//! Training without a teacher: how long, how fast and on what a student is trained. The defaults are protocol `no-kd@1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EvalError, Schedule, plan::is_zero};
use crate::{augment::DsaConfig, record::Budget, rng::Stream};

/// The evaluation without a teacher that the trajectory-matching line uses, from a fresh network to its last epoch, and
/// what the other lines do differently ([`Protocol`](super::Protocol) names the combinations).
///
/// The lineage is not of one mind about the minibatch: DC, DSA, MTT, TESLA and FTD evaluate with 256, the released scripts
/// and configurations of DATM, PAD and EDF with 128. The default is 256; it matters only for more than 128 images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoKd {
    /// Nominal number of epochs `E`.
    pub epochs: usize,
    /// Runs one epoch more than named (0 to `E`), as the released routine of the trajectory line does.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub extra_epoch: bool,
    /// Minibatch size; the last, partial batch of an epoch is kept.
    pub batch: usize,
    /// Momentum of SGD.
    pub momentum: f32,
    /// Weight decay of SGD, on every parameter.
    pub weight_decay: f32,
    /// What the learning rate is multiplied with at a drop.
    pub drop: f32,
    /// When the learning rate drops.
    #[serde(skip_serializing_if = "Drops::is_halfway")]
    pub drops: Drops,
    /// Augmentation, drawn per image.
    pub augmentation: DsaConfig,
    /// Probability with which a minibatch is mixed by [`CutMix`](crate::augment::CutMix).
    #[serde(skip_serializing_if = "is_zero")]
    pub cutmix: f32,
    /// Independent students of one evaluation.
    pub students: usize,
    /// Images of one forward pass over the test set; no effect on the result.
    pub test_batch: usize,
}

/// When the learning rate of a student drops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drops {
    /// Once, after the epoch of index `E/2 + 1`; the optimiser is built anew, so that its momentum is lost.
    #[default]
    Halfway,
    /// Before the epochs of index `2E/3` and `5E/6`; the momentum is kept (IDC).
    TwoThirdsFiveSixths,
}

impl Drops {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_halfway(&self) -> bool {
        *self == Self::Halfway
    }
}

impl Default for NoKd {
    fn default() -> Self {
        Self {
            epochs: 1000,
            extra_epoch: true,
            batch: 256,
            momentum: 0.9,
            weight_decay: 5e-4,
            drop: 0.1,
            drops: Drops::Halfway,
            augmentation: DsaConfig::default(),
            cutmix: 0.0,
            students: 5,
            test_batch: 256,
        }
    }
}

impl NoKd {
    /// `no-kd@1` at a budget.
    pub fn new(budget: Budget) -> Self {
        Self::default().at(budget)
    }

    /// These settings at a budget: as they are with 5 students on paper, 300 of 1000 epochs and 3 students quick, 20 of
    /// 1000 and 2 for a smoke test.
    #[must_use]
    pub fn at(self, budget: Budget) -> Self {
        let (share, students) = match budget {
            Budget::Paper => (1000, 5),
            Budget::Quick => (300, 3),
            Budget::Smoke => (20, 2),
        };
        Self { epochs: self.epochs * share / 1000, students, ..self }
    }

    /// These settings over this many epochs in all.
    #[must_use]
    pub fn lasting(self, total: usize) -> Self {
        Self { epochs: total.saturating_sub(usize::from(self.extra_epoch)), ..self }
    }

    /// Epochs that are run.
    pub fn total_epochs(&self) -> usize {
        self.epochs + usize::from(self.extra_epoch)
    }

    /// The learning rate by epoch, from the rate that comes with the training set.
    pub fn schedule(&self, base: f32) -> Schedule {
        match self.drops {
            Drops::Halfway => Schedule::Drop { base, after: self.epochs / 2 + 1, factor: self.drop },
            Drops::TwoThirdsFiveSixths => {
                Schedule::Steps { base, at: [2 * self.epochs / 3, 5 * self.epochs / 6], factor: self.drop }
            }
        }
    }

    /// The seeds of the students of a run, 32 bits each so that every reader of a record keeps them exact.
    pub fn seeds(seed: u64, students: usize) -> Vec<u64> {
        (0..students as u64).map(|student| Stream::child_seed(seed, "student", student) >> 32).collect()
    }

    /// Checks every number against its range.
    pub fn validate(&self) -> Result<(), EvalError> {
        self.augmentation.validate()?;
        let real = |value: f32, range: std::ops::Range<f32>| range.contains(&value);
        let checks = [
            ("batch", self.batch > 0, self.batch.to_string(), "1 or more"),
            ("test_batch", self.test_batch > 0, self.test_batch.to_string(), "1 or more"),
            ("students", self.students > 0, self.students.to_string(), "1 or more"),
            ("momentum", real(self.momentum, 0.0..1.0), self.momentum.to_string(), "at least 0 and below 1"),
            (
                "weight_decay",
                real(self.weight_decay, 0.0..1.0),
                self.weight_decay.to_string(),
                "at least 0 and below 1",
            ),
            ("drop", self.drop > 0.0 && self.drop <= 1.0, self.drop.to_string(), "above 0 and at most 1"),
            ("cutmix", (0.0..=1.0).contains(&self.cutmix), self.cutmix.to_string(), "a probability between 0 and 1"),
        ];
        match checks.into_iter().find(|(_, good, _, _)| !good) {
            Some((name, _, value, range)) => Err(EvalError::Protocol { name, value, range }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_learning_rate_trace() {
        let protocol = NoKd::new(Budget::Paper);
        let plan = protocol.plan(0.01);
        let trace: Vec<f32> = (0..plan.epochs).map(|epoch| plan.schedule.rate(epoch)).collect();
        assert_eq!(trace.len(), 1001);
        assert!(trace[..502].iter().all(|&rate| (rate - 0.01).abs() < 1e-9));
        assert!(trace[502..].iter().all(|&rate| (rate - 0.001).abs() < 1e-9));
        assert_eq!(trace[502..].len(), 499);
    }

    #[test]
    fn every_budget_is_valid_and_seeds_are_stable() {
        for budget in [Budget::Paper, Budget::Quick, Budget::Smoke] {
            assert!(NoKd::new(budget).validate().is_ok());
        }
        assert_eq!(NoKd::new(Budget::Paper), NoKd::default());
        assert_eq!(NoKd::seeds(3, 5)[..2], NoKd::seeds(3, 2));
        assert!(NoKd::seeds(3, 5).iter().all(|&seed| seed < 1 << 32));
    }

    /// Records of `no-kd@1` that are stored already say nothing of what came later, and stay as they are.
    #[test]
    fn settings_of_older_records_read_and_write_alike() {
        let text = serde_json::to_string(&NoKd::default()).unwrap();
        for later in ["extra_epoch", "drops", "cutmix"] {
            assert!(!text.contains(later), "{text}");
        }
        assert_eq!(serde_json::from_str::<NoKd>(&text).unwrap(), NoKd::default());
        let idc = NoKd { extra_epoch: false, drops: Drops::TwoThirdsFiveSixths, cutmix: 0.5, ..NoKd::default() };
        let text = serde_json::to_string(&idc).unwrap();
        assert!(text.contains("\"extra_epoch\":false") && text.contains("two-thirds-five-sixths"), "{text}");
        assert_eq!(serde_json::from_str::<NoKd>(&text).unwrap(), idc);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let message = |protocol: NoKd| protocol.validate().unwrap_err().to_string();
        assert!(message(NoKd { batch: 0, ..NoKd::default() }).contains("`batch` is 0"));
        assert!(message(NoKd { cutmix: 1.5, ..NoKd::default() }).contains("`cutmix` is 1.5"));
        assert!(message(NoKd { momentum: 1.0, ..NoKd::default() }).contains("`momentum` is 1"));
        let augmentation = DsaConfig { scale: 0.5, ..DsaConfig::default() };
        assert!(message(NoKd { augmentation, ..NoKd::default() }).contains("`scale`"));
    }
}
