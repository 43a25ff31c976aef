//! The loss: layer-wise alignment of class means, and discrimination of real images by synthetic class means.

use burn::tensor::{Int, Tensor, TensorData, activation};

use crate::methods::matching::{
    chunks::ChunkPlan,
    features::{Embedding, Extractor, MapKind, MapNorm, Maps, Statistics},
};
use compdd_nn::nn::{Mode, Network, Params};

/// What each term counts.
#[derive(Clone, Debug, PartialEq)]
pub struct AlignmentWeights {
    /// Of the maps, from deep to shallow: the last pooled one, then those behind the activation of every block, the last block
    /// first. The last number holds for everything shallower, too.
    pub maps: Vec<f64>,
    /// Of the flattened features. They are the last pooled map once more.
    pub embedding: f64,
    /// Of the summed cross-entropy of the real images.
    pub discrimination: f64,
}

/// The loss on a network.
#[derive(Clone, Debug)]
pub struct Alignment {
    extractor: Extractor,
    /// Of the maps behind activations, in their order in the network.
    maps: Vec<f64>,
    /// Of the features, as a map and flattened.
    embedding: f64,
    discrimination: f64,
    passes: ChunkPlan,
}

/// What the real images of a step say.
#[derive(Clone, Debug)]
pub struct RealFeatures {
    /// Class means.
    means: Statistics,
    /// Features of every image, `[rows, d]`, class by class.
    rows: Tensor<2>,
    /// The place of every image's class, `[rows]`.
    classes: Tensor<1, Int>,
}

/// The terms of a loss, unweighted, one value each.
#[derive(Clone, Debug)]
pub struct AlignmentTerms {
    /// Squared distance of the class means of each map behind an activation, from shallow to deep.
    pub maps: Vec<Tensor<1>>,
    /// Squared distance of the class means of the features: of the last pooled map, and of it flattened.
    pub embedding: Tensor<1>,
    /// Cross-entropy of the real images, summed, with their inner products with the synthetic class means as logits.
    pub discrimination: Tensor<1>,
}

/// A loss and its gradient with respect to the synthetic images.
#[derive(Clone, Debug)]
pub struct Aligned {
    /// The loss, one value.
    pub loss: Tensor<1>,
    /// Its terms.
    pub terms: AlignmentTerms,
    /// `[classes * n, channels, height, width]`.
    pub images: Tensor<4>,
}

impl Alignment {
    /// The loss on a network of any depth, `passes` at a time.
    pub(in crate::methods::matching) fn new(network: &Network, weights: &AlignmentWeights, passes: ChunkPlan) -> Self {
        let layers = Maps::all_layers(network);
        let weight = |depth: usize| weights.maps.get(depth).or(weights.maps.last()).copied().unwrap_or_default();
        let maps = (0..layers.len()).map(|layer| weight(layers.len() - layer)).collect();
        let (kind, norm) = (MapKind::Features, MapNorm::None);
        Self {
            extractor: Extractor {
                embedding: Some(Embedding::Features),
                maps: Some(Maps { kind, norm, layers }).filter(|maps| !maps.layers.is_empty()),
            },
            maps,
            embedding: weight(0) + weights.embedding,
            discrimination: weights.discrimination,
            passes,
        }
    }

    /// The weights of the maps behind activations, from shallow to deep.
    pub fn map_weights(&self) -> &[f64] {
        &self.maps
    }

    /// Reads `counts` real images of every class; `images(from, to)` gives some of them `[to - from, channels, height, width]`.
    pub fn real(
        &self,
        network: &Network,
        params: &Params,
        counts: &[usize],
        images: impl Fn(usize, usize) -> Tensor<4>,
    ) -> RealFeatures {
        let read = |from: usize, to: usize| self.extractor.rows(network, params, images(from, to), Mode::Train).0;
        let (mut means, mut rows) = (Vec::new(), Vec::new());
        if network.couples_images() {
            let all = read(0, counts.iter().sum());
            rows.extend(all.embedding.clone());
            means.push(all.class_means(counts));
        } else {
            let mut first = 0;
            for &count in counts {
                let parts = self.passes.parts(first, first + count).map(|(from, to)| {
                    let part = read(from, to);
                    rows.extend(part.embedding.clone());
                    (part.class_means(&[to - from]), (to - from) as f64 / count as f64)
                });
                means.push(Statistics::weighted(parts));
                first += count;
            }
        }
        let rows = Tensor::cat(rows, 0);
        let places = counts.iter().zip(0..).flat_map(|(&count, class)| std::iter::repeat_n(class, count));
        let places: Vec<i32> = places.collect();
        let classes = Tensor::from_data(TensorData::new(places, [rows.dims()[0]]), &rows.device());
        RealFeatures { means: Statistics::cat(&means), rows, classes }
    }

