//! One distillation: what an iteration does, and how a run begins.

use burn::tensor::activation::softmax;

use super::{
    enhance::Enhancement,
    init,
    learned::Learned,
    matching::{Drop, Match, StandingExpert, compare},
    recipe::{DropBy, GradientKind, LabelKind, ResultKind, TrajectoryRecipe},
    schedule,
};
use crate::{
    experts::Buffer,
    methods::{Distiller, MethodError, Start, State, StepContext, StepReport},
};
use compdd_core::{
    record::{Distilled, Labels},
    rng::Stream,
};
use compdd_nn::{
    augment::{Draw as _, Sampling},
    grad::{Differences, Differentiable, GradError, Objective, Order, Rollout, Settings, Step, Synthetic, Targets},
    nn::{Mode, Network, Params},
};

/// Iterations in a row whose matching loss may exceed `skip_above` before the run is given up.
const PATIENCE: u64 = 200;

/// A run of any method of the family.
pub(super) struct Run<'a> {
    start: Start<'a>,
    pub(super) recipe: TrajectoryRecipe,
    network: Network,
    experts: &'a Buffer,
    /// The class of every image, class by class.
    classes: Vec<u32>,
    pub(super) learned: Learned,
    enhancement: Option<Enhancement>,
    /// Iterations skipped in a row, and in all.
    skipped: [u64; 2],
}

/// What an iteration found before anything was changed.
struct Trial<'r> {
    rollout: Rollout<'r>,
    matched: Match,
}

impl<'a> Run<'a> {
    pub fn new(start: Start<'a>, recipe: TrajectoryRecipe) -> Result<Self, MethodError> {
        let experts = start.experts.ok_or(MethodError::NoExperts { method: start.method.to_owned() })?;
        let [channels, _, side] = start.task.train.shape();
        let network = start.network.build(channels, side, start.task.subset.classes_len())?;
        let (images, classes) = init::images(&start, &recipe, &network, experts)?;
        let targets = init::targets(&start, &recipe, &network, experts, &images, &classes)?;
        let enhancement =
            if recipe.enhance { Some(Enhancement::new(&start, &recipe, &network, experts)?) } else { None };
        let learned = Learned::new(images, targets, &recipe);
        Ok(Self { start, recipe, network, experts, classes, learned, enhancement, skipped: [0; 2] })
    }

    /// The student's minibatches of an iteration, with their augmentation.
    fn steps(&self, iteration: usize) -> Vec<Step> {
        let (seed, dsa) = (self.start.seed, self.recipe.dsa());
        let [n, channels, height, width] = self.learned.images.dims();
        let count = self.recipe.student_steps;
        let minibatches = schedule::minibatches(n, self.recipe.batch_syn, count, seed, iteration);
        let step = |(place, rows): (usize, Vec<usize>)| {
            let mut stream = Stream::new(seed, "student dsa", (iteration * count + place) as u64);
            let draws = dsa.draw(&mut stream, rows.len(), [channels, height, width], Sampling::PerImage);
            Step { rows, draws }
        };
        minibatches.into_iter().enumerate().map(step).collect()
    }

    fn drop(&self) -> Drop {
        match self.recipe.drop_by {
            DropBy::Error => Drop::Smallest(self.recipe.drop),
            DropBy::Depth => Drop::Shallowest(self.recipe.drop),
        }
    }

    /// Counts an iteration that changes nothing; too many in a row end the run.
    fn skip(&mut self, step: usize, loss: f64) -> Result<(), MethodError> {
        self.skipped = self.skipped.map(|count| count + 1);
        if self.skipped[0] < PATIENCE {
            return Ok(());
        }
        Err(MethodError::Stuck {
            method: self.start.method.to_owned(),
            step,
            iterations: PATIENCE,
            threshold: self.recipe.skip_above,
            loss,
        })
    }

    fn diverged(&self, step: usize, loss: f64) -> MethodError {
        MethodError::Diverged { method: self.start.method.to_owned(), step, loss }
    }
}

/// The student's training from `begin`, and how far its end is from the expert's by `measure`.
fn attempt<'r>(
    objective: &'r dyn Differentiable,
    begin: &Params,
    data: &'r Synthetic,
    steps: &'r [Step],
    settings: Settings,
    ctx: &'r StepContext<'_>,
    measure: impl FnOnce(&[f32]) -> Result<Match, StandingExpert>,
) -> Result<Trial<'r>, MethodError> {
    let rollout = Rollout::forward(objective, begin, data, steps, settings, ctx.stop)?;
    let matched = measure(&rollout.end().to_host())?;
    Ok(Trial { rollout, matched })
}

