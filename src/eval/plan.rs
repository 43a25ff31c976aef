//! How long and how a network is trained.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoKd, Rule, Schedule};
use crate::augment::DsaConfig;

/// A training recipe: what [`NoKd`] prescribes for a learning rate, or what a reference or feature network needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Epochs that are run.
    pub epochs: usize,
    /// Minibatch size; the last, partial batch is kept.
    pub batch: usize,
    /// The optimiser.
    pub rule: Rule,
    /// Learning rate by epoch.
    pub schedule: Schedule,
    /// Augmentation, drawn per image.
    pub augmentation: DsaConfig,
}

impl NoKd {
    /// The plan of one student, with the learning rate that comes with the training set.
    pub fn plan(&self, learning_rate: f32) -> Plan {
        Plan {
            epochs: self.total_epochs(),
            batch: self.batch,
            rule: Rule::Sgd { momentum: self.momentum, weight_decay: self.weight_decay },
            schedule: Schedule::Drop { base: learning_rate, after: self.drop_after(), factor: self.drop },
            augmentation: self.augmentation.clone(),
        }
    }
}
