//! One network in training, step by step, with a state that survives a crash.

use std::{path::PathBuf, time::Duration};

use burn::tensor::{Device, Tensor};

use super::{
    Batches, EvalError, Following, Minibatch, Optimizer, Plan, Slimming, Slowing, StoredLabels, Supervision,
    TrainingData, TrainingHooks,
    losses::{Epoch, EpochLosses},
    views::{Places, Views, normalisation},
};
use compdd_core::protocol::Pipeline;
use compdd_data::data::PixelSpace;
use compdd_nn::nn::{Network, Params, loss::probability_cross_entropy};

/// A network being trained from its own named random streams.
///
/// Everything drawn is addressed by `(seed, purpose, epoch or step)`, so the state is the parameters, the optimiser's
/// averages and two counters, and a student that was saved and restored gives bit for bit the result of one that was not.
#[derive(Clone, Debug)]
pub struct Student<'n> {
    pub(super) network: &'n Network,
    pub(super) plan: Plan,
    /// What the plan does to a minibatch.
    pipeline: Pipeline,
    /// Mean and standard deviation with which the images were normalised, where they are bytes.
    normalisation: Option<([f32; 3], [f32; 3])>,
    /// Whether running statistics are gathered twice a step.
    pub(super) twice: bool,
    /// Decay of the moving average of the parameters, and where it stands.
    pub(super) average: Option<(f32, Vec<Tensor<1>>)>,
    /// Where the learning rate follows the loss, and what that made of it so far.
    pub(super) slowing: Option<Slowing>,
    /// What it is held to in every step.
    slimming: Option<Slimming>,
    /// Minibatches of an epoch, where they do not follow from the images.
    pub(super) epoch_steps: Option<usize>,
    pub(super) seed: u64,
    pub(super) device: Device,
    pub(super) params: Params,
    pub(super) optimizer: Optimizer,
    pub(super) epoch: usize,
    pub(super) batch: usize,
    /// Sum of the losses of the running epoch, weighted by batch size.
    pub(super) running: Option<Tensor<1>>,
    pub(super) losses: EpochLosses,
}

impl<'n> Student<'n> {
    /// A fresh student.
    pub fn new(network: &'n Network, plan: Plan, seed: u64, device: &Device) -> Self {
        Self::from_params(network, plan, seed, network.init(seed, device))
    }

    /// A student that starts from given parameters, on their device.
    pub fn from_params(network: &'n Network, plan: Plan, seed: u64, params: Params) -> Self {
        Self {
            network,
            pipeline: plan.pipeline(),
            normalisation: None,
            twice: false,
            average: None,
            slowing: None,
            slimming: None,
            epoch_steps: None,
            seed,
            losses: EpochLosses::new(&params.device()),
            device: params.device(),
            params,
            optimizer: Optimizer::new(plan.rule),
            epoch: 0,
            batch: 0,
            running: None,
            plan,
        }
    }

    /// Tells in which space the images are: operations on bytes need to know how these were normalised.
    #[must_use]
    pub fn in_space(self, space: &PixelSpace) -> Self {
        Self { normalisation: normalisation(space), ..self }
    }

    /// Gathers the running statistics of batch norm twice a step if `twice`: RDED's `rded_double_bn`.
    #[must_use]
    pub fn gathering_statistics_twice(self, twice: bool) -> Self {
        Self { twice, ..self }
    }

    /// Follows the parameters by an exponential moving average with this decay, which starts at the initial ones:
    /// `average <- decay average + (1 - decay) parameters` after every step (EDC). Running statistics are not averaged.
    #[must_use]
    pub fn averaging(self, decay: Option<f32>) -> Self {
        let average = decay.map(|decay| (decay, self.params.values().to_vec()));
        Self { average, ..self }
    }

    /// Multiplies the learning rate by `factor` after every epoch whose mean loss is within 2 % and within 0.02 of that of the epoch before it.
    #[must_use]
    pub fn slowing(self, factor: Option<f32>) -> Self {
        Self { slowing: factor.map(Slowing::new), ..self }
    }

    /// Holds it to what becomes of its channels.
    #[must_use]
    pub fn slimming(self, slimming: Slimming) -> Self {
        Self { slimming: Some(slimming), ..self }
    }

    /// Gives every epoch this many minibatches, whatever the number of images: an epoch goes on where the one before it ended, in the middle of
    /// a pass over the images if need be. None: an epoch is a pass.
    #[must_use]
    pub fn with_epochs_of(self, epoch_steps: Option<usize>) -> Self {
        Self { epoch_steps, ..self }
    }

    /// The parameters that are scored: their moving average where there is one.
    pub fn scored(&self) -> Params {
        match &self.average {
            Some((_, average)) => Params::new(self.params.layout(), average.clone(), self.params.buffers().to_vec()),
            None => self.params.clone(),
        }
    }