impl Distiller for Run<'_> {
    fn steps(&self) -> usize {
        self.recipe.iterations + 1
    }

    fn step(&mut self, ctx: &StepContext<'_>) -> Result<StepReport, MethodError> {
        let (iteration, seed) = (ctx.step, self.start.seed);
        let expert = schedule::expert(self.experts.len(), seed, iteration);
        let epoch = schedule::start_epoch(&self.recipe, seed, iteration);
        let begin = self.experts.params(&self.network, expert, epoch, self.start.device)?;
        let origin = self.experts.snapshot(expert, epoch)?;
        let target = self.experts.snapshot(expert, epoch + self.recipe.expert_span)?;
        if let Some(enhancement) = &mut self.enhancement {
            let rows = self.learned.targets.rows();
            enhancement.refresh(&self.recipe, iteration, &self.learned.images, &self.classes, rows)?;
        }
        if self.recipe.labels == LabelKind::Teacher {
            let teacher = begin.with_values(target.clone());
            let logits = self.network.forward(&teacher, self.learned.images.clone(), Mode::Train).logits;
            self.learned.targets = Targets::Probabilities(softmax(logits, 1));
        }

        let steps = self.steps(iteration);
        let data = Synthetic { images: self.learned.images.clone(), targets: self.learned.targets.clone() };
        let settings = Settings { rate: self.learned.rate, momentum: 0.0, offload: self.start.offload };
        let mut objective = Objective::new(&self.network, Mode::Train);
        if let Some(images) = self.start.chunk {
            objective = objective.in_chunks_of(images)?;
        }
        let skips = self.recipe.skip_above > 0.0;
        let measure = |end: &[f32]| compare(end, &origin, &target, self.drop());
        let trial = match attempt(&objective, &begin, &data, &steps, settings, ctx, measure) {
            // A student that leaves the finite numbers has no finite matching loss: the skip rule covers it.
            Err(MethodError::Grad(GradError::Diverged { loss, .. })) if skips => Err(loss),
            Err(error) => return Err(error),
            Ok(trial) if skips && (trial.matched.loss.is_nan() || trial.matched.loss > self.recipe.skip_above) => {
                Err(trial.matched.loss)
            }
            Ok(trial) => Ok(trial),
        };
        let mut report = StepReport::default();
        match trial {
            Err(loss) => {
                self.skip(iteration, loss)?;
                report.loss = Some(loss).filter(|loss| loss.is_finite());
            }
            Ok(Trial { rollout, matched }) => {
                if !matched.loss.is_finite() {
                    return Err(self.diverged(iteration, matched.loss));
                }
                report.values.push(("student_loss", rollout.losses().last().copied().unwrap_or_default()));
                let order = match self.recipe.gradient {
                    GradientKind::Exact => Order::Exact,
                    GradientKind::Detached => Order::Detached,
                };
                let gradient = rollout.backward(begin.with_values(matched.adjoint), order, Differences::Exact)?;
                let rate = self.learned.next_rate(gradient.rate);
                if !rate.is_finite() || rate <= 0.0 {
                    return Err(MethodError::LostRate { method: self.start.method.to_owned(), step: iteration, rate });
                }
                let weights = self.enhancement.as_ref().and_then(Enhancement::weights);
                self.learned.update(gradient, weights);
                self.skipped[0] = 0;
                report.loss = Some(matched.loss);
            }
        }
        report.values.extend([
            ("start_epoch", epoch as f64),
            ("student_lr", self.learned.rate),
            ("skipped", self.skipped[1] as f64),
        ]);
        if let Some(enhancement) = &mut self.enhancement {
            report.values.push(("discriminative_share", enhancement.share()));
            report.by_class.extend(enhancement.take_shares().map(|shares| ("discriminative_share_by_class", shares)));
        }
        Ok(report)
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        let images = match (self.recipe.result, &self.learned.average) {
            (ResultKind::Ema, Some(average)) => average,
            _ => &self.learned.images,
        };
        let rows = || self.learned.targets.rows().clone().into_data().iter::<f32>().collect();
        let classes = self.network.classes();
        let labels = match self.recipe.labels {
            LabelKind::Hard => Labels::Hard(self.classes.clone()),
            LabelKind::Soft => Labels::Logits { values: rows(), classes },
            LabelKind::Teacher => Labels::Probabilities { values: rows(), classes },
        };
        let images = images.clone().into_data().iter::<f32>().collect();
        Ok(self.start.distilled(images, labels, self.learned.rate as f32))
    }

    fn save(&self, state: &mut State) -> Result<(), MethodError> {
        self.learned.save(state);
        state.put_number("skipped.row", self.skipped[0]);
        state.put_number("skipped.all", self.skipped[1]);
        if let Some(enhancement) = &self.enhancement {
            enhancement.save(state);
        }
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<(), MethodError> {
        self.learned.load(state, self.start.device)?;
        self.skipped = [state.number("skipped.row")?, state.number("skipped.all")?];
        if let Some(enhancement) = &mut self.enhancement {
            enhancement.load(state, self.learned.images.dims(), self.start.device)?;
        }
        Ok(())
    }
}
