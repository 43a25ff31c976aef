//! What a distilled set starts from: real images that experts get right, and the experts' opinion of them.
//!
//! Source: DATM (arXiv 2310.05773), sections 4.2 and its initialisation `samples_predicted_correctly`, mended: every class
//! begins with the first expert, a class that cannot be filled is an error, and an image that no expert gets right takes the
//! mean over all of them.

use burn::tensor::{Device, Tensor};

use super::{Buffer, ExpertError};
use compdd_core::{progress::Stop, rng::Stream};
use compdd_data::data::Task;
use compdd_nn::{
    feed::PixelTensors as _,
    nn::{Mode, Network, Params},
};

/// Images of one forward pass.
const BATCH: usize = 256;

/// For every class, `ipc` training images that an expert's last snapshot classifies correctly, as positions in `task.train`
/// in class-major order.
///
/// The images of a class (held-out ones excluded) are shuffled once and shown to expert 0 in batches of 256 without
/// augmentation; what it gets right is taken. A class that is exhausted starts again with the next expert, which adds images
/// not yet taken. Labels that no image of the subset carries are left out.
///
/// # Errors
/// [`ExpertError::TooFewImages`] and [`ExpertError::TooFewCorrect`] name the class.
pub fn correct_images(
    buffer: &Buffer,
    network: &Network,
    task: &Task,
    ipc: usize,
    seed: u64,
    device: &Device,
    stop: &Stop,
) -> Result<Vec<usize>, ExpertError> {
    let last = buffer.last_epoch()?;
    let load = |expert| buffer.params(network, expert, last, device);
    let first = load(0)?;
    let mut chosen = Vec::new();
    for (label, members) in classes(task, ipc)? {
        let order = shuffled(members, label, seed);
        let mut taken: Vec<usize> = Vec::new();
        for expert in 0..buffer.len() {
            let own = if expert == 0 { first.clone() } else { load(expert)? };
            let rest: Vec<usize> = order.iter().copied().filter(|position| !taken.contains(position)).collect();
            for batch in rest.chunks(BATCH) {
                stop.check()?;
                let images = task.space.tensor(&task.train, batch, device);
                let logits = logits(network, &own, images);
                let rows = logits.chunks_exact(network.classes()).zip(batch);
                let right = rows.filter(|(row, _)| largest(row) == label as usize).map(|(_, &position)| position);
                let room = ipc - taken.len();
                taken.extend(right.take(room));
                if taken.len() == ipc {
                    break;
                }
            }
            if taken.len() == ipc {
                break;
            }
        }
        if taken.len() < ipc {
            let class = task.train.classes()[label as usize].clone();
            return Err(ExpertError::TooFewCorrect { class, found: taken.len(), needed: ipc, experts: buffer.len() });
        }
        chosen.extend(taken);
    }
    Ok(chosen)
}

/// For every class, `ipc` training images drawn without replacement, as positions in `task.train` in class-major order: the
/// start of MTT and of `init = "real"`.
///
/// # Errors
/// [`ExpertError::TooFewImages`] names the class.
pub fn random_images(task: &Task, ipc: usize, seed: u64) -> Result<Vec<usize>, ExpertError> {
    let drawn = classes(task, ipc)?.into_iter().flat_map(|(label, members)| {
        let mut order = shuffled(members, label, seed);
        order.truncate(ipc);
        order
    });
    Ok(drawn.collect())
}

/// Raw logits `[N, C]` of one expert's last snapshot for `images` `[N, channels, height, width]`.
///
/// # Errors
/// [`ExpertError::MissingExpert`], [`ExpertError::Network`].
pub fn last_logits(
    buffer: &Buffer,
    network: &Network,
    expert: usize,
    images: &Tensor<4>,
) -> Result<Vec<f32>, ExpertError> {
    let device = images.device().without_autodiff();
    let params = buffer.params(network, expert, buffer.last_epoch()?, &device)?;
    let mut all = Vec::new();
    for start in (0..images.dims()[0]).step_by(BATCH) {
        let length = BATCH.min(images.dims()[0] - start);
        all.extend(logits(network, &params, images.clone().narrow(0, start, length)));
    }
    Ok(all)
}

/// Label logits `[N, C]` for `images` `[N, channels, height, width]` with classes `labels`: the mean raw logits of the last
/// snapshots of the experts that get the image right (of all experts where none does), without temperature.
///
/// # Errors
/// [`ExpertError::Network`], [`ExpertError::Interrupted`].
pub fn label_logits(
    buffer: &Buffer,
    network: &Network,
    images: &Tensor<4>,
    labels: &[u32],
    stop: &Stop,
) -> Result<LabelMean, ExpertError> {
    buffer.last_epoch()?;
    let mut mean = LabelMean::new(labels, network.classes());
    for expert in 0..buffer.len() {
        stop.check()?;
        mean.add(&last_logits(buffer, network, expert, images)?);
    }
    Ok(mean)
}

/// The mean logits of those experts that are right, one expert after the other.
#[derive(Clone, Debug)]
pub struct LabelMean {
    labels: Vec<u32>,
    classes: usize,
    experts: usize,
    correct: Vec<usize>,
    of_correct: Vec<f64>,
    of_all: Vec<f64>,
}

impl LabelMean {
    /// No expert yet, for images with these labels.
    pub fn new(labels: &[u32], classes: usize) -> Self {
        let zeros = vec![0.0; labels.len() * classes];
        let correct = vec![0; labels.len()];
        Self { labels: labels.to_vec(), classes, experts: 0, correct, of_correct: zeros.clone(), of_all: zeros }
    }

    /// Adds an expert's logits `[N, C]`.
    pub fn add(&mut self, logits: &[f32]) {
        let c = self.classes;
        self.experts += 1;
        for (i, row) in logits.chunks_exact(c).enumerate() {
            let add = |sums: &mut [f64]| {
                for (sum, value) in sums[i * c..][..c].iter_mut().zip(row) {
                    *sum += f64::from(*value);
                }
            };
            add(&mut self.of_all);
            if largest(row) == self.labels[i] as usize {
                self.correct[i] += 1;
                add(&mut self.of_correct);
            }
        }
    }

    /// For every image, how many experts get it right.
    pub fn correct(&self) -> &[usize] {
        &self.correct
    }

    /// The label logits `[N, C]`.
    pub fn labels(&self) -> Vec<f32> {
        let mean = |i: usize| {
            let (sums, count) = match self.correct[i / self.classes] {
                0 => (&self.of_all, self.experts),
                right => (&self.of_correct, right),
            };
            (sums[i] / count as f64) as f32
        };
        (0..self.of_all.len()).map(mean).collect()
    }
}

/// The labels that carry images, with the positions of their training images that are not held out: at least `ipc`.
fn classes(task: &Task, ipc: usize) -> Result<Vec<(u32, Vec<usize>)>, ExpertError> {
    let enough = |(label, own): (u32, Vec<usize>)| {
        if own.len() >= ipc {
            return Ok((label, own));
        }
        let class = task.train.classes()[label as usize].clone();
        Err(ExpertError::TooFewImages { class, found: own.len(), needed: ipc })
    };
    task.training_classes().into_iter().map(enough).collect()
}

fn shuffled(mut members: Vec<usize>, label: u32, seed: u64) -> Vec<usize> {
    Stream::new(seed, "expert images", u64::from(label)).shuffle(&mut members);
    members
}

fn logits(network: &Network, params: &Params, images: Tensor<4>) -> Vec<f32> {
    network.forward(params, images, Mode::Eval).logits.into_data().iter::<f32>().collect()
}

/// Equal largest logits count as the smaller class.
fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}
