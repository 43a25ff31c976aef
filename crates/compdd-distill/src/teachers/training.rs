//! How a teacher is trained, in the words of flags and files.

use serde::{Deserialize, Serialize};

use super::{Keep, Recipe};
use crate::eval::{Plan, Rule, Schedule};
use compdd_core::protocol::Strategy;
use compdd_nn::augment::DsaConfig;

/// The optimiser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// With [`Training::momentum`].
    #[default]
    Sgd,
    /// Of 0.9 and 0.999; biases and norms do not decay.
    Adamw,
}

/// The course of the learning rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// Half a cosine period to zero.
    #[default]
    Cosine,
    /// A tenth in the second half.
    Drop,
    /// The same throughout.
    Constant,
}

/// The settings of a training; what is not given is as `compdd teacher train` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images of a minibatch.
    pub batch: usize,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// Learning rate of the first epoch.
    pub learning_rate: f32,
    /// What becomes of it.
    pub schedule: Course,
    /// Of SGD.
    pub momentum: f32,
    /// Weight decay.
    pub weight_decay: f32,
    /// What images go through.
    pub augment: Strategy,
    /// Which epoch becomes the teacher.
    pub keep: Keep,
    /// Root of every random draw.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch: 128,
            optimizer: Optimizer::Sgd,
            learning_rate: 0.01,
            schedule: Course::Cosine,
            momentum: 0.9,
            weight_decay: 5e-4,
            augment: DsaConfig::default().strategy,
            keep: Keep::Last,
            seed: 0,
        }
    }
}

impl Training {
    /// The same as a recipe; its ranges are not checked.
    pub fn recipe(&self) -> Recipe {
        let Self { epochs, batch, learning_rate: base, momentum, weight_decay, keep, seed, .. } = *self;
        let rule = match self.optimizer {
            Optimizer::Sgd => Rule::Sgd { momentum, weight_decay },
            Optimizer::Adamw => Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay, matrices_only: true },
        };
        let schedule = match self.schedule {
            Course::Cosine => Schedule::Cosine { base, total: epochs, zeta: 1.0 },
            Course::Drop => Schedule::Drop { base, after: epochs / 2, factor: 0.1 },
            Course::Constant => Schedule::Constant { base },
        };
        let augmentation = DsaConfig { strategy: self.augment.clone(), ..DsaConfig::default() }.into();
        Recipe { plan: Plan { epochs, batch, rule, schedule, augmentation, cutmix: 0.0 }, keep, seed }
    }
}

impl Default for Recipe {
    /// That of [`Training::default`].
    fn default() -> Self {
        Training::default().recipe()
    }
}
