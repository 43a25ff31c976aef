//! One distillation: in every iteration a network, and one step of the images.

use burn::tensor::Tensor;

use super::{
    effect::Effects,
    queue::{Learner, Queue},
    recipe::FeatureRecipe,
    statistics::{Embedding, Statistics},
    terms::{Distance, Matched, Matcher},
    unfold::Unfold,
};
use crate::{
    eval::hard_rows,
    methods::{
        Distiller, MethodError, Start, State, StepContext, StepReport,
        matching::{
            adaptive::Pruner,
            chunks::ChunkPlan,
            pixels::Pixels,
            real::{RealBatch, RealClasses},
            siamese::Siamese,
        },
    },
};
use compdd_core::{
    recipe::{Adaptive, Evaluator, RecipeError},
    record::Distilled,
    rng::Stream,
};
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
    /// Which real images take part, if not all.
    pruner: Option<Pruner>,
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
        let pruner = start.recipe.adaptive().map(|settings| Pruner::new(settings, classes));
        if let Some(pruner) = &pruner {
            adaptable(pruner.settings(), &matcher, &network)?;
        }
        let hold = pruner.as_ref().map_or(1, |pruner| pruner.settings().lazy);
        let siamese = Siamese::new(recipe.dsa(), start.seed, classes);
        let source = RealClasses::new(task, start.seed, recipe.batch_real, siamese.clone()).holding(hold);
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
            pruner,
        })
    }

    /// The statistics of the real images of classes `from..to`, a row each.
    fn rows(&self, params: &Params, batch: &RealBatch, from: usize, to: usize) -> Statistics {
        let offsets = batch.offsets();
        let (first, last) = (offsets[from], offsets[to]);
        let parts = self.passes.parts(first, last).map(|(a, b)| {
            let images = batch.rows(a, b, self.start.device);
            self.matcher.extractor.rows(&self.network, params, images, Mode::Train).0
        });
        Statistics::cat(&parts.collect::<Vec<_>>())
    }

    /// The means of the survivors of a class; `images` are its synthetic ones.
    fn survivors(
        &self,
        params: &Params,
        batch: &RealBatch,
        images: &Tensor<4>,
        [step, class]: [usize; 2],
        pruner: &mut Pruner,
    ) -> Result<Statistics, MethodError> {
        let rows = self.rows(params, batch, class, class + 1);
        let settings = pruner.settings();
        let kept = pruner.survivors(step as u64, class, batch.places(class), || {
            let effects = Effects { matcher: &self.matcher, network: &self.network, params, images };
            let projections = match settings.evaluator {
                Evaluator::Projection => effects.projections(&rows),
                Evaluator::Norm => None,
            };
            Ok(projections.unwrap_or_else(|| effects.norms(&rows, self.passes.images())))
        })?;
        Ok(rows.select(&kept).class_means(&[kept.len()]))
    }

    /// Images of every class that networks are shown.
    fn shown(&self) -> usize {
        self.start.ipc * self.unfold.images()
    }

    /// The loss and its gradient, group of classes by group of classes; `class_weight` is that of the cross-entropy.
    fn matched(
        &self,
        params: &Params,
        batch: &RealBatch,
        augmented: &Tensor<4>,
        class_weight: f64,
        (step, mut pruner): (usize, Option<&mut Pruner>),
    ) -> Result<Matched, MethodError> {
        let (classes, each) = (batch.counts.len(), self.shown());
        let of = |from: usize, to: usize| augmented.clone().narrow(0, from * each, (to - from) * each);
        let groups = self.passes.groups(classes, each).map(|(from, to)| {
            let real = match &mut pruner {
                None => self.rows(params, batch, from, to).class_means(&batch.counts[from..to]),
                Some(pruner) => {
                    let own = |class| self.survivors(params, batch, &of(class, class + 1), [step, class], pruner);
                    Statistics::cat(&(from..to).map(own).collect::<Result<Vec<_>, _>>()?)
                }
            };
            let regulariser = (class_weight > 0.0).then(|| (self.targets(from, to), class_weight));
            Ok(self.matcher.matched(&self.network, params, &real, of(from, to), each, regulariser))
        });
        Ok(Matched::cat(groups.collect::<Result<Vec<_>, MethodError>>()?))
    }

    /// The labels of the shown images of classes `from..to`, as rows of probabilities.
    fn targets(&self, from: usize, to: usize) -> Tensor<2> {
        let each = self.shown();
        let labels = self.labels[from..to].iter().flat_map(|label| std::iter::repeat_n(*label, each));
        hard_rows(&labels.collect::<Vec<_>>(), self.network.classes(), self.start.device)
    }
}

/// Whether the effects of single images can be known.
fn adaptable(settings: Adaptive, matcher: &Matcher, network: &Network) -> Result<(), MethodError> {
    let refuse = |what: &str| {
        Err(RecipeError::OutOfRange(format!("real images cannot be scored while distilling: {what}")).into())
    };
    let extractor = &matcher.extractor;
    if extractor.maps.is_some() && matcher.distance != Distance::Mse {
        return refuse("maps are not compared by squared differences");
    }
    if network.couples_images() {
        return refuse("batch norm makes all images of a batch depend on each other");
    }
    let followed = extractor.maps.is_none() && extractor.embedding == Some(Embedding::Features);
    if settings.evaluator == Evaluator::Projection && !followed {
        return refuse("only embeddings of a network have projections; use the norm");
    }
    Ok(())
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
        let mut pruner = self.pruner.clone();
        let matched = self.matched(&params, &batch, &augmented, class_weight, (ctx.step, pruner.as_mut()))?;
        pixels.update(self.unfold.pullback(draws.pullback(&matched.images)));
        if self.recipe.turns {
            pixels.coast_by_class(classes, |class| classes - 1 - class);
        }
        if let Some(queue) = &mut queue {
            queue.train(step, &self.network, &self.start, ctx.stop)?;
        }
        (self.pixels, self.queue, self.pruner) = (pixels, queue, pruner);
        Ok(self.passes.report(ctx.step, &matched.loss, || {
            let value = |name, term: Tensor<1>| (name, f64::from(term.into_scalar::<f32>()));
            let maps = matched.terms.maps.into_iter().reduce(|a, b| a + b);
            let terms = maps.map(|term| value("maps", term)).into_iter();
            let embedding = matched.terms.embedding.map(|term| value("embedding", term));
            let queued = self.queue.as_ref().map(|queue| ("networks", queue.learners().len() as f64));
            let accuracy = accuracy.map(|percent| ("network_accuracy", percent / 100.0));
            let removed = self.pruner.iter().flat_map(Pruner::removed);
            terms.chain(embedding).chain(queued).chain(accuracy).chain(removed).collect()
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
        self.pruner.iter().for_each(|pruner| pruner.save(state));
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        self.pixels.load(state, self.start.device)?;
        if let Some(queue) = &mut self.queue {
            queue.load(state, &self.network, self.start.device)?;
        }
        self.pruner.iter_mut().try_for_each(|pruner| pruner.load(state))
    }
}
