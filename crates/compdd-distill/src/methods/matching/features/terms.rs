//! How class means are compared, and what the comparison says about the synthetic images.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::statistics::{Extractor, Statistics};
use compdd_nn::nn::{Mode, Network, Params, loss::probability_cross_entropy};

/// How two mean maps of a class differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Distance {
    /// Sum of squared differences (`DataDAM`, eq. 3).
    Mse,
    /// Sum of absolute differences.
    Mae,
    /// One minus the cosine of the angle.
    Cosine,
}

/// What each term counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of the maps: 1 in `DataDAM`, 0 in DM.
    pub maps: f64,
    /// Of the embeddings: 1 in DM, `lambda` in `DataDAM`.
    pub embedding: f64,
    /// Of everything (`DataDAM`'s released code: 100).
    pub scale: f64,
}

/// A loss between real and synthetic images.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// What is compared.
    pub extractor: Extractor,
    /// How maps are compared; embeddings are compared by squared differences.
    pub distance: Distance,
    /// What each term counts.
    pub weights: Weights,
}

/// The terms of a loss, unscaled, summed over the classes; one value each.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Squared distance of the mean embeddings, if they are compared.
    pub embedding: Option<Tensor<1>>,
    /// Distance of the mean maps, layer by layer.
    pub maps: Vec<Tensor<1>>,
}

impl Terms {
    /// The weighted sum.
    pub fn total(&self, weights: Weights) -> Option<Tensor<1>> {
        let maps = self.maps.iter().map(|term| term.clone() * weights.maps);
        let embedding = self.embedding.iter().map(|term| term.clone() * weights.embedding);
        maps.chain(embedding).reduce(|a, b| a + b).map(|sum| sum * weights.scale)
    }
}

/// A loss and its gradient with respect to the synthetic images.
#[derive(Clone, Debug)]
pub struct Matched {
    /// The loss, one value.
    pub loss: Tensor<1>,
    /// Its terms.
    pub terms: Terms,
    /// `[n, channels, height, width]`, with respect to the images that were given.
    pub images: Tensor<4>,
}

impl Matched {
    /// The sum over groups of classes, the gradients one after the other.
    ///
    /// # Panics
    /// Without any group.
    #[must_use]
    pub fn cat(groups: Vec<Self>) -> Self {
        let images = Tensor::cat(groups.iter().map(|group| group.images.clone()).collect(), 0);
        let sum = |a: Self, b: Self| Self {
            loss: a.loss + b.loss,
            terms: Terms {
                embedding: a.terms.embedding.zip(b.terms.embedding).map(|(a, b)| a + b),
                maps: a.terms.maps.into_iter().zip(b.terms.maps).map(|(a, b)| a + b).collect(),
            },
            images: a.images,
        };
        let sum = groups.into_iter().reduce(sum).expect("at least one group");
        Self { images, ..sum }
    }
}

impl Matcher {
    /// The terms between class means `[classes, ...]`.
    pub fn compare(&self, real: &Statistics, synthetic: &Statistics) -> Terms {
        let squared = |a: &Tensor<2>, b: &Tensor<2>| (a.clone() - b.clone()).square().sum();
        let map = |(a, b): (&Tensor<2>, &Tensor<2>)| match self.distance {
            Distance::Mse => squared(a, b),
            Distance::Mae => (a.clone() - b.clone()).abs().sum(),
            Distance::Cosine => {
                let dot = (a.clone() * b.clone()).sum_dim(1);
                let length = |x: &Tensor<2>| x.clone().square().sum_dim(1).clamp_min(1e-24).sqrt();
                (dot / (length(a) * length(b))).neg().add_scalar(1.0).sum()
            }
        };
        Terms {
            embedding: real.embedding.iter().zip(&synthetic.embedding).map(|(a, b)| squared(a, b)).next(),
            maps: real.maps.iter().zip(&synthetic.maps).map(map).collect(),
        }
    }

    /// The inner product of some means with constant rows of the same shapes, each term with its weight.
    pub fn weighted(&self, means: &Statistics, constant: &Statistics) -> Tensor<1> {
        let product = |(a, b): (&Tensor<2>, &Tensor<2>)| (a.clone() * b.clone().inner().autodiff()).sum();
        let terms = Terms {
            embedding: means.embedding.iter().zip(&constant.embedding).map(product).next(),
            maps: means.maps.iter().zip(&constant.maps).map(product).collect(),
        };
        let device = |rows: &Tensor<2>| rows.device();
        let nothing =
            || Tensor::zeros([1], &means.embedding.iter().chain(&means.maps).map(device).next().unwrap_or_default());
        terms.total(self.weights).unwrap_or_else(nothing)
    }

    /// The loss of some synthetic images `[classes * n, channels, height, width]` in class order against the class means of
    /// real ones, and its gradient. `regulariser` adds a weighted cross-entropy with targets `[classes * n, classes]`,
    /// averaged over the `n` images of a class and summed over the classes (IDM).
    pub fn matched(
        &self,
        network: &Network,
        params: &Params,
        real: &Statistics,
        images: Tensor<4>,
        n: usize,
        regulariser: Option<(Tensor<2>, f64)>,
    ) -> Matched {
        let leaf = images.inner().autodiff().require_grad();
        let counts = vec![n; leaf.dims()[0] / n];
        let constant = |rows: &Tensor<2>| rows.clone().inner().autodiff();
        let real = Statistics {
            embedding: real.embedding.as_ref().map(constant),
            maps: real.maps.iter().map(constant).collect(),
        };
        let (rows, logits) = self.extractor.rows(
            network,
            &params.clone().map(|value| value.inner().autodiff()),
            leaf.clone(),
            Mode::Train,
        );
        let terms = self.compare(&real, &rows.class_means(&counts));
        let mut loss = terms.total(self.weights).unwrap_or_else(|| leaf.clone().sum() * 0.0);
        if let (Some((targets, weight)), Some(logits)) = (regulariser, logits) {
            loss = loss + probability_cross_entropy(logits, targets) * (weight * counts.len() as f64);
        }
        let mut gradients = loss.backward();
        let images = leaf.grad_remove(&mut gradients).unwrap_or_else(|| leaf.inner().zeros_like());
        let terms = Terms {
            embedding: terms.embedding.map(Tensor::inner),
            maps: terms.maps.into_iter().map(Tensor::inner).collect(),
        };
        Matched { loss: loss.inner(), terms, images }
    }
}
