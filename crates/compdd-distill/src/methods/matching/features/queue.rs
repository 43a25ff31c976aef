//! Networks of different ages (IDM, arXiv 2307.09742): a queue that grows by a random one now and then, some of
//! which learn from real images after every iteration.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::{
    eval::{Optimizer, Rule},
    methods::{MethodError, Start, State, StateError, matching::real::partial_shuffle, tensors},
};
use compdd_core::{progress::Stop, rng::Stream};
use compdd_nn::{
    feed::PixelTensors as _,
    nn::{Mode, Network, Params, loss::hard_cross_entropy},
};

/// How the networks learn.
const RULE: Rule = Rule::Sgd { momentum: 0.9, weight_decay: 5e-4 };
const RATE: f32 = 0.01;

/// The sizes of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Networks at the start.
    pub start: usize,
    /// Iterations between two new networks.
    pub every: usize,
    /// Most networks; the oldest leaves.
    pub limit: usize,
    /// Networks that learn after an iteration.
    pub trained: usize,
    /// Steps each of them takes.
    pub steps: usize,
    /// Real images of a step.
    pub batch: usize,
    /// Iterations over which the accuracy in training is counted.
    pub window: usize,
}

/// The networks, the oldest first. Cheap to clone: tensors are shared.
#[derive(Clone)]
pub(super) struct Queue {
    sizes: Sizes,
    seed: u64,
    /// The training images, by position.
    members: Arc<Vec<usize>>,
    learners: Vec<Learner>,
    /// Networks drawn so far: the number of the next one.
    born: u64,
}

/// A network with its optimiser and what it got right lately.
#[derive(Clone)]
pub(super) struct Learner {
    pub params: Params,
    optimizer: Optimizer,
    /// Images classified correctly in training within the window, one value.
    right: Option<Tensor<1>>,
    /// Images seen in training within the window.
    seen: u64,
}

impl Learner {
    fn new(params: Params) -> Self {
        Self { params, optimizer: Optimizer::new(RULE), right: None, seen: 0 }
    }

    /// Accuracy in training within the window, in percent; 0 without any training there.
    pub fn accuracy(&self) -> f64 {
        let Some(right) = &self.right else { return 0.0 };
        100.0 * f64::from(right.clone().into_scalar::<f32>()) / self.seen as f64
    }

    /// A step on images `[n, channels, height, width]` with labels `[n]`.
    fn learn(&mut self, network: &Network, images: Tensor<4>, labels: Tensor<1, Int>) {
        let n = labels.dims()[0];
        let tracked = self.params.track();
        let output = network.forward(&tracked, images, Mode::Train);
        let guesses: Tensor<1, Int> = output.logits.clone().inner().argmax(1).reshape([n]);
        let right = guesses.equal(labels.clone()).float().sum();
        let mut gradients = hard_cross_entropy(output.logits, labels).backward();
        let gradients = tracked.gradients(&mut gradients);
        self.params = self.optimizer.step(&self.params, &gradients, RATE).with_buffers(output.buffers);
        self.right = Some(match self.right.take() {
            Some(sum) => sum + right,
            None => right,
        });
        self.seen += n as u64;
    }
}

impl Queue {
    /// An empty queue: the first networks come with the first iteration.
    pub fn new(sizes: Sizes, seed: u64, members: Vec<usize>) -> Self {
        Self { sizes, seed, members: Arc::new(members), learners: Vec::new(), born: 0 }
    }

    /// The networks, the oldest first.
    pub fn learners(&self) -> &[Learner] {
        &self.learners
    }

    /// What happens before an iteration: the first networks are drawn, a new one joins, the oldest leaves, counts begin anew.
    pub fn open(&mut self, step: u64, network: &Network, device: &Device) {
        let due = |every: usize| step.is_multiple_of(every as u64);
        let new = if step == 0 { self.sizes.start } else { usize::from(due(self.sizes.every)) };
        for _ in 0..new {
            let seed = Stream::child_seed(self.seed, "network", self.born);
            self.learners.push(Learner::new(network.init(seed, device)));
            self.born += 1;
        }
        self.learners.drain(..self.learners.len().saturating_sub(self.sizes.limit));
        if due(self.sizes.window) {
            self.learners.iter_mut().for_each(|learner| (learner.right, learner.seen) = (None, 0));
        }
    }

