//! One distillation: a new random network in every iteration, one step of the images.

use burn::tensor::Tensor;

use super::{
    recipe::FeatureRecipe,
    statistics::Statistics,
    terms::{Matched, Matcher},
};
use crate::{
    grad::GradError,
    methods::{
        Distiller, MethodError, Start, State, StepContext, StepReport,
        matching::{
            passes::Passes,
            pixels::Pixels,
            real::{Ahead, RealBatch, RealClasses},
            siamese::Siamese,
        },
    },
    nn::{Mode, Network, Params},
    record::Distilled,
    rng::Stream,
};

/// A run of any method of the engine.
pub(super) struct Run<'a> {
    start: Start<'a>,
    recipe: FeatureRecipe,
    network: Network,
    matcher: Matcher,
    passes: Passes,
    siamese: Siamese,
    real: Ahead<RealBatch>,
    pixels: Pixels,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: FeatureRecipe, images: Tensor<4>) -> Result<Self, MethodError> {
        let [channels, _, side] = start.task.train.shape();
        let network = start.network.build(channels, side, start.task.subset.classes_len())?;
        let classes = start.task.training_classes().len();
        let matcher = recipe.matcher(&network);
        if network.couples_images() && start.chunk.is_some() {
            return Err(GradError::ChunkedBatchNorm.into());
        }
        let siamese = Siamese::new(recipe.dsa(), start.seed, classes);
        let source = RealClasses::new(start.task, start.seed, recipe.batch_real, siamese.clone());
        Ok(Self {
            passes: Passes::new(&start, &network),
            real: Ahead::new(move |step| source.batch(step)),
            pixels: Pixels::new(images, recipe.lr_img, recipe.momentum_img),
            start,
            recipe,
            network,
            matcher,
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
        Statistics::cat(parts.collect()).class_means(&batch.counts[from..to])
    }

    /// The loss and its gradient, group of classes by group of classes.
    fn matched(&self, params: &Params, batch: &RealBatch, augmented: &Tensor<4>) -> Matched {
        let (classes, ipc) = (batch.counts.len(), self.start.ipc);
        let groups = self.passes.groups(classes, ipc).map(|(from, to)| {
            let real = self.real(params, batch, from, to);
            let images = augmented.clone().narrow(0, from * ipc, (to - from) * ipc);
            self.matcher.matched(&self.network, params, Mode::Train, &real, images, ipc, None)
        });
        Matched::cat(groups.collect())
    }
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.recipe.iterations
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let step = ctx.step as u64;
        let seed = Stream::child_seed(self.start.seed, "network", step);
        let params = self.network.init(seed, self.start.device);
        let batch = self.real.take(step, ctx.step + 1 < self.recipe.iterations);
        let draws = self.siamese.synthetic(step, self.start.ipc, self.start.task.train.shape());
        let matched = self.matched(&params, &batch, &draws.apply(&self.pixels.images));
        self.pixels.update(draws.pullback(&matched.images));
        Ok(self.passes.report(ctx.step, &matched.loss, || {
            let value = |name, term: Tensor<1>| (name, f64::from(term.into_scalar::<f32>()));
            let maps = matched.terms.maps.into_iter().reduce(|a, b| a + b);
            let terms = maps.map(|term| value("maps", term)).into_iter();
            terms.chain(matched.terms.embedding.map(|term| value("embedding", term))).collect()
        }))
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        self.pixels.distilled(&self.start)
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        self.pixels.save(state);
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        Ok(self.pixels.load(state, self.start.device)?)
    }
}
