//! `card.json`: what soft labels were made of, and so where they lie.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::eval::{Plan, TrainingData};
use compdd_core::{
    protocol::{Pipeline, Scoring},
    record::{hash, json::Format},
};

/// Everything that decides stored soft labels, and so their address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelsCard {
    /// `compdd-soft-labels`.
    pub format: String,
    /// Version of this format.
    pub version: u64,
    /// Hash of the training set: images, labels, learning rate.
    pub set: String,
    /// Content address of the teachers, and of how they become one.
    pub teacher: String,
    /// Seed of order and views.
    pub seed: u64,
    /// Number of epochs, and of files.
    pub epochs: usize,
    /// Images of a minibatch; the last of an epoch may have fewer.
    pub batch: usize,
    /// Number of images.
    pub images: usize,
    /// Channels, height and width of an image in pixels.
    pub shape: [usize; 3],
    /// Number of logits of a view.
    pub classes: usize,
    /// What is drawn for a view.
    pub pipeline: Pipeline,
}

impl LabelsCard {
    /// What the `format` entry says.
    pub const FORMAT: &'static str = "compdd-soft-labels";
    /// The version that this build writes.
    pub const VERSION: u64 = 1;
    /// Name of the card in the folder.
    pub(super) const FILE: &'static str = "card.json";

    pub(super) const KIND: Format = Format {
        name: Self::FORMAT,
        newest: Self::VERSION,
        help: "soft labels are written by compdd; remove their folder, and they are made again",
    };

    /// The labels of a set for the students of a protocol, by a teacher of this address.
    pub fn of(data: &dyn TrainingData, classes: usize, protocol: &Scoring, teacher: &str, seed: u64) -> Self {
        let plan = Plan::of(protocol, data.learning_rate());
        Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            set: data.hash(),
            teacher: teacher.to_owned(),
            seed,
            epochs: plan.epochs,
            batch: plan.batch,
            images: data.len(),
            shape: data.shape(),
            classes,
            pipeline: plan.pipeline(),
        }
    }

    /// Content address.
    pub fn address(&self) -> String {
        hash::of(self)
    }

    /// Bytes of all arrays: for every view an index, a box, a mirror, a partner and the logits.
    pub fn bytes(&self) -> u64 {
        (self.epochs * self.images * (2 * self.classes + 25)) as u64
    }

    /// Sizes of the minibatches of an epoch, in order.
    pub(super) fn minibatches(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.images).step_by(self.batch).map(|start| self.batch.min(self.images - start))
    }
}
