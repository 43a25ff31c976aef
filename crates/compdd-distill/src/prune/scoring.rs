//! Networks in training whose every word about the training images is noted down.

use std::{cell::RefCell, fs, path::Path};

use burn::tensor::{Device, Tensor};

use super::{PruneError, Statistics};
use crate::eval::{
    self, EvalError, InferenceOptions, Minibatch, Plan, RealImages, Rule, Schedule, Script, StoredLabels, Student,
    Supervision, TrainingHooks, View,
};
use compdd_core::{
    files::{IoError, atomic},
    progress::{Hooks, Stop},
    protocol::Pipeline,
    rng::Stream,
};
use compdd_data::scores::{LossPass, ScoreTraining};
use compdd_nn::nn::Network;

/// How a scoring network is trained: Adam at a constant rate, no weight decay, no augmentation.
pub fn plan(training: &ScoreTraining) -> Plan {
    Plan {
        epochs: training.epochs,
        batch: training.batch,
        rule: Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0, matrices_only: true },
        schedule: Schedule::Constant { base: training.learning_rate },
        augmentation: Pipeline::new(Vec::new()),
        cutmix: 0.0,
    }
}

/// Checks that there is something to train.
pub(super) fn check(training: &ScoreTraining) -> Result<(), PruneError> {
    let counts = [("trials", training.trials), ("epochs", training.epochs), ("batch", training.batch)];
    match counts.into_iter().find(|(_, count)| *count == 0) {
        Some((name, value)) => Err(PruneError::Setting { name, value: value.to_string(), range: "1 or more" }),
        None => Ok(()),
    }
}

/// Several networks, one after the other, each from its own seed, and what they say of the images.
pub struct Scoring<'a> {
    network: &'a Network,
    view: View<'a>,
    images: RealImages<'a>,
    training: ScoreTraining,
    device: &'a Device,
    statistics: Statistics,
    /// The network in training, or the last one that was trained; none before the first epoch.
    student: Option<Student<'a>>,
    done: usize,
}

impl<'a> Scoring<'a> {
    /// Nothing is trained yet.
    ///
    /// # Errors
    /// [`PruneError::Setting`] when there is nothing to train.
    pub fn new(
        network: &'a Network,
        view: View<'a>,
        training: ScoreTraining,
        device: &'a Device,
    ) -> Result<Self, PruneError> {
        check(&training)?;
        let labels = (0..view.len()).map(|i| view.label(i)).collect();
        let statistics = Statistics::new(labels, training.trials, training.epochs);
        let images = RealImages::new(view.clone(), training.learning_rate);
        Ok(Self { network, view, images, training, device, statistics, student: None, done: 0 })
    }

    /// Epochs in all, every network's counted.
    pub fn epochs(&self) -> usize {
        self.training.trials * self.training.epochs
    }

    /// Epochs that are done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Whether the epoch that was done last was the last one of its network.
    pub fn ends_trial(&self) -> bool {
        self.done > 0 && self.done.is_multiple_of(self.training.epochs)
    }

