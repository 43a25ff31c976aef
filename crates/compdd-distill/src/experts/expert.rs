//! One expert in training, minibatch by minibatch.

use burn::tensor::{Device, Tensor, TensorData};

use super::{ExpertError, Optimizer, Training, curriculum::Order, gsam::Gradient};
use crate::eval::View;
use compdd_core::rng::Stream;
use compdd_nn::{
    augment::{Draw as _, Sampling},
    nn::{Mode, Network, Params, loss::hard_cross_entropy},
};

/// What all experts of a buffer are trained with.
pub(super) struct ExpertTraining<'a> {
    pub network: &'a Network,
    pub training: &'a Training,
    pub images: &'a View<'a>,
    pub order: Option<&'a Order>,
    pub device: &'a Device,
}

/// An expert between two minibatches. Everything drawn is addressed by `(seed, purpose, epoch, minibatch)`, so parameters and
/// counters are the whole state: there is no momentum.
pub(super) struct Expert<'a> {
    training: &'a ExpertTraining<'a>,
    number: usize,
    seed: u64,
    pub params: Params,
    /// Epochs finished.
    pub epoch: usize,
    /// Minibatches of the running epoch that are done.
    pub batch: usize,
    /// Sum of the losses of the running epoch, weighted by batch size.
    pub running: Option<Tensor<1>>,
}

impl<'a> Expert<'a> {
    /// Expert `number` before its first epoch.
    pub fn new(training: &'a ExpertTraining<'a>, number: usize, seed: u64) -> Self {
        let params = training.network.init(seed, training.device);
        Self { training, number, seed, params, epoch: 0, batch: 0, running: None }
    }

    /// The same expert standing after `epoch` epochs.
    #[must_use]
    pub fn at(self, epoch: usize, values: Vec<f32>) -> Self {
        let params = self.params.with_values(values);
        Self { params, epoch, batch: 0, running: None, ..self }
    }

    /// Trains to the end of the epoch; `pause` is called before every minibatch and may end it. Returns the mean loss.
    pub fn train_epoch(&mut self, mut pause: impl FnMut(&Self) -> Result<(), ExpertError>) -> Result<f64, ExpertError> {
        let training = self.training;
        let rate = training.training.rate(self.epoch);
        let mut order = match (&training.training.curriculum, training.order) {
            (Some(curriculum), Some(order)) => order.epoch(curriculum, self.epoch),
            _ => (0..training.images.len()).collect(),
        };
        Stream::new(self.seed, "shuffle", self.epoch as u64).shuffle(&mut order);
        let mut feed = training.images.feed(&order, training.training.batch, training.device);
        for indices in order.chunks(training.training.batch).skip(self.batch) {
            pause(self)?;
            let images = feed.take(self.batch);
            let loss = self.step(indices, images, rate).mul_scalar(indices.len() as f32);
            self.running = Some(match self.running.take() {
                Some(sum) => sum + loss,
                None => loss,
            });
            self.batch += 1;
        }
        let sum: f32 = self.running.take().map_or(f32::NAN, Tensor::into_scalar);
        if !sum.is_finite() {
            return Err(ExpertError::Diverged { expert: self.number, epoch: self.epoch, learning_rate: rate });
        }
        self.epoch += 1;
        self.batch = 0;
        Ok(f64::from(sum) / order.len() as f64)
    }

    /// One update on the images at `indices` of the view, which are `input`; returns the loss before it.
    fn step(&mut self, indices: &[usize], input: Tensor<4>, rate: f32) -> Tensor<1> {
        let ExpertTraining { network, training, images, device, .. } = self.training;
        let (n, shape) = (indices.len(), images.set().shape());
        let address = (self.epoch as u64) << 32 | self.batch as u64;
        let mut stream = Stream::new(self.seed, "dsa", address);
        let draws = training.augmentation.draw(&mut stream, n, shape, Sampling::PerImage);
        let batch = draws.apply(input);
        let labels: Vec<i32> = indices.iter().map(|&i| images.label(i) as i32).collect();
        let labels = Tensor::from_data(TensorData::new(labels, [n]), *device);
        let gradient = |params: &Params| {
            let tracked = params.track();
            let output = network.forward(&tracked, batch.clone(), Mode::Train);
            let loss = hard_cross_entropy(output.logits, labels.clone());
            let gradient = tracked.gradients(&mut loss.clone().backward()).with_buffers(output.buffers);
            Gradient { loss: loss.inner(), gradient }
        };
        match training.optimizer {
            Optimizer::Sgd => {
                let Gradient { loss, gradient } = gradient(&self.params);
                let buffers = gradient.buffers().to_vec();
                self.params = self.params.clone().add_scaled(&gradient, -f64::from(rate)).with_buffers(buffers);
                loss
            }
            Optimizer::Gsam(gsam) => {
                let step = gsam.step(&self.params, rate, gradient);
                self.params = step.params;
                step.loss
            }
        }
    }
}
