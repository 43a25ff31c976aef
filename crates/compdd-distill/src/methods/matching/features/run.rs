//! One distillation: in every iteration a network, and one step of the images.

use burn::tensor::Tensor;

use super::{
    queue::{Learner, Queue},
    recipe::FeatureRecipe,
    statistics::Statistics,
    terms::{Matched, Matcher},
    unfold::Unfold,
};
use crate::{
    eval::hard_rows,
    methods::{
        Distiller, MethodError, Start, State, StepContext, StepReport,
        matching::{
            chunks::ChunkPlan,
            pixels::Pixels,
            real::{RealBatch, RealClasses},
            siamese::Siamese,
        },
    },
};
use compdd_core::{record::Distilled, rng::Stream};
use compdd_data::data::Prefetcher;
use compdd_nn::{
    grad::GradError,
    nn::{Mode, Network, Params},
};

/// A run of any method of the engine.
pub(super) struct Run<'a> {
    start: Start<'a>,
    recipe: FeatureRecipe,
    network: Network,
    matcher: Matcher,
    passes: ChunkPlan,
    /// The label of every class.
    labels: Vec<u32>,
    siamese: Siamese,
    real: Prefetcher<RealBatch>,
    unfold: Unfold,
    /// The networks, unless every iteration draws its own.
    queue: Option<Queue>,
    pixels: Pixels,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: FeatureRecipe, images: Tensor<4>) -> Result<Self, MethodError> {
        let task = start.task;
        let [channels, _, side] = task.train.shape();
        let network = start.network.build(channels, side, task.subset.classes_len())?;
        let labels: Vec<u32> = task.training_classes().into_iter().map(|(label, _)| label).collect();
        let classes = labels.len();
        let matcher = recipe.matcher(&network);
        if network.couples_images() && start.chunk.is_some() {
            return Err(GradError::ChunkedBatchNorm.into());
        }
        let siamese = Siamese::new(recipe.dsa(), start.seed, classes);
        let source = RealClasses::new(task, start.seed, recipe.batch_real, siamese.clone());
        Ok(Self {
            passes: ChunkPlan::new(&start, &network),
            real: Prefetcher::new(move |step| source.batch(step)),
            unfold: Unfold::new(recipe.factor, side, &task.space, classes)?,
            queue: recipe.queue().map(|sizes| Queue::new(sizes, start.seed, task.training())),
            pixels: Pixels::new(images, recipe.lr_img, recipe.momentum_img),
            start,
            recipe,
            network,
            matcher,
            labels,
            siamese,
        })
    }

    /// The class means of the real images of classes `from..to`.
    fn real(&self, params: &Params, batch: &RealBatch, from: usize, to: usize) -> Statistics {
        let offsets = batch.offsets();
        let (first, last) = (offsets[from], offsets[to]);
        let parts = self.passes.parts(first, last).map(|(a, b)| {
            let images = batch.rows(a, b, self.start.device);
            self.matcher.extractor.rows(&self.network, params, images, Mode::Train).0
        });
        Statistics::cat(&parts.collect::<Vec<_>>()).class_means(&batch.counts[from..to])
    }

    /// Images of every class that networks are shown.
    fn shown(&self) -> usize {
        self.start.ipc * self.unfold.images()
    }

    /// The loss and its gradient, group of classes by group of classes; `class_weight` is that of the cross-entropy.
    fn matched(&self, params: &Params, batch: &RealBatch, augmented: &Tensor<4>, class_weight: f64) -> Matched {
        let (classes, each) = (batch.counts.len(), self.shown());
        let groups = self.passes.groups(classes, each).map(|(from, to)| {
            let real = self.real(params, batch, from, to);
            let images = augmented.clone().narrow(0, from * each, (to - from) * each);
            let regulariser = (class_weight > 0.0).then(|| (self.targets(from, to), class_weight));
            self.matcher.matched(&self.network, params, &real, images, each, regulariser)
        });
        Matched::cat(groups.collect())
    }

    /// The labels of the shown images of classes `from..to`, as rows of probabilities.
    fn targets(&self, from: usize, to: usize) -> Tensor<2> {
        let each = self.shown();
        let labels = self.labels[from..to].iter().flat_map(|label| std::iter::repeat_n(*label, each));
        hard_rows(&labels.collect::<Vec<_>>(), self.network.classes(), self.start.device)
    }
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.recipe.iterations
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let step = ctx.step as u64;
        let mut queue = self.queue.clone();
        if let Some(queue) = &mut queue {
            queue.open(step, &self.network, self.start.device);
        }
        let learner = queue.as_ref().and_then(|queue| queue.pick(step)).cloned();
        let accuracy = learner.as_ref().map(Learner::accuracy);
        let fresh = || self.network.init(Stream::child_seed(self.start.seed, "network", step), self.start.device);
        let params = learner.map_or_else(fresh, |learner| learner.params);
        let batch = self.real.take(step, ctx.step + 1 < self.recipe.iterations);
        let draws = self.siamese.synthetic(step, self.shown(), self.start.task.train.shape());
        let (mut pixels, classes) = (self.pixels.clone(), self.labels.len());
        if self.recipe.turns {
            pixels.coast_by_class(classes, |class| class);
        }
        let augmented = draws.apply(&self.unfold.of(pixels.images.clone()));
        let class_weight = self.recipe.class_weight * accuracy.unwrap_or_default();
        let matched = self.matched(&params, &batch, &augmented, class_weight);
        pixels.update(self.unfold.pullback(draws.pullback(&matched.images)));
        if self.recipe.turns {
            pixels.coast_by_class(classes, |class| classes - 1 - class);
        }
        if let Some(queue) = &mut queue {
            queue.train(step, &self.network, &self.start, ctx.stop)?;
        }
        (self.pixels, self.queue) = (pixels, queue);
        Ok(self.passes.report(ctx.step, &matched.loss, || {
            let value = |name, term: Tensor<1>| (name, f64::from(term.into_scalar::<f32>()));
            let maps = matched.terms.maps.into_iter().reduce(|a, b| a + b);
            let terms = maps.map(|term| value("maps", term)).into_iter();
            let embedding = matched.terms.embedding.map(|term| value("embedding", term));
            let queued = self.queue.as_ref().map(|queue| ("networks", queue.learners().len() as f64));
            let accuracy = accuracy.map(|percent| ("network_accuracy", percent / 100.0));
            terms.chain(embedding).chain(queued).chain(accuracy).collect()
        }))
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        Ok(self.pixels.distilled(&self.start, self.recipe.factor))
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        self.pixels.save(state);
        if let Some(queue) = &self.queue {
            queue.save(state);
        }
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        self.pixels.load(state, self.start.device)?;
        if let Some(queue) = &mut self.queue {
            queue.load(state, &self.network, self.start.device)?;
        }
        Ok(())
    }
}
