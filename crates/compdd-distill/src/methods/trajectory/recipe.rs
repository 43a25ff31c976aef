//! The hyper-parameters of trajectory matching: one set of keys for the whole family, so that every module can be
//! switched on any method.

use serde::{Deserialize, Serialize};

use crate::{
    cam::{CamMethod, Targets, Threshold},
    experts::{Curriculum, Demand, ExpertError, Optimizer, Precision, Training, Window, gsam::Gsam},
    methods::names,
};
use compdd_core::recipe::ranges;
use compdd_nn::augment::DsaConfig;

/// What the images are labelled with while they are learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LabelKind {
    /// Their class (MTT, FTD).
    Hard,
    /// Learned logits (DATM, PAD, EDF).
    Soft,
    /// What the matched expert says, anew in every iteration (TESLA's soft label assignment).
    Teacher,
}

/// Which coordinates the matching loss leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DropBy {
    /// Those with the smallest squared error (EDF's Common Pattern Dropout; PAD as released).
    Error,
    /// The first ones in the order of the layers (PAD as published).
    Depth,
}

/// Where the images start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum InitKind {
    /// Random real images of each class.
    Real,
    /// Random real images that an expert classifies correctly (DATM).
    Correct,
    /// Gaussian noise with unit variance.
    Noise,
}

/// How the gradient passes through the student's training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum GradientKind {
    /// Through all steps.
    Exact,
    /// Every step on its own (TESLA).
    Detached,
}

/// Which images a distilled set holds at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ResultKind {
    /// The images as they stand.
    Plain,
    /// Their running average (FTD).
    Ema,
}

/// How experts take their steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OptimizerKind {
    /// Plain gradient descent (MTT, TESLA).
    Sgd,
    /// Sharpness-aware steps (FTD and later).
    Gsam,
}

/// Every key of a recipe of the family.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrajectoryRecipe {
    /// Where the numbers come from.
    pub origin: String,
    /// Last iteration; iteration 0 counts too.
    pub iterations: usize,
    /// Student steps per iteration, `S`.
    pub student_steps: usize,
    /// Expert epochs spanned by one match, `M`.
    pub expert_span: usize,
    /// First start epoch, `T-`.
    pub min_start: usize,
    /// End of the window of start epochs at iteration 0, `T`.
    pub start: usize,
    /// Final end of the window, `T+`, exclusive.
    pub max_start: usize,
    /// Iterations until the window has its final end; 0: from the beginning.
    pub expand: usize,
    /// Student minibatch; 0: all images.
    pub batch_syn: usize,
    /// Learning rates of images, label logits and the student's step size.
    pub lr_img: f64,
    pub lr_label: f64,
    pub lr_lr: f64,
    /// Student step size at the start.
    pub learning_rate: f64,
    pub momentum_img: f64,
    pub momentum_label: f64,
    pub momentum_lr: f64,
    pub labels: LabelKind,
    /// Iterations with a larger matching loss change nothing; 0: all count.
    pub skip_above: f64,
    /// Share of coordinates left out of the matching loss.
    pub drop: f64,
    pub drop_by: DropBy,
    /// Discriminative Area Enhancement.
    pub enhance: bool,
    pub enhance_beta: f64,
    /// From which value of its map on a pixel is discriminative: `mean` or a number.
    pub enhance_threshold: Threshold,
    pub enhance_interval: usize,
    /// Kind of activation map.
    pub cam: CamMethod,
    /// Whose class a map explains.
    pub cam_target: Targets,
    /// Network of the maps: `expert` (the last snapshot of the first expert) or a slug.
    pub cam_network: String,
    /// The weights of that network: a file, or in the recipe of a run the hash of one; empty: it is trained on the task.
    pub cam_weights: String,
    /// Classes of the file's network; 0: those of the task.
    pub cam_classes: usize,
    /// Epochs of its training on the task.
    pub cam_epochs: usize,
    pub init: InitKind,
    /// Decay of the images' running average; 0: none.
    pub ema: f64,
    pub result: ResultKind,
    pub gradient: GradientKind,
    /// Augmentation of the student's minibatches.
    pub augmentation: String,
    pub crop_ratio: f64,
    /// Whiten the pixels (ZCA).
    pub whiten: bool,
    pub experts: usize,
    pub expert_epochs: usize,
    pub expert_optimizer: OptimizerKind,
    pub expert_rho: f64,
    pub expert_alpha: f64,
    pub expert_learning_rate: f64,
    pub expert_batch: usize,
    pub expert_crop_ratio: f64,
    /// Share of the training images the experts see.
    pub expert_share: f64,
    /// How snapshots are stored.
    pub expert_precision: Precision,
    /// PAD's curriculum: easy images first, hard images last.
    pub expert_curriculum: bool,
}

