//! The hyper-parameters of recovery.

use serde::{Deserialize, Serialize};

use super::{loss::Weights, storage::Storage, views::Curriculum};
use crate::methods::selected::check_learning_rate;
use compdd_core::recipe::ranges::{positive, within};
use compdd_nn::nn::NetworkSpec;

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecoverRecipe {
    pub iterations: usize,
    pub batch: usize,
    pub lr_img: f32,
    pub statistics: f64,
    pub first_layer: f64,
    pub total_variation: f64,
    pub l2: f64,
    pub crop: bool,
    pub min_area: f32,
    #[serde(default)]
    pub curriculum: Curriculum,
    #[serde(default)]
    pub milestone: f64,
    pub roll: [i64; 2],
    pub storage: Storage,
    pub labels: LabelKind,
    pub network: String,
    pub learning_rate: f32,
    pub observer: String,
}

/// What the images are labelled with.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LabelKind {
    /// The network's logits of the stored image.
    Soft,
    /// The class.
    Hard,
}

impl RecoverRecipe {
    pub fn check(&self) -> Result<(), String> {
        check_learning_rate("learning_rate", self.learning_rate)?;
        check_learning_rate("lr_img", self.lr_img)?;
        positive(&[("iterations", self.iterations), ("batch", self.batch)])?;
        within(&[
            ("statistics", self.statistics, 0.0, 1e6),
            ("first_layer", self.first_layer, 0.0, 1e6),
            ("total_variation", self.total_variation, 0.0, 1e6),
            ("l2", self.l2, 0.0, 1e6),
            ("milestone", self.milestone, 0.0, 1.0),
            ("min_area", f64::from(self.min_area), 1e-6, 1.0),
        ])?;
        let [first, last] = self.roll;
        if !(-4096 <= first && first <= last && last <= 4096) {
            return Err(format!(
                "`roll` is [{first}, {last}], but must be two offsets in pixels, the smaller one first"
            ));
        }
        if !self.observer.is_empty() {
            return Err("`observer` is filled in by the run: name the network with --teacher".to_owned());
        }
        NetworkSpec::parse(&self.network).map(drop).map_err(|error| format!("`network`: {error}"))
    }

    /// The weights of the terms of the loss.
    pub fn weights(&self) -> Weights {
        Weights {
            statistics: self.statistics,
            first_layer: self.first_layer,
            total_variation: self.total_variation,
            l2: self.l2,
        }
    }
}
