//! How well effects to first order rank the images of a batch: every image is really left out, and what that changes in the step is held against
//! its effect (the evaluators and the rank error of `BiLP`, arXiv 2305.18381, supplement).

use burn::tensor::{Device, Tensor};

use super::{
    features::{self, Distance, Embedding, Extractor, Matcher, Weights},
    gradient::{self, GradientDistance, Metric, Tensors},
    real::partial_shuffle,
};
use crate::{eval::hard_rows, methods::MethodError, select::rank_error};
use compdd_core::{progress::Hooks, rng::Stream};
use compdd_data::data::Task;
use compdd_nn::{
    feed::PixelTensors as _,
    grad::{Batch, Differences, Differentiable as _, Objective, Targets},
    nn::{Mode, Network, Params},
};

/// What this work is called while it goes on.
const STAGE: &str = "batches";

/// The distance of gradients of DC.
const OURS: GradientDistance = GradientDistance { metric: Metric::Ours, tensors: Tensors::Matrices };

/// What is compared between real and synthetic images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// Gradients, as DC does.
    Gradients,
    /// Means of features, as DM does.
    Features,
}

/// Batches of one class each, before a network of random weights each; the synthetic images are real ones.
pub struct RankTrial<'a> {
    /// The images.
    pub task: &'a Task,
    /// The network.
    pub network: &'a Network,
    /// What is compared.
    pub matched: Matched,
    /// Synthetic images of the class.
    pub ipc: usize,
    /// Real images of a batch at most.
    pub batch: usize,
    /// Root of every draw.
    pub seed: u64,
    /// Where to compute.
    pub device: &'a Device,
}

/// Rank errors of a batch: 0 for the same order, a third for a random one, about half for the reverse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankErrors {
    /// Norms against the lengths of the changes.
    pub norm: f64,
    /// Projections against the changes along the step.
    pub projection: f64,
    /// Absolute projections against the lengths, which they do not approximate.
    pub projection_as_length: f64,
    /// A random order against the lengths.
    pub random: f64,
}

/// The effects of the images of a batch, and what leaving each of them out changes.
#[derive(Clone, Debug)]
pub(super) struct Effects {
    pub norms: Vec<f64>,
    pub projections: Vec<f64>,
    /// Lengths of the changes.
    pub lengths: Vec<f64>,
    /// The changes along the step.
    pub along: Vec<f64>,
}

impl RankTrial<'_> {
    /// The errors of so many batches, of the classes in turn.
    ///
    /// # Errors
    /// [`MethodError::Interrupted`], and [`MethodError::TooFewImages`] for a class with fewer than `ipc` or than three images.
    pub fn errors(&self, batches: usize, hooks: Hooks<'_>) -> Result<Vec<RankErrors>, MethodError> {
        hooks.progress.begin(STAGE, batches);
        let mut errors = Vec::with_capacity(batches);
        for index in 0..batches {
            hooks.stop.check()?;
            let found = self.of_batch(index)?;
            hooks.progress.advance(
                STAGE,
                index + 1,
                &format!("norm {:.3}, projection {:.3}", found.norm, found.projection),
            );
            errors.push(found);
        }
        hooks.progress.end(STAGE, "");
        Ok(errors)
    }

    fn of_batch(&self, index: usize) -> Result<RankErrors, MethodError> {
        let classes = self.task.training_classes();
        let (label, members) = &classes[index % classes.len()];
        let needed = self.ipc.max(3);
        if members.len() < needed {
            let class = self.task.train.classes()[*label as usize].clone();
            return Err(MethodError::TooFewImages { class, found: members.len(), needed });
        }
        let draw = |purpose: &str, count: usize| {
            let mut stream = Stream::new(self.seed, purpose, index as u64);
            let places = partial_shuffle(&mut stream, members, count.min(members.len()));
            self.task.space.tensor(&self.task.train, &places, self.device)
        };
        let (real, shown) = (draw("real batch", self.batch), draw("synthetic images", self.ipc));
        let params = self.network.init(Stream::child_seed(self.seed, "network", index as u64), self.device);
        let Effects { norms, projections, lengths, along } = match self.matched {
            Matched::Gradients => of_gradients(self.network, &params, &real, &shown, *label),
            Matched::Features => of_features(self.network, &params, &real, &shown),
        };
        let mut stream = Stream::new(self.seed, "random order", index as u64);
        let random: Vec<f64> = lengths.iter().map(|_| f64::from(stream.uniform())).collect();
        let absolute: Vec<f64> = projections.iter().map(|effect| effect.abs()).collect();
        Ok(RankErrors {
            norm: rank_error(&lengths, &norms),
            projection: rank_error(&along, &projections),
            projection_as_length: rank_error(&lengths, &absolute),
            random: rank_error(&lengths, &random),
        })
    }
}

