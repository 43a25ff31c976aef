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
    /// Probability with which a minibatch is mixed by [`CutMix`](crate::augment::CutMix), after its augmentation.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cutmix: f32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn is_zero(probability: &f32) -> bool {
    *probability == 0.0
}

impl NoKd {
    /// The plan of one student, with the learning rate that comes with the training set.
    pub fn plan(&self, learning_rate: f32) -> Plan {
        Plan {
            epochs: self.total_epochs(),
            batch: self.batch,
            rule: Rule::Sgd { momentum: self.momentum, weight_decay: self.weight_decay },
            schedule: self.schedule(learning_rate),
            augmentation: self.augmentation.clone(),
            cutmix: self.cutmix,
        }
    }
}