    /// The loss of synthetic images `[classes * n, channels, height, width]` in class order, and its gradient.
    pub fn aligned(
        &self,
        network: &Network,
        params: &Params,
        real: &RealFeatures,
        images: &Tensor<4>,
        n: usize,
    ) -> Aligned {
        let classes = images.dims()[0] / n;
        let groups: Vec<(usize, usize)> = self.passes.groups(classes, n).collect();
        let group = |&(from, to): &(usize, usize)| images.clone().narrow(0, from * n, (to - from) * n);

        // The classes meet in the cross-entropy: its gradient with respect to all means comes first.
        let means = groups.iter().map(|own| {
            let features = network.forward(params, group(own), Mode::Train).features;
            Statistics { embedding: Some(features), maps: Vec::new() }.class_means(&vec![n; own.1 - own.0]).embedding
        });
        let means: Tensor<2> = Tensor::cat(means.flatten().collect(), 0);
        let (cross_entropy, pull) = discrimination(real, means);

        let params = params.clone().map(|value| value.inner().autodiff());
        let mut maps: Vec<Tensor<1>> = Vec::new();
        let mut embedding: Vec<Tensor<1>> = Vec::new();
        let mut gradients = Vec::new();
        for own in &groups {
            let (from, count) = (own.0, own.1 - own.0);
            let leaf = group(own).inner().autodiff().require_grad();
            let rows = self.extractor.rows(network, &params, leaf.clone(), Mode::Train).0;
            let synthetic = rows.class_means(&vec![n; count]);
            let distance = |(real, own): (&Tensor<2>, &Tensor<2>)| {
                let real = real.clone().narrow(0, from, count).autodiff();
                (own.clone() - real).square().sum()
            };
            let terms: Vec<Tensor<1>> = real.means.maps.iter().zip(&synthetic.maps).map(distance).collect();
            let features = real.means.embedding.iter().zip(&synthetic.embedding).map(distance);
            let features: Vec<Tensor<1>> = features.collect();
            let pulled = synthetic.embedding.iter().map(|own| {
                let pull = pull.clone().narrow(0, from, count).autodiff();
                (own.clone() * pull).sum() * self.discrimination
            });
            let weighted = terms.iter().zip(&self.maps).map(|(term, weight)| term.clone() * *weight);
            let deep = features.iter().map(|term| term.clone() * self.embedding);
            let loss = weighted.chain(deep).chain(pulled).reduce(|a, b| a + b);
            let gradient = loss.and_then(|loss| leaf.grad_remove(&mut loss.backward()));
            gradients.push(gradient.unwrap_or_else(|| leaf.inner().zeros_like()));
            let add = |sums: &mut Vec<Tensor<1>>, terms: Vec<Tensor<1>>| {
                let terms = terms.into_iter().map(Tensor::inner);
                *sums = if sums.is_empty() {
                    terms.collect()
                } else {
                    std::mem::take(sums).into_iter().zip(terms).map(|(a, b)| a + b).collect()
                };
            };
            add(&mut maps, terms);
            add(&mut embedding, features);
        }
        let embedding = embedding.pop().unwrap_or_else(|| cross_entropy.zeros_like());
        let terms = AlignmentTerms { maps, embedding, discrimination: cross_entropy };
        Aligned { loss: self.total(&terms), terms, images: Tensor::cat(gradients, 0) }
    }

    fn total(&self, terms: &AlignmentTerms) -> Tensor<1> {
        let rest = terms.embedding.clone() * self.embedding + terms.discrimination.clone() * self.discrimination;
        let maps = terms.maps.iter().zip(&self.maps).map(|(term, weight)| term.clone() * *weight);
        maps.fold(rest, |sum, term| sum + term)
    }
}

/// The summed cross-entropy of the real images with logits `rows means'`, and its gradient with respect to the synthetic class
/// means `[classes, d]`.
fn discrimination(real: &RealFeatures, means: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
    let (classes, rows) = (means.dims()[0], real.rows.dims()[0]);
    let own: Tensor<2, Int> = real.classes.clone().reshape([rows, 1]);
    let logits = real.rows.clone().matmul(means.transpose());
    let sum = activation::log_softmax(logits.clone(), 1).gather(1, own.clone()).sum().neg();
    let every = Tensor::<1, Int>::arange(0..classes as i64, &logits.device()).reshape([1, classes]);
    let truth = own.expand([rows, classes]).equal(every.expand([rows, classes])).float();
    let excess = activation::softmax(logits, 1) - truth;
    (sum, excess.transpose().matmul(real.rows.clone()))
}