    /// The images, in the order of the scores.
    pub fn view(&self) -> &View<'a> {
        &self.view
    }

    /// What was said so far.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The network in training, or the last one that was trained.
    pub fn student(&self) -> Option<&Student<'a>> {
        self.student.as_ref()
    }

    /// Trains one more epoch; its mean training loss. When it is stopped, all is as it was before the epoch.
    ///
    /// # Errors
    /// [`EvalError::Interrupted`], or when the loss leaves the finite numbers.
    pub fn epoch(&mut self, stop: &Stop) -> Result<f64, EvalError> {
        let (trial, epoch) = (self.done / self.training.epochs, self.done % self.training.epochs);
        let mut student = match &self.student {
            Some(student) if epoch > 0 => student.clone(),
            _ => self.fresh(trial),
        };
        let mut statistics = self.statistics.clone();
        let labels = StoredLabels::of(&self.images, self.network.classes(), self.device)?;
        let noting = (self.training.pass == LossPass::Train).then_some(&mut statistics);
        let mut recorder = Recorder { labels, epoch, statistics: RefCell::new(noting) };
        student.train_epoch_under(&self.images, &mut recorder, &mut TrainingHooks::new(trial, stop, &()))?;
        if self.training.pass == LossPass::Eval {
            let passes = InferenceOptions { device: self.device, batch: self.training.batch, stop };
            eval::each_output(self.network, student.params(), &self.view, passes, |output, places| {
                note(&mut statistics, epoch, places, output.logits);
            })?;
        }
        if epoch + 1 == self.training.epochs {
            statistics.end_of_trial();
        }
        let loss = student.last_loss();
        (self.statistics, self.student) = (statistics, Some(student));
        self.done += 1;
        Ok(loss)
    }

    /// Trains what is left, from where a file stands if it is there; the file follows epoch by epoch. `stage` is what this is called.
    ///
    /// # Errors
    /// As [`Scoring::epoch`], and when the file is of another training or cannot be written.
    pub fn finish(&mut self, saved: &Path, stage: &str, hooks: Hooks<'_>) -> Result<(), PruneError> {
        if saved.exists() {
            self.restore(&fs::read(saved).map_err(IoError::at("read", saved))?)?;
        }
        hooks.progress.begin(stage, self.epochs());
        while self.done() < self.epochs() {
            let loss = self.epoch(hooks.stop)?;
            atomic::write(saved, &self.to_bytes()?).map_err(IoError::at("write", saved))?;
            hooks.progress.advance(stage, self.done(), &format!("loss {loss:.4}"));
        }
        hooks.progress.end(stage, "");
        Ok(())
    }

    fn fresh(&self, trial: usize) -> Student<'a> {
        let seed = Stream::child_seed(self.training.seed, "score-trial", trial as u64);
        Student::new(self.network, plan(&self.training), seed, self.device)
    }

    /// Everything needed to go on.
    ///
    /// # Errors
    /// When the state cannot be read from the device.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PruneError> {
        let student = self.student.as_ref().map(|student| student.to_bytes(&self.view.hash())).transpose()?;
        self.statistics.encode(&student.unwrap_or_default(), self.done)
    }

    /// Goes on from a saved state.
    ///
    /// # Errors
    /// When the state belongs to other images, networks or settings.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), PruneError> {
        let (student, done) = self.statistics.decode(bytes)?;
        let other = || PruneError::State { reason: "it is of another training".into() };
        if done > self.epochs() {
            return Err(other());
        }
        self.done = done;
        if done > 0 {
            let mut restored = self.fresh((done - 1) / self.training.epochs);
            if !restored.restore(&student, &self.view.hash())? {
                return Err(other());
            }
            self.student = Some(restored);
        }
        Ok(())
    }
}

/// Cross-entropy with the labels of the images, that notes down the logits.
struct Recorder<'s> {
    labels: StoredLabels,
    epoch: usize,
    statistics: RefCell<Option<&'s mut Statistics>>,
}

impl Supervision for Recorder<'_> {
    fn identity(&self) -> Option<String> {
        None
    }

    fn begin(&mut self, epoch: usize) -> Result<Option<Script>, EvalError> {
        self.epoch = epoch;
        Ok(None)
    }

    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1> {
        if let Some(statistics) = self.statistics.borrow_mut().as_deref_mut() {
            note(statistics, self.epoch, minibatch.indices, logits.clone().inner());
        }
        self.labels.loss(minibatch, logits)
    }
}

fn note(statistics: &mut Statistics, epoch: usize, images: &[usize], logits: Tensor<2>) {
    let classes = logits.dims()[1];
    let values: Vec<f32> = logits.into_data().iter::<f32>().collect();
    for (&image, row) in images.iter().zip(values.chunks_exact(classes)) {
        statistics.record(epoch, image, row);
    }
}
