//! What networks in training say of every image.

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::PruneError;
use crate::select::{realism, smoothing};
use compdd_core::pruning::Criterion;

/// Places of the numbers of an image: the five criteria of [`Criterion::OF_TRAINING`], then how often it was forgotten in the trial that goes on, and
/// what it was last in it: never right, right before, or right.
const COLUMNS: usize = 7;
const EVENTS: usize = 5;
const STANDING: usize = 6;
const RIGHT_BEFORE: f64 = 1.0;
const RIGHT: f64 = 2.0;

/// Sums over epochs and means over trials of what networks say of images: [`Criterion::OF_TRAINING`].
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// `[COLUMNS, images]`, column by column.
    values: Vec<f64>,
    labels: Vec<u32>,
    /// What the loss of each epoch counts.
    weights: Vec<f64>,
    trials: f64,
}

impl Statistics {
    /// Nothing was said yet of images with these labels. There will be `trials` networks of `epochs` epochs.
    pub fn new(labels: Vec<u32>, trials: usize, epochs: usize) -> Self {
        Self { values: vec![0.0; COLUMNS * labels.len()], labels, weights: smoothing(epochs), trials: trials as f64 }
    }

    /// Number of images.
    fn images(&self) -> usize {
        self.labels.len()
    }

    fn at(&mut self, column: usize, image: usize) -> &mut f64 {
        let place = column * self.images() + image;
        &mut self.values[place]
    }

    /// What a network said of an image in an epoch: its logits `[classes]`. Of equal logits the smaller class is the prediction.
    ///
    /// # Panics
    /// When the image's label is no position of `logits`.
    pub fn record(&mut self, epoch: usize, image: usize, logits: &[f32]) {
        let (label, trials) = (self.labels[image] as usize, self.trials);
        let loss = -realism(logits, label);
        *self.at(0, image) += self.weights[epoch] * loss / trials;
        if epoch == 0 {
            *self.at(1, image) += loss / trials;
        }
        if epoch + 1 == self.weights.len() {
            let probabilities: Vec<f64> = (0..logits.len()).map(|class| realism(logits, class).exp()).collect();
            let error = |(class, p): (usize, &f64)| (p - f64::from(u8::from(class == label))).powi(2);
            let others = (0..logits.len()).filter(|&class| class != label).map(|class| probabilities[class]);
            *self.at(2, image) += probabilities.iter().enumerate().map(error).sum::<f64>().sqrt() / trials;
            *self.at(4, image) += (probabilities[label] - others.fold(0.0, f64::max)) / trials;
        }
        let predicted =
            (1..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best });
        let standing = *self.at(STANDING, image);
        if predicted == label {
            *self.at(STANDING, image) = RIGHT;
        } else if standing == RIGHT {
            *self.at(STANDING, image) = RIGHT_BEFORE;
            *self.at(EVENTS, image) += 1.0;
        }
    }

    /// A trial has ended: its forgetting events count. An image that was never right counts as forgotten in every epoch, more often than any other
    /// can be.
    pub fn end_of_trial(&mut self) {
        let (epochs, trials) = (self.weights.len() as f64, self.trials);
        for image in 0..self.images() {
            let events = if *self.at(STANDING, image) == 0.0 { epochs } else { *self.at(EVENTS, image) };
            *self.at(3, image) += events / trials;
            *self.at(EVENTS, image) = 0.0;
            *self.at(STANDING, image) = 0.0;
        }
    }

    /// The scores by each criterion of [`Criterion::OF_TRAINING`].
    pub fn columns(&self) -> impl Iterator<Item = (Criterion, &[f64])> {
        Criterion::OF_TRAINING.into_iter().zip(self.values.chunks_exact(self.images().max(1)))
    }

    /// The numbers, with the state of a student and the epochs that are done, as a safetensors file.
    pub(super) fn encode(&self, student: &[u8], done: usize) -> Result<Vec<u8>, PruneError> {
        let (values, done) = (bytemuck::cast_slice(&self.values), (done as u64).to_le_bytes());
        let parts = [
            ("student", Dtype::U8, vec![student.len()], student),
            ("values", Dtype::F64, vec![COLUMNS, self.images()], values),
            ("done", Dtype::U64, vec![1], &done[..]),
        ];
        let views =
            parts.into_iter().map(|(name, kind, shape, bytes)| Ok((name, TensorView::new(kind, shape, bytes)?)));
        let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
        views.and_then(|views| safetensors::serialize(views, None)).map_err(unusable)
    }

    /// Takes over the numbers; the state of the student and the epochs that are done.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> Result<(Vec<u8>, usize), PruneError> {
        let file = SafeTensors::deserialize(bytes).map_err(unusable)?;
        let part = |name: &str| file.tensor(name).map_err(unusable);
        let values: Vec<f64> = bytemuck::pod_collect_to_vec(part("values")?.data());
        let done: Vec<u64> = bytemuck::pod_collect_to_vec(part("done")?.data());
        if values.len() != self.values.len() || done.len() != 1 {
            return Err(unusable("it is of another number of images"));
        }
        self.values = values;
        Ok((part("student")?.data().to_vec(), done[0] as usize))
    }
}

fn unusable(reason: impl std::fmt::Display) -> PruneError {
    PruneError::State { reason: reason.to_string() }
}
