//! The hyper-parameters of recovery.

use serde::{Deserialize, Serialize};

use super::{
    batches::{Batches, Order},
    flatness::{self, Compared, Flatness},
    initial::Initial,
    loss::Weights,
    matching::{CategoryForm, Comparison},
    storage::Storage,
    views::{Curriculum, Views},
};
use crate::{methods::selected::check_learning_rate, statistics};
use compdd_core::recipe::ranges::{below_one, positive, within};
use compdd_nn::nn::NetworkSpec;

/// Every switch. The keys that the file of a method lacks have the values of [`Default`], with which they do nothing.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub(super) struct RecoverRecipe {
    pub iterations: usize,
    pub batch: usize,
    pub order: Order,
    pub parts: usize,
    pub backbones: Backbones,
    pub initial: Initial,
    pub tiles: usize,
    pub candidates: usize,
    pub crops: usize,
    pub lr_img: f32,
    pub statistics: f64,
    pub first_layer: f64,
    pub convolutions: bool,
    pub patch: usize,
    pub target_views: statistics::Views,
    pub target_batch: usize,
    pub moving: f64,
    pub moving_start: MovingStart,
    pub moving_reset: bool,
    pub hook_drop: f64,
    pub category: f64,
    pub category_form: CategoryForm,
    pub swapped_patches: bool,
    pub densify: f64,
    pub densify_temperature: f64,
    pub flatness: Compared,
    pub flatness_form: flatness::Form,
    pub flatness_weight: f64,
    pub flatness_decay: f64,
    pub flatness_temperature: f64,
    pub total_variation: f64,
    pub l2: f64,
    pub crop: bool,
    pub min_area: f32,
    pub pad: usize,
    pub curriculum: Curriculum,
    pub milestone: f64,
    pub roll: [i64; 2],
    pub storage: Storage,
    pub labels: LabelKind,
    pub network: String,
    pub learning_rate: f32,
    pub observer: String,
}

impl Default for RecoverRecipe {
    fn default() -> Self {
        Self {
            iterations: 1000,
            batch: 100,
            order: Order::Images,
            parts: 1,
            backbones: Backbones::First,
            initial: Initial::Noise,
            tiles: 1,
            candidates: 300,
            crops: 4,
            lr_img: 0.25,
            statistics: 0.01,
            first_layer: 10.0,
            convolutions: false,
            patch: 4,
            target_views: statistics::Views::Whole,
            target_batch: 64,
            moving: 0.0,
            moving_start: MovingStart::Zero,
            moving_reset: false,
            hook_drop: 0.0,
            category: 0.0,
            category_form: CategoryForm::Repo,
            swapped_patches: false,
            densify: 0.0,
            densify_temperature: 4.0,
            flatness: Compared::Nothing,
            flatness_form: flatness::Form::Paper,
            flatness_weight: 0.25,
            flatness_decay: 0.99,
            flatness_temperature: 4.0,
            total_variation: 0.0,
            l2: 0.0,
            crop: false,
            min_area: 0.08,
            pad: 0,
            curriculum: Curriculum::None,
            milestone: 0.0,
            roll: [0, 0],
            storage: Storage::Jpeg,
            labels: LabelKind::Soft,
            network: String::new(),
            learning_rate: 0.01,
            observer: String::new(),
        }
    }
}

/// Which of the run's teachers recover.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Backbones {
    /// The first one.
    #[default]
    First,
    /// All, an iteration each in turn.
    Turns,
}

/// Where moving averages of statistics begin.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MovingStart {
    /// At zero, as published.
    #[default]
    Zero,
    /// At the first statistics.
    First,
}

/// What the images are labelled with.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LabelKind {
    /// The mean of the networks' logits of the stored image.
    Soft,
    /// The class.
    Hard,
}

impl RecoverRecipe {
    pub fn check(&self) -> Result<(), String> {
        check_learning_rate("learning_rate", self.learning_rate)?;
        check_learning_rate("lr_img", self.lr_img)?;
        positive(&[
            ("iterations", self.iterations),
            ("parts", self.parts),
            ("patch", self.patch),
            ("target_batch", self.target_batch),
            ("tiles", self.tiles),
            ("candidates", self.candidates),
            ("crops", self.crops),
        ])?;
        if self.batch == 0 && self.order == Order::Images {
            return Err("`batch` is 0, but must be 1 or more".to_owned());
        }
        within(&[
            ("statistics", self.statistics, 0.0, 1e6),
            ("first_layer", self.first_layer, 0.0, 1e6),
            ("category", self.category, 0.0, 1.0),
            ("densify", self.densify, 0.0, 1e6),
            ("densify_temperature", self.densify_temperature, 1e-6, 1e6),
            ("flatness_weight", self.flatness_weight, 0.0, 1e6),
            ("flatness_temperature", self.flatness_temperature, 1e-6, 1e6),
            ("total_variation", self.total_variation, 0.0, 1e6),
            ("l2", self.l2, 0.0, 1e6),
            ("milestone", self.milestone, 0.0, 1.0),
            ("min_area", f64::from(self.min_area), 1e-6, 1.0),
            ("pad", self.pad as f64, 0.0, 4096.0),
        ])?;
        below_one(&[("moving", self.moving), ("hook_drop", self.hook_drop), ("flatness_decay", self.flatness_decay)])?;
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

    /// What the networks see.
    pub fn views(&self) -> Views {
        Views {
            crop: self.crop,
            min_area: self.min_area,
            pad: self.pad,
            curriculum: self.curriculum,
            milestone: self.milestone,
            iterations: self.iterations,
            roll: self.roll,
        }
    }

    /// Which images are recovered together.
    pub fn batches(&self, classes: usize, ipc: usize) -> Batches {
        Batches { order: self.order, parts: self.parts, batch: self.batch, classes, ipc }
    }

    /// How statistics are compared.
    pub fn comparison(&self) -> Comparison {
        Comparison {
            moving: self.moving,
            begins_measured: self.moving_start == MovingStart::First,
            drop: self.hook_drop,
            category: self.category,
            form: self.category_form,
            swapped_patches: self.swapped_patches,
        }
    }

    /// What is gathered of the networks.
    pub fn demand(&self) -> statistics::Demand {
        let counts = self.statistics > 0.0;
        statistics::Demand {
            convolutions: counts && self.convolutions,
            classes: counts && self.category > 0.0,
            patch: self.patch,
            views: self.target_views,
            batch: self.target_batch,
        }
    }

    /// The regularisation towards the moving average of the images; none where it is off.
    pub fn flatness(&self) -> Option<Flatness> {
        let flatness = Flatness {
            compared: self.flatness,
            form: self.flatness_form,
            weight: self.flatness_weight,
            decay: self.flatness_decay,
            temperature: self.flatness_temperature as f32,
        };
        let compares = matches!(self.flatness, Compared::Logits | Compared::Statistics);
        (compares && self.flatness_weight > 0.0).then_some(flatness)
    }

    /// How far uphill the gradient is asked for; none: at the images.
    pub fn sharpness(&self) -> Option<f64> {
        (self.flatness == Compared::Sharpness && self.flatness_weight > 0.0).then_some(self.flatness_weight)
    }
}
