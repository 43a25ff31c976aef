//! What a protocol says: how long, how fast and from what a student learns. The defaults are those of `no-kd@1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ensemble, Pipeline, ProtocolError, Supervision};
use crate::{record::Budget, rng::Stream};

/// Every setting of a protocol: from a fresh network to its last epoch.
///
/// The trajectory-matching line is not of one mind about the minibatch: DC, DSA, MTT, TESLA and FTD evaluate with 256, the released scripts
/// and configurations of DATM, PAD and EDF with 128. The default is 256; it matters only for more than 128 images.
///
/// Settings that came after the first records are left out of JSON where they have their default, so that those records stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scoring {
    /// Nominal number of epochs `E`.
    pub epochs: usize,
    /// Runs one epoch more than named (0 to `E`), as the released routine of the trajectory line does.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub extra_epoch: bool,
    /// Minibatch size; the last, partial batch of an epoch is kept.
    pub batch: usize,
    /// How gradients become updates.
    #[serde(skip_serializing_if = "is_default")]
    pub optimizer: OptimizerKind,
    /// Momentum of SGD; `AdamW` does not read it.
    pub momentum: f32,
    /// Weight decay: of SGD on every parameter, of `AdamW` on those with more than one dimension.
    pub weight_decay: f32,
    /// `AdamW` decays parameters with one dimension as well.
    #[serde(skip_serializing_if = "is_default")]
    pub decays_all: bool,
    /// Learning rate; where there is none, the one that comes with the training set counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f32>,
    /// What the learning rate is multiplied with at a drop (the γ of `adaptive`).
    pub drop: f32,
    /// How the learning rate falls over the epochs.
    #[serde(rename = "drops", skip_serializing_if = "is_default")]
    pub decay: Decay,
    /// Over which multiple of the epochs a smoothed rate would reach zero: `cosine-to-half`, `linear-to-half` and the smooth-then-steep rates, 2 where
    /// it is not given (ζ of EDC, section 3.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zeta: Option<f32>,
    /// Augmentation, drawn per image: settings of DSA, or a list of operations.
    pub augmentation: Pipeline,
    /// Probability with which a minibatch is mixed by `CutMix`, after its augmentation; zero where that is a list that ends in a mix.
    #[serde(skip_serializing_if = "is_default")]
    pub cutmix: f32,
    /// What a student learns from.
    #[serde(skip_serializing_if = "is_default")]
    pub supervision: Supervision,
    /// How several teachers become one.
    #[serde(skip_serializing_if = "is_default")]
    pub ensemble: Ensemble,
    /// Asks teachers in train mode, with the batch statistics of the views, as `SRe2L`'s released code does on CIFAR.
    #[serde(skip_serializing_if = "is_default")]
    pub sre2l_teacher_in_training: bool,
    /// Scores the exponential moving average of a student's parameters with this decay, not the parameters of its last step (EDC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f32>,
    /// Gathers the statistics of batch norm twice a step, as RDED's released code does: a second pass of the student in train mode, whose
    /// only effect they are.
    #[serde(skip_serializing_if = "is_default")]
    pub rded_double_bn: bool,
    /// Minibatches of an epoch, where they do not follow from the images: the next epoch goes on where one ends, in the middle of a pass over the
    /// images if need be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch_steps: Option<usize>,
    /// Independent students of one evaluation.
    pub students: usize,
    /// Images of one forward pass over the test set; no effect on the result.
    pub test_batch: usize,
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// One drop, after the epoch of index `E/2 + 1`; the optimiser is built anew, so that its momentum is lost.
    #[default]
    Halfway,
    /// Drops before the epochs of index `2E/3` and `5E/6`; the momentum is kept (IDC).
    TwoThirdsFiveSixths,
    /// Half a cosine period over the epochs, to zero (`SRe2L`).
    Cosine,
    /// As `cosine`, behind a linear rise from a hundredth of the rate over the first twentieth of the epochs (`SRe2L` on Tiny `ImageNet`).
    CosineAfterRise,
    /// Drops before the epochs of index `4E/5`, `9E/10` and `19E/20`; the momentum is kept (EDC on CIFAR-10).
    LateSteps,
    /// A quarter of a cosine period over the epochs, to half the rate (RDED; the smoothing of EDC with ζ = 2).
    CosineToHalf,
    /// As `cosine-to-half` over the first five sixths of the epochs, then straight down, behind a fall to a sixth of the rate, as printed (EDC's
    /// smooth-then-steep rate).
    SmoothThenSteep,
    /// The same without the fall.
    SmoothThenSteepContinuous,
    /// The rate follows the loss: it is multiplied by `drop` after every epoch whose mean loss is within 2 % and within 0.02 of that of the epoch before
    /// (EDC's table 15, "adaptive learning rate scheduler").
    Adaptive,
    /// A straight line to half the rate: what EDC's released trainer makes of its smoothing on `ImageNet`.
    LinearToHalf,
}