/// Effects on the match of gradients.
pub(super) fn of_gradients(
    network: &Network,
    params: &Params,
    real: &Tensor<4>,
    shown: &Tensor<4>,
    label: u32,
) -> Effects {
    let (classes, device) = (network.classes(), real.device());
    let batch = |images: Tensor<4>| {
        let labels = vec![label; images.dims()[0]];
        Batch { images, targets: Targets::Probabilities(hard_rows(&labels, classes, &device)) }
    };
    let (images, shown) = (batch(real.clone()), batch(shown.clone()));
    let gradient = |batch: &Batch| Objective::new(network, Mode::Eval).gradient(params, batch).1;
    let (mean, own, n) = (gradient(&images), gradient(&shown), images.len());
    let without = |i: usize| {
        let single = gradient(&batch(real.clone().narrow(0, i, 1)));
        let rest = mean.clone().scale(n as f64).add_scaled(&single, -1.0).scale(1.0 / (n - 1) as f64);
        let direction = OURS.compare(&rest, &own).direction;
        Objective::new(network, Mode::Eval).products(params, &shown, &direction, Differences::Exact).images
    };
    let effects = gradient::Effects::new(Objective::new(network, Mode::Eval), params, OURS, mean.clone(), &shown);
    let (lengths, along) = changes(&effects.step(), n, without);
    Effects { norms: effects.norms(&images), projections: effects.projections(&images), lengths, along }
}

/// Effects on the match of features: the last layer's input, by squared differences.
pub(super) fn of_features(network: &Network, params: &Params, real: &Tensor<4>, shown: &Tensor<4>) -> Effects {
    let matcher = Matcher {
        extractor: Extractor { embedding: Some(Embedding::Features), maps: None },
        distance: Distance::Mse,
        weights: Weights { maps: 0.0, embedding: 1.0, scale: 1.0 },
    };
    let rows = matcher.extractor.rows(network, params, real.clone(), Mode::Train).0;
    let (n, own) = (rows.images(), shown.dims()[0]);
    let step = |real: &features::Statistics| matcher.matched(network, params, real, shown.clone(), own, None).images;
    let without = |i: usize| {
        let others: Vec<usize> = (0..n).filter(|other| *other != i).collect();
        step(&rows.select(&others).class_means(&[n - 1]))
    };
    let (lengths, along) = changes(&step(&rows.clone().class_means(&[n])), n, without);
    let effects = features::Effects { matcher: &matcher, network, params, images: shown };
    let projections = effects.projections(&rows).unwrap_or_default();
    Effects { norms: effects.norms(&rows, 256), projections, lengths, along }
}

/// Lengths of the changes of a step when each of `n` images is left out, with the changes along the step.
fn changes(whole: &Tensor<4>, n: usize, without: impl Fn(usize) -> Tensor<4>) -> (Vec<f64>, Vec<f64>) {
    let value = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
    let length = value(whole.clone().square().sum().sqrt());
    let change = |i: usize| {
        let difference = whole.clone() - without(i);
        let along = value((difference.clone() * whole.clone()).sum()) / length;
        (value(difference.square().sum().sqrt()), along)
    };
    (0..n).map(change).unzip()
}
