//! The hyper-parameters of CAFE.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{loss::AlignmentWeights, monitor::Smoothing, run::Run};
use crate::{
    eval::{Plan, Rule, Schedule},
    methods::{
        Distiller, MethodError, Start,
        matching::{
            family::Engine,
            first::{First, Init},
        },
        names,
    },
};
use compdd_core::recipe::ranges;
use compdd_nn::augment::DsaConfig;

/// Every key of a recipe.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CafeRecipe {
    /// Where the numbers come from.
    pub(super) origin: String,
    /// Networks that are drawn.
    pub(super) iterations: usize,
    /// Learning rate of the images.
    pub(super) lr_img: f64,
    pub(super) momentum_img: f64,
    /// Iterations from which that rate is half of what it was.
    pub(super) halve_at: Vec<usize>,
    /// Real images per class and step.
    pub(super) batch_real: usize,
    pub(super) init: Init,
    /// Epochs of the network behind the inits `herding` and `k-center`.
    pub(super) feature_epochs: usize,
    /// Network to distil with and to score, unless one is asked for; empty: the subset's own.
    pub(super) network: String,
    /// Siamese augmentation of real and synthetic images, and augmentation of the network's training.
    pub(super) augmentation: String,
    pub(super) align_corners: bool,
    /// Weights of the maps, from deep to shallow.
    pub(super) map_weights: Vec<f64>,
    pub(super) embedding_weight: f64,
    pub(super) discrimination_weight: f64,
    /// Real training images per class that the network's accuracy is measured on.
    pub(super) watch_images: usize,
    /// Measurements that are looked back on.
    pub(super) window: usize,
    /// An iteration ends when the last measurements differ by less.
    pub(super) settled_below: f64,
    /// The network has learned enough when the last measurements differ by more.
    pub(super) moved_above: f64,
    pub(super) watcher: Smoothing,
    /// Most steps of the images in an iteration.
    pub(super) inner_cap: usize,
    /// Most epochs of the network between two of these steps.
    pub(super) epoch_cap: usize,
    pub(super) train_lr: f64,
    pub(super) train_batch: usize,
    /// Whiten the pixels (ZCA).
    pub(super) whiten: bool,
}

impl CafeRecipe {
    pub(super) fn dsa(&self) -> DsaConfig {
        let config = DsaConfig::parse(&self.augmentation).unwrap_or_else(|_| DsaConfig::none());
        DsaConfig { align_corners: self.align_corners, ..config }
    }

    pub(super) fn weights(&self) -> AlignmentWeights {
        AlignmentWeights {
            maps: self.map_weights.clone(),
            embedding: self.embedding_weight,
            discrimination: self.discrimination_weight,
        }
    }

    /// Learning rate of the images in an iteration.
    pub(super) fn image_rate(&self, iteration: usize) -> f64 {
        let halvings = self.halve_at.iter().filter(|from| **from <= iteration).count();
        self.lr_img * 0.5_f64.powi(halvings as i32)
    }

    /// How the network of an iteration is trained on the images.
    pub(super) fn plan(&self) -> Plan {
        Plan {
            epochs: self.inner_cap * self.epoch_cap,
            batch: self.train_batch,
            rule: Rule::Sgd { momentum: 0.0, weight_decay: 0.0 },
            schedule: Schedule::Constant { base: self.train_lr as f32 },
            augmentation: self.dsa().into(),
            cutmix: 0.0,
        }
    }
}

impl Engine for CafeRecipe {
    fn check(&self) -> Result<(), String> {
        ranges::positive(&[
            ("iterations", self.iterations),
            ("batch_real", self.batch_real),
            ("feature_epochs", self.feature_epochs),
            ("watch_images", self.watch_images),
            ("inner_cap", self.inner_cap),
            ("epoch_cap", self.epoch_cap),
            ("train_batch", self.train_batch),
        ])?;
        if self.window < 2 {
            return Err(format!("`window` is {}, but must be 2 or more: one measurement does not move", self.window));
        }
        ranges::within(&[
            ("lr_img", self.lr_img, 0.0, 1e9),
            ("embedding_weight", self.embedding_weight, 0.0, 1e9),
            ("discrimination_weight", self.discrimination_weight, 0.0, 1e9),
            ("settled_below", self.settled_below, 0.0, 1e9),
            ("moved_above", self.moved_above, 0.0, 1e9),
            ("train_lr", self.train_lr, 0.0, 1e9),
        ])?;
        for weight in &self.map_weights {
            ranges::within(&[("map_weights", *weight, 0.0, 1e9)])?;
        }
        ranges::below_one(&[("momentum_img", self.momentum_img)])?;
        names::strategy("augmentation", &self.augmentation)?;
        names::network_or("network", &self.network, "")
    }

    fn consistent(&self) -> Result<(), String> {
        let weights = self.map_weights.iter().chain([&self.embedding_weight, &self.discrimination_weight]);
        if weights.sum::<f64>() == 0.0 {
            let what = "`map_weights`, `embedding_weight` and `discrimination_weight` are all 0: nothing is matched";
            return Err(what.to_owned());
        }
        Ok(())
    }

    fn first(&self) -> First {
        First { init: self.init, feature_epochs: self.feature_epochs, factor: 1 }
    }

    fn whitens(&self) -> bool {
        self.whiten
    }

    fn network(&self) -> Option<&str> {
        Some(self.network.as_str()).filter(|slug| !slug.is_empty())
    }

    fn begin<'a>(self, start: Start<'a>, images: Tensor<4>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        Ok(Box::new(Run::new(start, self, images)?))
    }
}