    /// The parameters as they stand.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Takes over running statistics that were gathered elsewhere.
    ///
    /// # Panics
    /// When they belong to another network.
    pub fn replace_statistics(&mut self, buffers: Vec<Tensor<1>>) {
        self.params = self.params.clone().with_buffers(buffers);
    }

    /// The network.
    pub fn network(&self) -> &'n Network {
        self.network
    }

    /// The seed everything is drawn from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Epochs finished.
    pub fn epochs_done(&self) -> usize {
        self.epoch
    }

    /// Mean training loss of the last finished epoch, read from the device if it has not been; NaN before the first, and where the loss left
    /// the finite numbers since it was last read.
    pub fn last_loss(&self) -> f64 {
        self.losses.last(self.seed).unwrap_or(f64::NAN)
    }

    /// Trains to the end of the plan, from wherever the student stands.
    ///
    /// The watch is asked after every minibatch whether to stop or to save, and told after every epoch.
    ///
    /// # Errors
    /// [`EvalError::Diverged`] where a loss is not finite. Elsewhere than on the CPU losses stay on the device, and are looked at after the first
    /// epoch, every twentieth and the last, and before the student is saved: the watch hears of all epochs then, and the error, which
    /// says its epoch all the same, comes then.
    pub fn train(&mut self, data: &dyn TrainingData, watch: &mut TrainingHooks<'_>) -> Result<(), EvalError> {
        let mut labels = self.labels(data)?;
        self.train_under(data, &mut labels, watch)
    }

    /// As [`Student::train`]; goes on from the file that is saved to, if there is one.
    ///
    /// # Errors
    /// As [`Student::train`], and when the file cannot be read or written.
    pub fn train_followed(&mut self, data: &dyn TrainingData, following: &Following<'_>) -> Result<(), EvalError> {
        let mut labels = self.labels(data)?;
        let hooks = TrainingHooks::new(0, following.stop, following.progress);
        self.train_saved(data, &mut labels, hooks, following.saving.clone())
    }

    /// As [`Student::train_under`], saved to a file as often as said. It goes on from that file, if it is there, and tells when it begins.
    ///
    /// # Errors
    /// As [`Student::train`], and when the file cannot be read or written.
    pub fn train_saved(
        &mut self,
        data: &dyn TrainingData,
        supervision: &mut dyn Supervision,
        mut hooks: TrainingHooks<'_>,
        saving: Option<(PathBuf, Duration)>,
    ) -> Result<(), EvalError> {
        if let Some((path, every)) = saving {
            let tag = supervision.identity().map_or_else(|| data.hash(), |it| format!("{} {it}", data.hash()));
            self.resume(&path, &tag)?;
            hooks = hooks.saving_to(&path, &tag, every);
        }
        hooks.begins(self);
        self.train_under(data, supervision, &mut hooks)?;
        hooks.finished(self)
    }

    /// As [`Student::train`], with a supervision that need not be the labels of the training set.
    ///
    /// # Errors
    /// As [`Student::train`].
    pub fn train_under(
        &mut self,
        data: &dyn TrainingData,
        supervision: &mut dyn Supervision,
        watch: &mut TrainingHooks<'_>,
    ) -> Result<(), EvalError> {
        self.check(data)?;
        while self.epoch < self.plan.epochs {
            self.run_epoch(data, supervision, watch)?;
        }
        Ok(())
    }

    /// Trains one more epoch.
    ///
    /// # Errors
    /// As [`Student::train`].
    pub fn train_epoch(&mut self, data: &dyn TrainingData, watch: &mut TrainingHooks<'_>) -> Result<(), EvalError> {
        let mut labels = self.labels(data)?;
        self.run_epoch(data, &mut labels, watch)
    }

    /// As [`Student::train_epoch`], with a supervision that need not be the labels of the training set.
    ///
    /// # Errors
    /// As [`Student::train`].
    pub fn train_epoch_under(
        &mut self,
        data: &dyn TrainingData,
        supervision: &mut dyn Supervision,
        watch: &mut TrainingHooks<'_>,
    ) -> Result<(), EvalError> {
        self.check(data)?;
        self.run_epoch(data, supervision, watch)
    }

    /// The labels of a training set that can be trained on.
    fn labels(&self, data: &dyn TrainingData) -> Result<StoredLabels, EvalError> {
        self.check(data)?;
        StoredLabels::of(data, self.network.classes(), &self.device)
    }

    fn check(&self, data: &dyn TrainingData) -> Result<(), EvalError> {
        if data.is_empty() {
            return Err(EvalError::Empty { split: "training" });
        }
        let base = self.plan.schedule.rate(0);
        if !base.is_finite() || base <= 0.0 {
            return Err(EvalError::LearningRate { value: base });
        }
        Ok(())
    }

    fn run_epoch(
        &mut self,
        data: &dyn TrainingData,
        supervision: &mut dyn Supervision,
        watch: &mut TrainingHooks<'_>,
    ) -> Result<(), EvalError> {
        let pipeline = self.pipeline.clone();
        let views = Views { pipeline: &pipeline, normalisation: self.normalisation, seed: self.seed };
        let script = supervision.begin(self.epoch)?;
        let places = Places { images: data.len(), batch: self.plan.batch };
        let count = self.epoch_steps.unwrap_or_else(|| places.of_a_pass());
        let slowed = self.slowing.as_ref().map_or(1.0, Slowing::share);
        let rate = self.plan.schedule.rate(self.epoch) * slowed;
        if self.batch == 0 && self.plan.schedule.rebuilds(self.epoch) {
            self.rebuild_optimizer();
        }
        let mut pass: Option<(usize, Vec<usize>, Batches<'_>)> = None;
        while self.batch < count {
            watch.pause_point(self)?;
            let step = self.epoch * count + self.batch;
            let (number, place) = places.of(step);
            let running = pass.take().filter(|running| running.0 == number).unwrap_or_else(|| {
                let own = || views.order(number, data.len());
                let order = script.as_ref().map_or_else(own, |script| script.order.clone());
                let images = data.batches(&order, self.plan.batch, &self.device);
                (number, order, images)
            });
            let (_, order, images) = pass.insert(running);
            let (indices, images, step) = (&order[places.range(place)], images(place), step as u64);
            let own;
            let draws = if let Some(script) = &script {
                &script.draws[place]
            } else {
                own = views.draws(images.dims(), step)?;
                &own
            };
            let masks = self.network.masks(indices.len(), self.seed, step, &images.device());
            let images = draws.apply(images);
            let minibatch = Minibatch { number: self.batch, indices, draws, images: &images };
            let loss = self.step_with(images.clone(), rate, &masks, |logits| supervision.loss(&minibatch, logits));
            let weighted = loss.mul_scalar(indices.len() as f32);
            self.running = Some(match self.running.take() {
                Some(sum) => sum + weighted,
                None => weighted,
            });
            self.batch += 1;
        }
        let Some(sum) = self.running.take() else {
            return Err(EvalError::Diverged { seed: self.seed, epoch: self.epoch, learning_rate: rate });
        };
        let steps = self.epoch * count..(self.epoch + 1) * count;
        let seen: usize = steps.map(|step| places.range(places.of(step).1).len()).sum();
        // A rate that follows the loss has every epoch looked at.
        let before = self.slowing.is_some().then(|| self.losses.last(self.seed)).transpose()?;
        self.losses.add(Epoch { number: self.epoch, rate, sum, images: seen });
        if let (Some(slowing), Some(before)) = (&mut self.slowing, before) {
            slowing.follow(before, self.losses.last(self.seed)?);
        }
        self.epoch += 1;
        self.batch = 0;
        watch.epoch_done(self)
    }

    /// Forgets the optimiser's averages, as the routine does when the learning rate drops.
    pub fn rebuild_optimizer(&mut self) {
        self.optimizer.rebuild();
    }

    /// One update on one minibatch with target probabilities, nothing dropped; returns the loss before it.
    ///
    /// # Shapes
    /// `images` `[b, channels, height, width]`, `targets` `[b, classes]` probabilities; result: one value.
    pub fn step(&mut self, images: Tensor<4>, targets: Tensor<2>, rate: f32) -> Tensor<1> {
        self.step_with(images, rate, &[], |logits| probability_cross_entropy(logits, targets))
    }

    /// One update on one minibatch, with what `masks` keep and the loss that `loss` makes of the logits; returns it.
    fn step_with(
        &mut self,
        images: Tensor<4>,
        rate: f32,
        masks: &[Tensor<2>],
        loss: impl FnOnce(Tensor<2>) -> Tensor<1>,
    ) -> Tensor<1> {
        let tracked = self.params.track();
        let again = self.twice.then(|| images.clone());
        let output = self.network.forward_dropping(&tracked, images, masks);
        let loss = loss(output.logits);
        let mut gradients = loss.clone().backward();
        let gradients = tracked.gradients(&mut gradients);
        let gradients = match &self.slimming {
            Some(slimming) => slimming.weigh(&self.params, gradients),
            None => gradients,
        };
        let gathered = self.params.clone().with_buffers(output.buffers);
        let gathered = match again {
            Some(images) => {
                let second = self.network.forward_dropping(&gathered, images, masks);
                gathered.with_buffers(second.buffers)
            }
            None => gathered,
        };
        let stepped = self.optimizer.step(&gathered, &gradients, rate);
        self.params = match &self.slimming {
            Some(slimming) => slimming.hold(stepped),
            None => stepped,
        };
        if let Some((decay, average)) = &mut self.average {
            for (old, new) in average.iter_mut().zip(self.params.values()) {
                *old = old.clone().mul_scalar(*decay) + new.clone().mul_scalar(1.0 - *decay);
            }
        }
        loss.inner()
    }
}
