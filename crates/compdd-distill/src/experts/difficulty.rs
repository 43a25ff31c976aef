//! How difficult the training images are, for the curriculum: measured by short trainings of the same network.

use std::{path::Path, time::Duration};

use burn::tensor::Device;

use super::{Curriculum, ExpertError, Score, Training};
use crate::eval::{Following, Plan, RealImages, Rule, Schedule, Student, View};
use compdd_core::{
    files::{IoError, atomic},
    progress::Stop,
    rng::Stream,
};
use compdd_nn::nn::{Mode, Network, Params};

/// What the short trainings need.
pub(super) struct DifficultyScoring<'a> {
    pub network: &'a Network,
    pub training: &'a Training,
    pub images: &'a View<'a>,
    pub seed: u64,
    pub device: &'a Device,
    pub stop: &'a Stop,
    pub every: Duration,
}

impl DifficultyScoring<'_> {
    /// One score an image, higher for more difficult ones; kept at `path`, checkpoints of the trainings in `folder`.
    pub fn scores(&self, curriculum: &Curriculum, path: &Path, folder: &Path) -> Result<Vec<f32>, ExpertError> {
        if let Ok(bytes) = std::fs::read(path)
            && bytes.len() == 4 * self.images.len()
        {
            return Ok(bytes.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect());
        }
        let mut sums = vec![0.0_f64; self.images.len()];
        for short in 0..curriculum.score_networks {
            let params = self.short_training(short, curriculum, folder)?;
            for (sum, score) in sums.iter_mut().zip(self.errors(&params, curriculum.score)?) {
                *sum += f64::from(score);
            }
        }
        let count = curriculum.score_networks as f64;
        let scores: Vec<f32> = sums.into_iter().map(|sum| (sum / count) as f32).collect();
        let bytes: Vec<u8> = scores.iter().flat_map(|score| score.to_le_bytes()).collect();
        atomic::write(path, &bytes).map_err(IoError::at("write", path))?;
        Ok(scores)
    }

    /// The experts' own recipe without curriculum, with plain SGD, for a few epochs. It resumes.
    fn short_training(&self, short: usize, curriculum: &Curriculum, folder: &Path) -> Result<Params, ExpertError> {
        let plan = Plan {
            epochs: curriculum.score_epochs,
            batch: self.training.batch,
            rule: Rule::Sgd { momentum: 0.0, weight_decay: 0.0 },
            schedule: Schedule::Constant { base: self.training.learning_rate },
            augmentation: self.training.augmentation.clone().into(),
            cutmix: 0.0,
        };
        let seed = Stream::child_seed(self.seed, "expert difficulty", short as u64);
        let data = RealImages::new(self.images.clone(), self.training.learning_rate);
        let mut student = Student::new(self.network, plan, seed, self.device);
        std::fs::create_dir_all(folder).map_err(IoError::at("create", folder))?;
        let saving = Some((folder.join(format!("difficulty-{short}.safetensors")), self.every));
        student.train_followed(&data, &Following { saving, ..Following::silent(self.stop) })?;
        Ok(student.params().clone())
    }

    fn errors(&self, params: &Params, score: Score) -> Result<Vec<f32>, ExpertError> {
        const BATCH: usize = 256;
        let mut errors = Vec::with_capacity(self.images.len());
        let indices: Vec<usize> = (0..self.images.len()).collect();
        let mut feed = self.images.feed(&indices, BATCH, self.device);
        for (number, batch) in indices.chunks(BATCH).enumerate() {
            self.stop.check()?;
            let output = self.network.forward(params, feed.take(number), Mode::Eval);
            let logits: Vec<f32> = output.logits.into_data().iter::<f32>().collect();
            let rows = logits.chunks_exact(self.network.classes()).zip(batch);
            errors.extend(rows.map(|(row, &i)| score.of(row, self.images.label(i) as usize)));
        }
        Ok(errors)
    }
}

impl Score {
    /// The score of one image from its logits and label.
    pub(super) fn of(self, logits: &[f32], label: usize) -> f32 {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f64> = logits.iter().map(|z| f64::from(z - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let score = match self {
            Self::Loss => -(powers[label] / sum).max(f64::MIN_POSITIVE).ln(),
            Self::El2n => {
                let error = |(class, power): (usize, &f64)| power / sum - f64::from(u8::from(class == label));
                powers.iter().enumerate().map(error).map(|error| error * error).sum::<f64>().sqrt()
            }
        };
        score as f32
    }
}