    /// The network that an iteration matches on, if there is any.
    pub fn pick(&self, step: u64) -> Option<&Learner> {
        let mut stream = Stream::new(self.seed, "queue match", step);
        (!self.learners.is_empty()).then(|| &self.learners[stream.below(self.learners.len())])
    }

    /// What happens after an iteration: some networks learn from real images, without augmentation.
    ///
    /// # Errors
    /// When a stop was asked for; the queue is then half trained.
    pub fn train(&mut self, step: u64, network: &Network, start: &Start<'_>, stop: &Stop) -> Result<(), MethodError> {
        let (task, device, sizes) = (start.task, start.device, self.sizes);
        let everyone: Vec<usize> = (0..self.learners.len()).collect();
        let count = sizes.trained.min(everyone.len());
        let chosen = partial_shuffle(&mut Stream::new(self.seed, "queue training", step), &everyone, count);
        for (place, learner) in (step * sizes.trained as u64..).zip(chosen) {
            for minibatch in (place * sizes.steps as u64..).take(sizes.steps) {
                stop.check()?;
                let mut stream = Stream::new(self.seed, "queue batch", minibatch);
                let drawn = partial_shuffle(&mut stream, &self.members, sizes.batch.min(self.members.len()));
                let labels: Vec<i32> = drawn.iter().map(|&i| task.train.labels()[i] as i32).collect();
                let labels = Tensor::from_data(TensorData::new(labels, [drawn.len()]), device);
                self.learners[learner].learn(network, task.space.tensor(&task.train, &drawn, device), labels);
            }
        }
        Ok(())
    }

    pub fn save(&self, state: &mut State) {
        state.put_number("queue.born", self.born);
        state.put_number("queue.networks", self.learners.len() as u64);
        for (k, learner) in self.learners.iter().enumerate() {
            let mut put = |what: &str, values: &[Tensor<1>]| {
                tensors::put_optional(state, &format!("queue.{k}.{what}"), joined(values).as_ref());
            };
            put("parameters", learner.params.values());
            put("buffers", learner.params.buffers());
            put("momentum", learner.optimizer.averages().first().map_or(&[], Vec::as_slice));
            put("right", learner.right.as_slice());
            state.put_number(&format!("queue.{k}.steps"), learner.optimizer.steps().into());
            state.put_number(&format!("queue.{k}.seen"), learner.seen);
        }
    }

    pub fn load(&mut self, state: &State, network: &Network, device: &Device) -> Result<(), StateError> {
        let lengths = |slots: &[compdd_nn::nn::Slot]| slots.iter().map(compdd_nn::nn::Slot::len).collect::<Vec<_>>();
        let layout = network.layout();
        let (parameters, buffers) = (lengths(&layout.parameters), lengths(&layout.buffers));
        let learner = |k: u64| {
            let get = |what: &str, lengths: &[usize]| -> Result<Option<Vec<Tensor<1>>>, StateError> {
                let name = format!("queue.{k}.{what}");
                let all = tensors::get_optional(state, &name, [lengths.iter().sum()], device)?;
                Ok(all.map(|all| parted(&all, lengths)))
            };
            let values = get("parameters", &parameters)?;
            let values = values.ok_or_else(|| StateError::Missing(format!("queue.{k}.parameters")))?;
            let statistics = get("buffers", &buffers)?.unwrap_or_default();
            let steps = state.number(&format!("queue.{k}.steps"))? as u32;
            Ok(Learner {
                params: Params::new(layout, values, statistics),
                optimizer: Optimizer::restored(RULE, get("momentum", &parameters)?.into_iter().collect(), steps),
                right: get("right", &[1])?.and_then(|mut right| right.pop()),
                seen: state.number(&format!("queue.{k}.seen"))?,
            })
        };
        self.learners = (0..state.number("queue.networks")?).map(learner).collect::<Result<_, StateError>>()?;
        self.born = state.number("queue.born")?;
        Ok(())
    }
}

/// Flat tensors one after the other; none of none.
fn joined(values: &[Tensor<1>]) -> Option<Tensor<1>> {
    (!values.is_empty()).then(|| Tensor::cat(values.to_vec(), 0))
}

/// The inverse of [`joined`].
fn parted(all: &Tensor<1>, lengths: &[usize]) -> Vec<Tensor<1>> {
    let mut from = 0;
    let part = |&length: &usize| {
        from += length;
        all.clone().narrow(0, from - length, length)
    };
    lengths.iter().map(part).collect()
}
