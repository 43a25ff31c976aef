//! How an expert is trained.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Curriculum, Epochs, ExpertError, gsam::Gsam};
use crate::eval::Schedule;
use compdd_core::rng::Stream;
use compdd_data::data::Task;
use compdd_nn::augment::DsaConfig;

/// How a gradient becomes an update of an expert. There is no momentum and no weight decay: trajectory matching needs
/// trajectories that plain gradient descent can follow (MTT, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Optimizer {
    /// `w <- w - lr g`.
    Sgd,
    /// Sharpness-aware steps: flat trajectories (FTD, DATM, PAD, EDF).
    Gsam(Gsam),
}

impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sgd => f.write_str("sgd"),
            Self::Gsam(Gsam { rho, alpha, adaptive }) => {
                write!(f, "gsam rho {rho} alpha {alpha}{}", if *adaptive { "" } else { " plain" })
            }
        }
    }
}

/// Everything that decides an expert's trajectory, apart from the network, the images and the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Epochs of a whole training (`E`); snapshot `E` is the one that images and labels are initialised from.
    pub epochs: usize,
    /// Minibatch size; the last, partial batch of an epoch is kept.
    pub batch: usize,
    /// Learning rate, constant unless `drop` is set.
    pub learning_rate: f32,
    /// Multiplies the learning rate by 0.1 after the epoch of index `E/2 + 1` (an option of MTT, off in every published run).
    pub drop: bool,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// Augmentation of the real minibatches, drawn per image.
    pub augmentation: DsaConfig,
    /// Easy images first, hard images last (PAD).
    pub curriculum: Option<Curriculum>,
    /// Share of the training images of every class that experts see; less than 1 marks what is made from them.
    pub share: f64,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            epochs: 50,
            batch: 256,
            learning_rate: 0.01,
            drop: false,
            optimizer: Optimizer::Sgd,
            augmentation: DsaConfig::default(),
            curriculum: None,
            share: 1.0,
        }
    }
}

impl fmt::Display for Training {
    /// One line for tables: epochs, optimiser, and what is not as usual.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} epochs {}", self.epochs, self.optimizer)?;
        if self.curriculum.is_some() {
            f.write_str(", curriculum")?;
        }
        if self.share < 1.0 {
            write!(f, ", share {}", self.share)?;
        }
        Ok(())
    }
}

impl Training {
    /// The experts of MTT and TESLA: 50 epochs of plain SGD.
    pub fn mtt() -> Self {
        Self::default()
    }

    /// The experts of FTD: 50 epochs of GSAM; `alpha` is 0.3 for CIFAR-10 at 1 and 10 images per class, else 1 (its Table 7).
    pub fn ftd(alpha: f32) -> Self {
        Self { optimizer: Optimizer::Gsam(Gsam { alpha, ..Gsam::default() }), ..Self::default() }
    }

    /// The experts of DATM and EDF: 100 epochs of GSAM.
    pub fn datm() -> Self {
        Self { epochs: 100, ..Self::ftd(0.3) }
    }

    /// The experts of PAD: those of DATM with its curriculum.
    pub fn pad() -> Self {
        Self { curriculum: Some(Curriculum::default()), ..Self::datm() }
    }

    /// Checks every setting against its range.
    ///
    /// # Errors
    /// [`ExpertError::Setting`] with the key, the value and the range.
    pub fn validate(&self) -> Result<(), ExpertError> {
        self.augmentation.validate()?;
        let rate = self.learning_rate;
        let checks = [
            ("epochs", (1..1_000_000).contains(&self.epochs), self.epochs.to_string(), "between 1 and 999999"),
            ("batch", self.batch > 0, self.batch.to_string(), "1 or more"),
            ("learning_rate", rate > 0.0 && rate <= 10.0, rate.to_string(), "above 0 and at most 10"),
            ("share", self.share > 0.0 && self.share <= 1.0, self.share.to_string(), "above 0 and at most 1"),
        ];
        if let Some((name, _, value, range)) = checks.into_iter().find(|(_, good, _, _)| !good) {
            return Err(ExpertError::Setting { name, value, range });
        }
        if let Optimizer::Gsam(gsam) = &self.optimizer {
            gsam.validate()?;
        }
        self.curriculum.as_ref().map_or(Ok(()), Curriculum::validate)
    }

    /// The learning rate in the epoch of index `epoch`, from 0.
    pub fn rate(&self, epoch: usize) -> f32 {
        let base = self.learning_rate;
        let schedule = if self.drop {
            Schedule::Drop { base, after: self.epochs / 2 + 1, factor: 0.1 }
        } else {
            Schedule::Constant { base }
        };
        schedule.rate(epoch)
    }

    /// All epochs from the initial network to the end: what the released buffers hold.
    pub fn all_epochs(&self) -> Epochs {
        (0..=self.epochs).collect()
    }

    /// Ascending positions in the training set of the images that experts see: those not held out, or a share of every
    /// class drawn without replacement (rounded, at least one image).
    pub fn images(&self, task: &Task, seed: u64) -> Vec<usize> {
        let all = task.training();
        if self.share >= 1.0 {
            return all;
        }
        let mut classes: Vec<Vec<usize>> = vec![Vec::new(); task.train.classes().len()];
        for position in all {
            classes[task.train.labels()[position] as usize].push(position);
        }
        let mut chosen = Vec::new();
        for (label, mut members) in classes.into_iter().enumerate() {
            let count = ((members.len() as f64 * self.share).round() as usize).max(1).min(members.len());
            Stream::new(seed, "expert share", label as u64).shuffle(&mut members);
            chosen.extend_from_slice(&members[..count]);
        }
        chosen.sort_unstable();
        chosen
    }
}
