//! How a teacher is trained.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TeacherError;
use crate::eval::{Plan, Rule, Schedule};

/// The parameters of which epoch become the teacher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Of the last one.
    #[default]
    Last,
    /// Of the one with the highest accuracy on the held-out training images, the earliest of equals.
    Best,
}

/// Everything that decides the bytes of a teacher, apart from the network and the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Epochs, minibatch, optimiser, schedule and augmentation.
    pub plan: Plan,
    /// Which epoch is kept.
    pub keep: Keep,
    /// Root of initialisation, shuffling and augmentation.
    pub seed: u64,
}

impl Recipe {
    /// Checks every setting against its range.
    ///
    /// # Errors
    /// [`TeacherError::Setting`] with the setting, the value and the range.
    pub fn validate(&self) -> Result<(), TeacherError> {
        let Plan { epochs, batch, rule, schedule, augmentation, cutmix } = &self.plan;
        augmentation.validate()?;
        let rate = schedule.rate(0);
        let (momentum, weight_decay) = match *rule {
            Rule::Sgd { momentum, weight_decay } => (momentum, weight_decay),
            Rule::AdamW { betas, weight_decay, .. } => (betas[0].max(betas[1]), weight_decay),
        };
        let checks = [
            ("epochs", (1..1_000_000).contains(epochs), epochs.to_string(), "between 1 and 999999"),
            ("batch", *batch > 0, batch.to_string(), "1 or more"),
            ("learning-rate", rate > 0.0 && rate <= 10.0, rate.to_string(), "above 0 and at most 10"),
            ("momentum", (0.0..1.0).contains(&momentum), momentum.to_string(), "at least 0 and below 1"),
            ("weight-decay", (0.0..=1.0).contains(&weight_decay), weight_decay.to_string(), "between 0 and 1"),
            ("cutmix", (0.0..=1.0).contains(cutmix), cutmix.to_string(), "between 0 and 1"),
        ];
        match checks.into_iter().find(|(_, good, _, _)| !good) {
            Some((name, _, value, range)) => Err(TeacherError::Setting { name, value, range }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Recipe {
    /// One line for people: epochs, optimiser, rate and schedule, batch, augmentation, seed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { epochs, batch, rule, schedule, augmentation, .. } = &self.plan;
        let rule = match rule {
            Rule::Sgd { momentum, weight_decay } => format!("sgd momentum {momentum} decay {weight_decay}"),
            Rule::AdamW { weight_decay, .. } => format!("adamw decay {weight_decay}"),
        };
        let course = match schedule {
            Schedule::Constant { .. } => "constant",
            Schedule::Drop { .. } | Schedule::Steps { .. } => "with drops",
            Schedule::Linear { .. } => "linear",
            Schedule::Cosine { .. } | Schedule::CosineAfterRise { .. } | Schedule::SmoothThenSteep { .. } => "cosine",
        };
        let rate = schedule.rate(0);
        let kept = if self.keep == Keep::Best { ", best held-out epoch" } else { "" };
        write!(f, "{epochs} epochs, {rule}, rate {rate} {course}, batch {batch}, augmentation {augmentation}")?;
        write!(f, ", seed {}{kept}", self.seed)
    }
}