/// How gradients become updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// SGD with momentum.
    #[default]
    Sgd,
    /// `AdamW` with betas 0.9 and 0.999 and an epsilon of 1e-8.
    AdamW,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            epochs: 1000,
            extra_epoch: true,
            batch: 256,
            optimizer: OptimizerKind::Sgd,
            momentum: 0.9,
            weight_decay: 5e-4,
            decays_all: false,
            learning_rate: None,
            drop: 0.1,
            decay: Decay::Halfway,
            zeta: None,
            augmentation: Pipeline::default(),
            cutmix: 0.0,
            supervision: Supervision::Labels,
            ensemble: Ensemble::Mean,
            sre2l_teacher_in_training: false,
            ema: None,
            rded_double_bn: false,
            epoch_steps: None,
            students: 5,
            test_batch: 256,
        }
    }
}

impl Scoring {
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

    /// The seeds of the students of a run, 32 bits each so that every reader of a record keeps them exact.
    pub fn seeds(seed: u64, students: usize) -> Vec<u64> {
        (0..students as u64).map(|student| Stream::child_seed(seed, "student", student) >> 32).collect()
    }

    /// Checks every number against its range.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn validate(&self) -> Result<(), ProtocolError> {
        self.augmentation.validate()?;
        self.supervision.validate(&self.augmentation)?;
        let real = |value: f32, range: std::ops::Range<f32>| range.contains(&value);
        let positive = |value: f32| value > 0.0 && value.is_finite();
        let (rate, ema, zeta) = (self.learning_rate.unwrap_or(1.0), self.ema.unwrap_or(0.0), self.zeta.unwrap_or(2.0));
        let checks = [
            ("batch", self.batch > 0, self.batch.to_string(), "1 or more"),
            ("epoch_steps", self.epoch_steps != Some(0), "0".to_owned(), "1 or more"),
            ("test_batch", self.test_batch > 0, self.test_batch.to_string(), "1 or more"),
            ("students", self.students > 0, self.students.to_string(), "1 or more"),
            ("momentum", real(self.momentum, 0.0..1.0), self.momentum.to_string(), "at least 0 and below 1"),
            (
                "weight_decay",
                real(self.weight_decay, 0.0..1.0),
                self.weight_decay.to_string(),
                "at least 0 and below 1",
            ),
            ("learning_rate", positive(rate), rate.to_string(), "positive and finite"),
            ("drop", self.drop > 0.0 && self.drop <= 1.0, self.drop.to_string(), "above 0 and at most 1"),
            ("cutmix", (0.0..=1.0).contains(&self.cutmix), self.cutmix.to_string(), "a probability between 0 and 1"),
            (
                "cutmix",
                self.cutmix == 0.0 || !self.augmentation.mixes(),
                self.cutmix.to_string(),
                "0 beside a list with a mix",
            ),
            ("ema", (0.0..1.0).contains(&ema), ema.to_string(), "at least 0 and below 1"),
            ("zeta", (1.0..=100.0).contains(&zeta), zeta.to_string(), "between 1 and 100"),
        ];
        match checks.into_iter().find(|(_, good, _, _)| !good) {
            Some((name, _, value, range)) => Err(ProtocolError::OutOfRange { name, value, range }),
            None => Ok(()),
        }
    }
}
