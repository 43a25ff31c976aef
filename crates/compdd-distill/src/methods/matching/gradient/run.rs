//! One distillation: networks are drawn, the images take a step, the network learns, the images take the next step.

use burn::tensor::{Int, Tensor, TensorData};

use super::{
    distance::GradientDistance,
    effect::Effects,
    learner::{Learner, NetworkTrainer},
    recipe::GradientRecipe,
    shown::Showing,
    unit::UnitRange,
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
    recipe::{Evaluator, RecipeError},
    record::Distilled,
};
use compdd_data::data::Prefetcher;
use compdd_nn::{
    grad::{Batch, Differences, Differentiable, Objective, Targets},
    nn::{Mode, Params},
};

/// A run of any method of the engine. Its steps are those of the images: `outer_steps` for each network.
pub(super) struct Run<'a> {
    pub(super) trainer: NetworkTrainer<'a>,
    matcher: Matcher,
    real: Prefetcher<RealBatch>,
    pixels: Pixels,
    /// Which real images take part, if not all.
    pruner: Option<Pruner>,
    /// The network as the next step finds it; none before the first step of a network.
    learner: Option<Learner>,
}

/// How the images of a class are moved.
struct Matcher {
    distance: GradientDistance,
    showing: Showing,
    passes: ChunkPlan,
    unit: Option<UnitRange>,
    /// Classes that take steps of their own, one after the other; 0: all take one together.
    turns: usize,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: GradientRecipe, images: Tensor<4>) -> Result<Self, MethodError> {
        let (task, seed) = (start.task, start.seed);
        let [channels, _, side] = task.train.shape();
        let network = start.network.build(channels, side, task.subset.classes_len())?;
        if !network.layout().parameters.iter().any(|slot| recipe.tensors.counts(slot.shape.len())) {
            let reason = format!("{} has none of the `tensors` that are compared", network.spec());
            return Err(RecipeError::OutOfRange(reason).into());
        }
        let classes = task.training_classes();
        let siamese = Siamese::new(recipe.dsa(), seed, classes.len());
        let pruner = start.recipe.adaptive().map(|settings| Pruner::new(settings, classes.len()));
        let hold = pruner.as_ref().map_or(1, |pruner| pruner.settings().lazy);
        let source = RealClasses::new(task, seed, recipe.batch_real, siamese.clone()).holding(hold);
        let sizes = [recipe.factor, recipe.batch_syn, side];
        let matcher = Matcher {
            distance: recipe.distance(),
            showing: Showing::new(sizes, &task.space, siamese, seed, classes.len())?,
            passes: ChunkPlan::independent(&start),
            unit: recipe.unit_range.then(|| UnitRange::new(&task.space, start.device)),
            turns: if recipe.step_by_class { classes.len() } else { 0 },
        };
        Ok(Self {
            matcher,
            real: Prefetcher::new(move |step| source.batch(step)),
            pixels: Pixels::new(images, recipe.image_rate(start.ipc, side), recipe.momentum_img),
            pruner,
            learner: None,
            trainer: NetworkTrainer { start, recipe, network, classes },
        })
    }
}

impl NetworkTrainer<'_> {
    /// `n` images of a class with their labels.
    fn batch(&self, images: Tensor<4>, class: usize) -> Batch {
        let labels = vec![self.classes[class].0; images.dims()[0]];
        let rows = hard_rows(&labels, self.network.classes(), self.start.device);
        Batch { images, targets: Targets::Probabilities(rows) }
    }
}

/// Images of a batch by their places.
fn rows(images: &Tensor<4>, places: &[usize]) -> Tensor<4> {
    let places: Vec<i32> = places.iter().map(|&place| place as i32).collect();
    let count = places.len();
    images.clone().select(0, Tensor::<1, Int>::from_data(TensorData::new(places, [count]), &images.device()))
}

