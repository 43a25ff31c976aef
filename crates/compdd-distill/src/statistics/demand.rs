//! Which statistics a method wants, and what they cost.

use serde::{Deserialize, Serialize};

use super::{HookedLayer, hooked_layers};
use compdd_core::{
    protocol::{FlipConfig, Operation, PadCropConfig, Pipeline, ResizedCropConfig},
    record::hash,
};
use compdd_data::data::Task;
use compdd_nn::nn::{LayerKind, Network};

/// What is done to the images that statistics are gathered from, as in the training of the networks.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Views {
    /// Nothing.
    #[default]
    Whole,
    /// Windows of the image padded by four pixels, mirrored every other time.
    Padded,
    /// Random crops of 8 to 100 % of the area, mirrored every other time.
    Crops,
}

impl Views {
    /// The operations; one draw an image.
    pub(super) fn pipeline(self) -> Option<Pipeline> {
        let first = match self {
            Self::Whole => return None,
            Self::Padded => Operation::PadCrop(PadCropConfig::default()),
            Self::Crops => Operation::RandomResizedCrop(ResizedCropConfig::default()),
        };
        Some(Pipeline::new(vec![first, Operation::Flip(FlipConfig::default())]))
    }
}

/// Which statistics of every teacher of a run a method wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// Of the inputs of convolutions, over batches: the mean of the batches' statistics, weighted by their size.
    pub convolutions: bool,
    /// Of every class: the mean over its images of the statistics of each. Of batch norms, and of convolutions where these are wanted.
    pub classes: bool,
    /// Side of the cells of maps, of convolutions only.
    pub patch: usize,
    /// What is done to the images.
    pub views: Views,
    /// Images of a batch: a mean of variances depends on it.
    pub batch: usize,
}

/// What statistics cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Forward passes of one image.
    pub images: usize,
    /// Bytes on disk and, while they are gathered, twice as many in memory.
    pub bytes: usize,
}

impl Demand {
    /// Whether anything is wanted.
    pub fn is_empty(&self) -> bool {
        !self.convolutions && !self.classes
    }

    /// The cells of the maps that a kind of layer sees.
    pub fn patch_of(&self, kind: LayerKind) -> Option<usize> {
        (kind == LayerKind::Conv).then_some(self.patch)
    }

    /// The layers that are looked at.
    pub fn layers(&self, network: &Network) -> Vec<HookedLayer> {
        hooked_layers(network, self.kinds())
    }

    /// The kinds of these layers.
    pub(super) fn kinds(&self) -> &'static [LayerKind] {
        match (self.convolutions, self.classes) {
            (true, false) => &[LayerKind::Conv],
            (true, true) => &[LayerKind::Conv, LayerKind::BatchNorm],
            (false, _) => &[LayerKind::BatchNorm],
        }
    }

    /// Hash of what decides the bytes: the teacher (`network` and parameters, its content address), the images that are seen, and the demand.
    pub(super) fn identity(&self, teacher: &str, images: &str) -> String {
        hash::of(&("compdd-statistics 1", teacher, images, self))
    }

    /// What the statistics of one network over the training images of a task cost; `values` are the numbers of a class.
    pub(super) fn cost(&self, task: &Task, values: usize) -> Cost {
        let rows = usize::from(self.convolutions) + if self.classes { task.subset.classes_len() } else { 0 };
        Cost { images: task.training().len(), bytes: 4 * rows * values }
    }
}
