//! The hyper-parameters of gradient matching: one set of keys, so that every switch can be tried on any method.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    distance::{GradientDistance, Metric, Tensors},
    run::Run,
};
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
use compdd_core::recipe::{Evaluator, ranges};
use compdd_nn::augment::{DsaConfig, Mode};

/// What the network is trained on between two steps of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TrainOn {
    /// The synthetic images (DC, DSA).
    Synthetic,
    /// Real images, drawn anew every time (IDC).
    Real,
}

/// Every key of a recipe of the engine.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GradientRecipe {
    /// Where the numbers come from.
    pub(super) origin: String,
    /// Networks that are drawn.
    pub(super) iterations: usize,
    /// Steps of the images for each network (`T`).
    pub(super) outer_steps: usize,
    /// Epochs of the network between two of these steps (`zeta`).
    pub(super) inner_epochs: usize,
    /// Learning rate of the images.
    pub(super) lr_img: f64,
    /// Whether that is the rate of ten images per class at 32 pixels, and grows with the images and with their area.
    pub(super) lr_img_scales: bool,
    pub(super) momentum_img: f64,
    /// Whether the images take one step for each class, in turn, instead of one for the sum over the classes.
    pub(super) step_by_class: bool,
    /// Whether images are learned on the scale 0..1 and brought back into it for every network.
    pub(super) unit_range: bool,
    /// Real images per class and step.
    pub(super) batch_real: usize,
    pub(super) init: Init,
    /// Epochs of the network behind the inits `herding` and `k-center`.
    pub(super) feature_epochs: usize,
    /// Images that a stored image holds along each side.
    pub(super) factor: usize,
    /// Most synthetic images of a class that are compared in a step, drawn anew; 0: all.
    pub(super) batch_syn: usize,
    /// Network to distil with and to score, unless one is asked for; empty: the subset's own.
    pub(super) network: String,
    pub(super) metric: Metric,
    pub(super) tensors: Tensors,
    /// Siamese augmentation of real and synthetic images.
    pub(super) augmentation: String,
    /// How many of its tokens are applied at a time, here and in training.
    pub(super) augmentation_mode: Mode,
    pub(super) align_corners: bool,
    pub(super) train_on: TrainOn,
    /// Real images that the network is trained on between two steps; 0: all.
    pub(super) train_images: usize,
    pub(super) train_batch: usize,
    pub(super) train_lr: f64,
    pub(super) train_momentum: f64,
    pub(super) train_decay: f64,
    pub(super) train_augmentation: String,
    /// Probability of a mixed minibatch.
    pub(super) train_cutmix: f64,
    /// Epochs on all real images before the first step.
    pub(super) pretrain_epochs: usize,
    /// Whiten the pixels (ZCA).
    pub(super) whiten: bool,
}

impl GradientRecipe {
    /// The measure between gradients.
    pub(super) fn distance(&self) -> GradientDistance {
        GradientDistance { metric: self.metric, tensors: self.tensors }
    }

    /// Augmentation of both sides of the comparison.
    pub(super) fn dsa(&self) -> DsaConfig {
        self.augmented(&self.augmentation)
    }

    fn augmented(&self, strategy: &str) -> DsaConfig {
        let config = DsaConfig::parse(strategy).unwrap_or_else(|_| DsaConfig::none());
        DsaConfig { align_corners: self.align_corners, mode: self.augmentation_mode, ..config }
    }

    /// Learning rate of `ipc` images per class of `side` pixels.
    pub(super) fn image_rate(&self, ipc: usize, side: usize) -> f64 {
        if !self.lr_img_scales {
            return self.lr_img;
        }
        self.lr_img * (ipc as f64 / 10.0) * (side as f64 / 32.0).powi(2)
    }

    /// How the network is trained, epoch by epoch.
    pub(super) fn plan(&self) -> Plan {
        Plan {
            epochs: self.pretrain_epochs + self.outer_steps * self.inner_epochs,
            batch: self.train_batch,
            rule: Rule::Sgd { momentum: self.train_momentum as f32, weight_decay: self.train_decay as f32 },
            schedule: Schedule::Constant { base: self.train_lr as f32 },
            augmentation: self.augmented(&self.train_augmentation).into(),
            cutmix: self.train_cutmix as f32,
        }
    }
}

impl Engine for GradientRecipe {
    const ADAPTS: Option<Evaluator> = Some(Evaluator::Norm);

    fn check(&self) -> Result<(), String> {
        ranges::positive(&[
            ("iterations", self.iterations),
            ("outer_steps", self.outer_steps),
            ("inner_epochs", self.inner_epochs),
            ("batch_real", self.batch_real),
            ("feature_epochs", self.feature_epochs),
            ("factor", self.factor),
            ("train_batch", self.train_batch),
        ])?;
        ranges::within(&[
            ("lr_img", self.lr_img, 0.0, 1e9),
            ("train_lr", self.train_lr, 1e-9, 1e3),
            ("train_decay", self.train_decay, 0.0, 1.0),
            ("train_cutmix", self.train_cutmix, 0.0, 1.0),
        ])?;
        ranges::below_one(&[("momentum_img", self.momentum_img), ("train_momentum", self.train_momentum)])?;
        names::strategy("augmentation", &self.augmentation)?;
        names::strategy("train_augmentation", &self.train_augmentation)?;
        names::network_or("network", &self.network, "")
    }

    fn consistent(&self) -> Result<(), String> {
        if self.whiten && self.unit_range {
            return Err("`unit_range` cannot hold with `whiten`: whitened pixels have no scale 0..1".to_owned());
        }
        self.first().consistent(self.whiten)
    }

    fn first(&self) -> First {
        First { init: self.init, feature_epochs: self.feature_epochs, factor: self.factor }
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
