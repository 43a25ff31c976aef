//! Scoring: students of one network under a protocol, on one or several distilled sets.

use std::{path::PathBuf, sync::atomic::AtomicBool, time::Duration};

use burn::tensor::Device;
use serde_json::json;

use super::{Observer, RunError, Trace};
use crate::{
    data::Task,
    eval::{self, EvalContext, NoKd, RealImages, StudentScore, TrainingData, TrainingSet, View},
    nn::NetworkSpec,
    record::{Accuracy, Distilled, RecordError, StudentRecord},
};

/// What students learn from.
pub(super) enum TrainOn<'a> {
    /// A distilled set.
    Set(&'a Distilled),
    /// Every training image (the reference).
    WholeSet {
        /// Learning rate, with the protocol's drop.
        learning_rate: f32,
        /// Epochs over the training set.
        epochs: usize,
    },
}

/// One student's score with the effort behind it.
pub(super) struct Scored {
    score: StudentScore,
    draw: usize,
    epochs: usize,
    steps: usize,
}

impl Scored {
    pub fn into_record(self) -> Result<StudentRecord, RecordError> {
        Ok(StudentRecord {
            seed: self.score.seed,
            draw: self.draw,
            accuracy: Accuracy::new(self.score.accuracy)?,
            train_loss: self.score.train_loss,
            epochs: self.epochs,
            steps: self.steps,
        })
    }
}

/// Trains and tests the students of one network.
pub(super) struct Scorer<'a> {
    pub network: &'a str,
    pub task: &'a Task,
    pub protocol: &'a NoKd,
    pub device: &'a Device,
    /// Folder and interval of the students' checkpoints.
    pub checkpoints: Option<(PathBuf, Duration)>,
    pub trace: Option<&'a Trace>,
    pub observer: &'a dyn Observer,
    pub stop: &'a AtomicBool,
}

impl Scorer<'_> {
    /// `students` scores in seed order; with several sets, student `i` learns from set `i mod sets`.
    pub fn score(&self, sets: &[TrainOn<'_>], students: usize, seed: u64) -> Result<Vec<Scored>, RunError> {
        let [channels, _, side] = self.task.test.shape();
        let network = NetworkSpec::parse(self.network)?.build(channels, side, self.task.subset.classes_len())?;
        let seeds = NoKd::seeds(seed, students);
        let mut scored: Vec<Option<Scored>> = (0..students).map(|_| None).collect();
        for (draw, set) in sets.iter().enumerate() {
            let mine: Vec<usize> = (draw..students).step_by(sets.len()).collect();
            let seeds: Vec<u64> = mine.iter().map(|&student| seeds[student]).collect();
            let progress = Relay { scorer: self, students: &mine };
            let context = EvalContext {
                device: self.device.clone(),
                stop: self.stop,
                progress: &progress,
                checkpoint: self.checkpoints.as_ref().map(|(path, every)| (path.join(format!("draw-{draw}")), *every)),
                lanes: None,
            };
            let test = View::test(self.task);
            let (protocol, images) = self.training(set)?;
            let scores = eval::evaluate(&seeds, &network, images.as_ref(), &test, &protocol, &context)?;
            let epochs = protocol.total_epochs();
            let steps = epochs * images.len().div_ceil(protocol.batch);
            for (student, score) in mine.into_iter().zip(scores) {
                scored[student] = Some(Scored { score, draw, epochs, steps });
            }
        }
        Ok(scored.into_iter().flatten().collect())
    }

    fn training<'s>(&'s self, set: &TrainOn<'s>) -> Result<(NoKd, Box<dyn TrainingData + 's>), RunError> {
        match set {
            TrainOn::Set(set) => {
                let images = TrainingSet::from_pixels(
                    set.images.clone(),
                    set.image_shape(),
                    set.labels.clone(),
                    set.learning_rate,
                    self.device,
                )?;
                Ok((self.protocol.clone(), Box::new(images)))
            }
            TrainOn::WholeSet { learning_rate, epochs } => {
                let protocol = NoKd { epochs: epochs.saturating_sub(1), ..self.protocol.clone() };
                Ok((protocol, Box::new(RealImages::new(View::training(self.task), *learning_rate))))
            }
        }
    }
}

/// Passes the students' progress on, under names that tell networks and students apart.
struct Relay<'a> {
    scorer: &'a Scorer<'a>,
    students: &'a [usize],
}

impl Relay<'_> {
    fn stage(&self, student: usize) -> String {
        format!("{} student {}", self.scorer.network, self.students[student] + 1)
    }
}

impl eval::Progress for Relay<'_> {
    fn epoch(&self, student: usize, epoch: usize, of: usize, loss: f64) {
        let stage = self.stage(student);
        if epoch == 1 {
            self.scorer.observer.begin(&stage, of);
        }
        self.scorer.observer.advance(&stage, epoch, &format!("loss {loss:.4}"));
        if let Some(trace) = self.scorer.trace {
            trace.write("epoch", &[("stage", json!(stage)), ("epoch", json!(epoch - 1)), ("loss", json!(loss))]);
        }
    }

    fn scored(&self, student: usize, accuracy: f64) {
        let stage = self.stage(student);
        self.scorer.observer.end(&stage, &format!("{:.2} %", accuracy * 100.0));
        if let Some(trace) = self.scorer.trace {
            trace.write("score", &[("stage", json!(stage)), ("accuracy", json!(accuracy))]);
        }
    }
}