impl TrajectoryRecipe {
    /// Checks every key on its own.
    pub fn check(&self) -> Result<(), String> {
        ranges::positive(&[
            ("student_steps", self.student_steps),
            ("expert_span", self.expert_span),
            ("max_start", self.max_start),
            ("enhance_interval", self.enhance_interval),
            ("experts", self.experts),
            ("expert_epochs", self.expert_epochs),
            ("expert_batch", self.expert_batch),
        ])?;
        ranges::within(&[
            ("lr_img", self.lr_img, 0.0, 1e9),
            ("lr_label", self.lr_label, 0.0, 1e9),
            ("lr_lr", self.lr_lr, 0.0, 1e3),
            ("learning_rate", self.learning_rate, 1e-8, 10.0),
            ("expert_learning_rate", self.expert_learning_rate, 1e-8, 10.0),
            ("skip_above", self.skip_above, 0.0, 1e9),
            ("enhance_beta", self.enhance_beta, 0.0, 1e3),
            ("crop_ratio", self.crop_ratio, 0.0, 1.0),
            ("expert_crop_ratio", self.expert_crop_ratio, 0.0, 1.0),
            ("expert_rho", self.expert_rho, 0.0, 10.0),
            ("expert_alpha", self.expert_alpha, 0.0, 10.0),
        ])?;
        ranges::below_one(&[
            ("momentum_img", self.momentum_img),
            ("momentum_label", self.momentum_label),
            ("momentum_lr", self.momentum_lr),
            ("drop", self.drop),
            ("ema", self.ema),
        ])?;
        if !(self.expert_share > 0.0 && self.expert_share <= 1.0) {
            return Err(format!("`expert_share` is {}, but must lie in (0, 1]", self.expert_share));
        }
        names::strategy("augmentation", &self.augmentation)?;
        names::network_or("cam_network", &self.cam_network, "expert")
    }

    /// Checks what several keys say together (A12: every match must lie inside the experts' epochs).
    pub fn consistent(&self) -> Result<(), String> {
        self.window().check(self.expert_epochs).map_err(|error| error.to_string())?;
        if self.expand > 0 && !(self.min_start < self.start && self.start <= self.max_start) {
            return Err(format!(
                "with `expand`, `start` must lie above `min_start` ({}) and at most at `max_start` ({}), but is {}",
                self.min_start, self.max_start, self.start
            ));
        }
        if self.result == ResultKind::Ema && self.ema == 0.0 {
            return Err("`result` is \"ema\", but `ema` is 0: there is no running average".to_owned());
        }
        Ok(())
    }

    /// Augmentation of the student's minibatches.
    pub fn dsa(&self) -> DsaConfig {
        let config = DsaConfig::parse(&self.augmentation).unwrap_or_else(|_| DsaConfig::none());
        DsaConfig { crop_ratio: self.crop_ratio as f32, ..config }
    }

    /// The epochs between which students are matched.
    fn window(&self) -> Window {
        Window { first: self.min_start, end: self.max_start, span: self.expert_span }
    }

    /// The experts this recipe reads.
    pub fn demand(&self, seed: u64) -> Result<Demand, ExpertError> {
        let gsam = Gsam { rho: self.expert_rho as f32, alpha: self.expert_alpha as f32, adaptive: true };
        let training = Training {
            epochs: self.expert_epochs,
            batch: self.expert_batch,
            learning_rate: self.expert_learning_rate as f32,
            optimizer: match self.expert_optimizer {
                OptimizerKind::Sgd => Optimizer::Sgd,
                OptimizerKind::Gsam => Optimizer::Gsam(gsam),
            },
            augmentation: DsaConfig { crop_ratio: self.expert_crop_ratio as f32, ..DsaConfig::default() },
            curriculum: self.expert_curriculum.then(Curriculum::default),
            share: self.expert_share,
            ..Training::default()
        };
        let demand = Demand::for_window(training, self.experts, self.window(), seed)?;
        Ok(Demand { precision: self.expert_precision, ..demand })
    }
}
