//! Protocol `no-kd@1`: how long, how fast and on what a student is trained.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::EvalError;
use crate::{augment::DsaConfig, record::Budget, rng::Stream};

/// The evaluation without a teacher that the trajectory-matching line uses, from a fresh network to its last epoch.
///
/// The lineage is not of one mind about the minibatch: DC, DSA, MTT, TESLA and FTD evaluate with 256, the released scripts
/// and configurations of DATM, PAD and EDF with 128. The default is 256; it matters only for more than 128 images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoKd {
    /// Nominal number of epochs `E`; one more is run (0 to `E`), as the released routine does.
    pub epochs: usize,
    /// Minibatch size; the last, partial batch of an epoch is kept.
    pub batch: usize,
    /// Momentum of SGD.
    pub momentum: f32,
    /// Weight decay of SGD, on every parameter.
    pub weight_decay: f32,
    /// What the learning rate is multiplied with after the epoch of index `E/2 + 1`.
    pub drop: f32,
    /// Augmentation, drawn per image.
    pub augmentation: DsaConfig,
    /// Independent students of one evaluation.
    pub students: usize,
    /// Images of one forward pass over the test set; no effect on the result.
    pub test_batch: usize,
}

impl Default for NoKd {
    fn default() -> Self {
        Self {
            epochs: 1000,
            batch: 256,
            momentum: 0.9,
            weight_decay: 5e-4,
            drop: 0.1,
            augmentation: DsaConfig::default(),
            students: 5,
            test_batch: 256,
        }
    }
}

impl NoKd {
    /// Name and version, as records store it.
    pub const ID: &'static str = "no-kd@1";

    /// The protocol at a budget: 1000 epochs and 5 students on paper, 300 and 3 quick, 20 and 2 for a smoke test.
    pub fn new(budget: Budget) -> Self {
        let (epochs, students) = match budget {
            Budget::Paper => (1000, 5),
            Budget::Quick => (300, 3),
            Budget::Smoke => (20, 2),
        };
        Self { epochs, students, ..Self::default() }
    }

    /// Epochs that are run.
    pub fn total_epochs(&self) -> usize {
        self.epochs + 1
    }

    /// The optimiser is rebuilt with the dropped learning rate after the epoch of this index.
    pub fn drop_after(&self) -> usize {
        self.epochs / 2 + 1
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

    #[test]
    fn settings_out_of_range_are_named() {
        let message = |protocol: NoKd| protocol.validate().unwrap_err().to_string();
        assert!(message(NoKd { batch: 0, ..NoKd::default() }).contains("`batch` is 0"));
        assert!(message(NoKd { momentum: 1.0, ..NoKd::default() }).contains("`momentum` is 1"));
        let augmentation = DsaConfig { scale: 0.5, ..DsaConfig::default() };
        assert!(message(NoKd { augmentation, ..NoKd::default() }).contains("`scale`"));
    }
}
