//! The hyper-parameters of feature matching: one set of keys, so that every term can be switched on any method.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    queue::Sizes,
    run::Run,
    statistics::{Embedding, Extractor, MapKind, MapNorm, Maps},
    terms::{Distance, Matcher, Weights},
    zca_init::ZcaInit,
};
use crate::methods::{
    Distiller, MethodError, Start,
    matching::{
        family::Engine,
        first::{First, Init},
    },
    names,
};
use compdd_core::recipe::{Evaluator, ranges};
use compdd_nn::{augment::DsaConfig, nn::Network};

/// Which maps are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MapsKey {
    /// Spatial attention.
    Attention,
    /// Whole feature maps.
    Features,
}

/// Which networks are matched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Networks {
    /// A new random one in every iteration.
    Fresh,
    /// One of a queue whose networks learn from real images.
    Queue,
}

/// Every key of a recipe of the engine.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureRecipe {
    /// Where the numbers come from.
    pub(super) origin: String,
    pub(super) iterations: usize,
    /// Learning rate of the images.
    pub(super) lr_img: f64,
    pub(super) momentum_img: f64,
    /// Real images per class and iteration.
    pub(super) batch_real: usize,
    pub(super) init: Init,
    /// Epochs of the network behind the inits `herding` and `k-center`.
    pub(super) feature_epochs: usize,
    /// Images that a stored image holds along each side.
    pub(super) factor: usize,
    /// Network to distil with and to score, unless one is asked for; empty: the subset's own.
    pub(super) network: String,
    /// Siamese augmentation of real and synthetic images.
    pub(super) augmentation: String,
    pub(super) align_corners: bool,
    /// Which networks are matched on.
    pub(super) networks: Networks,
    pub(super) queue_start: usize,
    pub(super) queue_every: usize,
    pub(super) queue_limit: usize,
    pub(super) queue_trained: usize,
    pub(super) queue_steps: usize,
    pub(super) queue_batch: usize,
    /// Iterations over which a network's accuracy in training is counted.
    pub(super) accuracy_window: usize,
    /// Weight of the cross-entropy of the synthetic images, for each percent of that accuracy (`w` of IDM).
    pub(super) class_weight: f64,
    /// Whether the images take one step for each class, in turn, instead of one for the sum over the classes.
    pub(super) turns: bool,
    /// What the embedding is.
    pub(super) embedding: Embedding,
    /// Weight of the squared distance of mean embeddings (`lambda` of `DataDAM`).
    pub(super) embedding_weight: f64,
    pub(super) maps: MapsKey,
    /// Weight of the distance of mean maps.
    pub(super) maps_weight: f64,
    /// Exponent of the attention.
    pub(super) attention_power: f64,
    pub(super) map_norm: MapNorm,
    pub(super) map_distance: Distance,
    /// Blocks whose maps are compared; none: all but the last.
    pub(super) map_blocks: Vec<usize>,
    /// Factor of the whole loss.
    pub(super) loss_scale: f64,
    /// Whiten the pixels (ZCA).
    pub(super) whiten: bool,
    /// What becomes of the first images where pixels are whitened.
    pub(super) zca_init: ZcaInit,
}

impl FeatureRecipe {
    /// Augmentation of both sides.
    pub(super) fn dsa(&self) -> DsaConfig {
        let config = DsaConfig::parse(&self.augmentation).unwrap_or_else(|_| DsaConfig::none());
        DsaConfig { align_corners: self.align_corners, ..config }
    }

    /// The queue of networks, if there is one.
    pub(super) fn queue(&self) -> Option<Sizes> {
        (self.networks == Networks::Queue).then_some(Sizes {
            start: self.queue_start,
            every: self.queue_every,
            limit: self.queue_limit,
            trained: self.queue_trained,
            steps: self.queue_steps,
            batch: self.queue_batch,
            window: self.accuracy_window,
        })
    }

    /// Whether a network is asked at all.
    fn asks_network(&self) -> bool {
        self.maps_weight > 0.0 || (self.embedding_weight > 0.0 && self.embedding == Embedding::Features)
    }

    /// The loss on a network.
    pub(super) fn matcher(&self, network: &Network) -> Matcher {
        let kind = match self.maps {
            MapsKey::Attention => MapKind::Attention { power: self.attention_power as f32 },
            MapsKey::Features => MapKind::Features,
        };
        let maps = Maps { kind, norm: self.map_norm, layers: Maps::layers_of(network, &self.map_blocks) };
        Matcher {
            extractor: Extractor {
                embedding: (self.embedding_weight > 0.0).then_some(self.embedding),
                maps: (self.maps_weight > 0.0).then_some(maps),
            },
            distance: self.map_distance,
            weights: Weights { maps: self.maps_weight, embedding: self.embedding_weight, scale: self.loss_scale },
        }
    }
}

impl Engine for FeatureRecipe {
    const ADAPTS: Option<Evaluator> = Some(Evaluator::Norm);

    fn check(&self) -> Result<(), String> {
        ranges::positive(&[
            ("iterations", self.iterations),
            ("batch_real", self.batch_real),
            ("feature_epochs", self.feature_epochs),
            ("factor", self.factor),
            ("queue_start", self.queue_start),
            ("queue_every", self.queue_every),
            ("queue_limit", self.queue_limit),
            ("queue_steps", self.queue_steps),
            ("queue_batch", self.queue_batch),
            ("accuracy_window", self.accuracy_window),
        ])?;
        ranges::within(&[
            ("lr_img", self.lr_img, 0.0, 1e9),
            ("embedding_weight", self.embedding_weight, 0.0, 1e9),
            ("maps_weight", self.maps_weight, 0.0, 1e9),
            ("attention_power", self.attention_power, 0.5, 16.0),
            ("class_weight", self.class_weight, 0.0, 1e9),
            ("loss_scale", self.loss_scale, 1e-9, 1e9),
        ])?;
        ranges::below_one(&[("momentum_img", self.momentum_img)])?;
        names::strategy("augmentation", &self.augmentation)?;
        names::network_or("network", &self.network, "")
    }

    fn consistent(&self) -> Result<(), String> {
        let refuse = |what: &str| Err(what.to_owned());
        if self.embedding_weight == 0.0 && self.maps_weight == 0.0 {
            return refuse("`embedding_weight` and `maps_weight` are both 0: nothing is matched");
        }
        self.first().consistent(self.whiten)?;
        if self.class_weight > 0.0 && self.networks == Networks::Fresh {
            return refuse("`class_weight` needs `networks = \"queue\"`: a fresh network has learned no class");
        }
        if self.networks == Networks::Queue && !self.asks_network() {
            return refuse("`networks = \"queue\"` needs the embedding \"features\" or maps: pixels ask no network");
        }
        Ok(())
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
        let images = self.zca_init.applied(&start, images)?;
        Ok(Box::new(Run::new(start, self, images)?))
    }
}
