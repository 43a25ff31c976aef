//! The stage that makes soft labels: every view of every epoch, asked once.

use std::path::Path;

use burn::tensor::{Device, Tensor};

use super::{LabelsCard, SoftLabels, epoch::EpochLabels};
use crate::eval::{
    EvalError, LogitSource, TrainingData,
    views::{Views, normalisation},
};
use compdd_core::{
    progress::{Interrupted, Progress, Stop},
    protocol::Scoring,
};
use compdd_data::data::PixelSpace;

/// Everything that soft labels are made of, and how the work is followed.
pub struct Relabelling<'a> {
    /// The set.
    pub data: &'a dyn TrainingData,
    /// The space of its pixels.
    pub space: &'a PixelSpace,
    /// Number of classes.
    pub classes: usize,
    /// Who is asked.
    pub teacher: &'a dyn LogitSource,
    /// The protocol: epochs, minibatches, views.
    pub protocol: &'a Scoring,
    /// Seed of order and views.
    pub seed: u64,
    /// Where soft labels lie, each in a folder of its own.
    pub root: &'a Path,
    /// Where to compute.
    pub device: &'a Device,
    /// Who hears about it.
    pub progress: &'a dyn Progress,
    /// Asked after every minibatch.
    pub stop: &'a Stop,
}

impl Relabelling<'_> {
    /// The soft labels: those that are there, and what is missing of them. Epochs whose file exists are not asked again.
    ///
    /// # Errors
    /// [`EvalError::Interrupted`] when stopped: whole epochs are kept; files that cannot be written or are not those of these labels;
    /// logits that half precision cannot hold.
    pub fn ready(&self) -> Result<SoftLabels, EvalError> {
        const STAGE: &str = "soft labels";
        let card = LabelsCard::of(self.data, self.classes, self.protocol, self.teacher.hash(), self.seed);
        let labels = SoftLabels::below(self.root, card);
        if labels.missing().is_empty() {
            return Ok(labels);
        }
        let _lock = labels.take()?;
        let missing = labels.missing();
        let card = labels.card();
        let (epochs, megabytes, folder) = (card.epochs, card.bytes() as f64 / 1e6, labels.folder().display());
        self.progress.note(&format!("{STAGE}: {epochs} epochs, {megabytes:.1} MB in {folder}"));
        self.progress.begin(STAGE, epochs);
        let views = Views { pipeline: &card.pipeline, normalisation: normalisation(self.space), seed: self.seed };
        let done = epochs - missing.len();
        for (number, &epoch) in missing.iter().enumerate() {
            labels.write(epoch, &self.epoch(&views, card.batch, epoch)?)?;
            self.progress.advance(STAGE, done + number + 1, "");
        }
        self.progress.end(STAGE, "");
        Ok(labels)
    }

    fn epoch(&self, views: &Views<'_>, batch: usize, epoch: usize) -> Result<EpochLabels, EvalError> {
        let order = views.order(epoch, self.data.len());
        let count = order.len().div_ceil(batch);
        let mut images = self.data.batches(&order, batch, self.device);
        let mut labels = EpochLabels::default();
        for (number, indices) in order.chunks(batch).enumerate() {
            if self.stop.is_requested() {
                return Err(Interrupted.into());
            }
            let images = images(number);
            let draws = views.draws(images.dims(), (epoch * count + number) as u64)?;
            let logits = self.teacher.logits(draws.apply(images));
            labels.push(views.pipeline, indices, &draws, values(logits).into_iter());
        }
        Ok(labels)
    }
}

fn values(logits: Tensor<2>) -> Vec<f32> {
    logits.into_data().iter::<f32>().collect()
}