impl Matcher {
    /// One step of the stored images of a class; its loss.
    fn advance(
        &self,
        trainer: &NetworkTrainer<'_>,
        params: &Params,
        mut real: Batch,
        [step, class]: [usize; 2],
        own: &mut Pixels,
        pruner: Option<(&mut Pruner, &[usize])>,
    ) -> Result<Tensor<1>, MethodError> {
        own.coast(if self.turns > 0 { class } else { 0 });
        let objective = Objective::new(&trainer.network, Mode::Eval).in_chunks_of(self.passes.images())?;
        let shown = self.showing.of(&own.images, step as u64, class);
        let batch = trainer.batch(shown.images.clone(), class);
        if let Some((pruner, places)) = pruner {
            let evaluator = pruner.settings().evaluator;
            let kept = pruner.survivors(step as u64, class, places, || {
                let mean = objective.gradient(params, &real).1;
                let effects = Effects::new(objective, params, self.distance, mean, &batch);
                Ok(match evaluator {
                    Evaluator::Norm => effects.norms(&real),
                    Evaluator::Projection => effects.projections(&real),
                })
            })?;
            real = trainer.batch(rows(&real.images, &kept), class);
        }
        let target = objective.gradient(params, &real).1;
        let compared = self.distance.compare(&target, &objective.gradient(params, &batch).1);
        let products = objective.products(params, &batch, &compared.direction, Differences::Exact);
        let gradient = shown.pullback(products.images);
        own.update(match &self.unit {
            Some(unit) => unit.direction(gradient),
            None => gradient,
        });
        own.coast(self.turns.saturating_sub(class + 1));
        Ok(compared.loss)
    }
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.trainer.recipe.iterations * self.trainer.recipe.outer_steps
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let (trainer, matcher) = (&self.trainer, &self.matcher);
        let (step, each) = (ctx.step as u64, trainer.recipe.outer_steps);
        let (draw, inner) = ((ctx.step / each) as u64, ctx.step % each);
        let mut student = match inner {
            0 => trainer.begin(draw, ctx.stop)?,
            _ => trainer.taken_up(draw, self.learner.as_ref())?,
        };
        trainer.recalibrate_batch_norm(&mut student, step);

        let mut stored = self.pixels.clone();
        if let Some(unit) = matcher.unit.as_ref().filter(|_| inner == 0) {
            stored.images = unit.clip(stored.images);
        }
        let more = ctx.step + 1 < trainer.recipe.iterations * each;
        let batch = self.real.take(step, more);
        let (offsets, ipc) = (batch.offsets(), trainer.start.ipc);
        let (mut moved, mut losses, mut pruner) = (Vec::new(), Vec::new(), self.pruner.clone());
        for (class, &count) in batch.counts.iter().enumerate() {
            ctx.stop.check()?;
            let images = batch.rows(offsets[class], offsets[class] + count, trainer.start.device);
            let mut own = stored.rows(class * ipc, ipc);
            let real = trainer.batch(images, class);
            let place = [ctx.step, class];
            let pruner = pruner.as_mut().map(|pruner| (pruner, batch.places(class)));
            losses.push(matcher.advance(trainer, student.params(), real, place, &mut own, pruner)?);
            moved.push(own);
        }
        let moved = Pixels::cat(&moved);

        let last = inner + 1 == each;
        if !last {
            trainer.train(&mut student, &moved.images, matcher.showing.formation(), step, ctx.stop)?;
        }
        let classes = losses.len() as f64;
        let loss = losses.into_iter().reduce(|a, b| a + b).unwrap_or_else(|| Tensor::zeros([1], trainer.start.device));
        self.learner = (!last).then(|| Learner::Standing { draw, place: Box::new(student.standing()) });
        (self.pixels, self.pruner) = (moved, pruner);
        Ok(matcher.passes.report(ctx.step, &loss, || {
            let mean = f64::from(loss.clone().into_scalar::<f32>()) / classes;
            let trained = Some(("network_loss", student.last_loss())).filter(|(_, loss)| loss.is_finite());
            let removed = self.pruner.iter().flat_map(Pruner::removed);
            std::iter::once(("class_distance", mean)).chain(trained).chain(removed).collect()
        }))
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        Ok(self.pixels.distilled(&self.trainer.start, self.trainer.recipe.factor))
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        self.pixels.save(state);
        self.pruner.iter().for_each(|pruner| pruner.save(state));
        let network = self.learner.as_ref().map(|learner| self.trainer.saved(learner)).transpose()?;
        state.put("network", network.unwrap_or_default());
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        self.pixels.load(state, self.trainer.start.device)?;
        self.pruner.iter_mut().try_for_each(|pruner| pruner.load(state))?;
        let network = state.get("network")?;
        self.learner = (!network.is_empty()).then(|| Learner::Saved(network.to_vec()));
        Ok(())
    }
}
