//! Scoring: students of one network under a protocol, on one or several distilled sets.

use std::{path::PathBuf, time::Duration};

use burn::tensor::Device;
use serde_json::json;

use super::{
    RunError, Trace,
    stopwatch::{KeptStopwatch, Spent},
};
use crate::{
    eval::{
        self, Beginning, EvalContext, Guide, LogitSource, RealImages, Relabelling, SoftLabels, Stages, Teachers,
        TrainingData, TrainingProgress, TrainingSet, View,
    },
    teachers::TeacherLogits,
};
use compdd_core::{
    progress::{Progress, Stop},
    protocol::{Checks, Scoring},
    record::{Distilled, Store, StudentRecord},
    rng::Stream,
};
use compdd_data::data::Task;
use compdd_nn::nn::{NetworkSpec, Params};

/// What students learn from.
pub(super) enum TrainOn<'a> {
    /// A distilled set.
    Set(&'a Distilled),
    /// Every training image (the reference).
    WholeSet {
        /// Learning rate, with the protocol's drop.
        learning_rate: f32,
        /// Epochs over the training set; none: as many steps as the protocol says.
        epochs: Option<usize>,
    },
}

/// Where the soft labels of a store lie.
pub(super) fn soft_labels(store: &Store) -> PathBuf {
    store.root().join("soft-labels")
}

/// Trains and tests the students of one network.
pub(super) struct Scorer<'a> {
    pub network: &'a str,
    /// What they are called besides, for whoever follows them.
    pub called: &'a str,
    pub task: &'a Task,
    pub protocol: &'a Scoring,
    /// Whom the protocol asks.
    pub teachers: &'a [TeacherLogits],
    /// Where soft labels are stored, for a protocol that stores them.
    pub labels: PathBuf,
    /// Labels that are there already, in place of a teacher's.
    pub given: Option<&'a SoftLabels>,
    /// What students start from; none: fresh parameters.
    pub beginning: Option<Beginning>,
    /// Tests while students train.
    pub checks: Option<Checks>,
    pub device: &'a Device,
    /// Folder and interval of the students' checkpoints.
    pub checkpoints: Option<(PathBuf, Duration)>,
    pub trace: Option<&'a Trace>,
    pub progress: &'a dyn Progress,
    pub stop: &'a Stop,
}

impl Scorer<'_> {
    /// `students` scores in seed order, and what they took; with several sets, student `i` learns from set `i mod sets`.
    pub fn score(
        &self,
        sets: &[TrainOn<'_>],
        students: usize,
        seed: u64,
    ) -> Result<(Vec<StudentRecord>, Spent), RunError> {
        self.each(sets, (&Scoring::seeds(seed, students), seed), |record, _| record)
    }

    /// As [`Scorer::score`] for students of given seeds, and `take` makes what is given back of every score and the parameters that were scored.
    pub fn each<T: Send>(
        &self,
        sets: &[TrainOn<'_>],
        (seeds, seed): (&[u64], u64),
        take: impl Fn(StudentRecord, Params) -> T + Sync,
    ) -> Result<(Vec<T>, Spent), RunError> {
        let watch = KeptStopwatch::start(self.checkpoints.as_ref().map(|(folder, every)| (folder.as_path(), *every)));
        let [channels, _, side] = self.task.test.shape();
        let network = NetworkSpec::parse(self.network)?.build(channels, side, self.task.subset.classes_len())?;
        let images = sets.iter().map(|set| self.training(set)).collect::<Result<Vec<_>, _>>()?;
        let images: Vec<&dyn TrainingData> = images.iter().map(AsRef::as_ref).collect();
        let progress = Relay { scorer: self, watch: &watch };
        let context = EvalContext {
            device: self.device.clone(),
            stop: self.stop,
            progress: &progress,
            checkpoint: self.checkpoints.clone(),
            checks: self.checks,
            lanes: None,
        };
        let protocol = match sets {
            [TrainOn::WholeSet { epochs: Some(epochs), .. }] => self.protocol.clone().lasting(*epochs),
            _ => self.protocol.clone(),
        };
        let teacher = Teachers::of(self.teachers, protocol.ensemble);
        let stores = protocol.supervision.is_stored();
        let stored = match (&teacher, self.given) {
            (_, Some(given)) => vec![given.clone(); images.len()],
            (Some(teacher), None) if stores => {
                let relabel = |data: &&dyn TrainingData| self.soft_labels(*data, teacher, &protocol, seed);
                images.iter().map(relabel).collect::<Result<Vec<_>, _>>()?
            }
            _ => Vec::new(),
        };
        let guide = match &teacher {
            _ if stores => Guide::Stored(&stored),
            Some(teacher) => Guide::Online(teacher),
            None => Guide::None,
        };
        let test = View::test(self.task);
        let learner = (&network, self.beginning.as_ref());
        let scores = eval::each_student(seeds, learner, &images, &test, &protocol, guide, &context, take)?;
        Ok((scores, watch.spent()))
    }

    /// What the teacher says of every view of a set: the same for all students.
    fn soft_labels(
        &self,
        data: &dyn TrainingData,
        teacher: &dyn LogitSource,
        protocol: &Scoring,
        seed: u64,
    ) -> Result<SoftLabels, RunError> {
        let relabelling = Relabelling {
            data,
            space: &self.task.space,
            classes: self.task.subset.classes_len(),
            teacher,
            protocol,
            seed: Stream::child_seed(seed, "soft labels", 0),
            root: &self.labels,
            device: self.device,
            progress: self.progress,
            stop: self.stop,
        };
        Ok(relabelling.ready()?)
    }

    fn training<'s>(&'s self, set: &TrainOn<'s>) -> Result<Box<dyn TrainingData + 's>, RunError> {
        Ok(match set {
            TrainOn::Set(set) => Box::new(TrainingSet::of(set, self.device)?),
            TrainOn::WholeSet { learning_rate, .. } => {
                Box::new(RealImages::new(View::training(self.task), *learning_rate))
            }
        })
    }
}

/// Passes the students' progress on, under names that tell networks and students apart.
struct Relay<'a> {
    scorer: &'a Scorer<'a>,
    watch: &'a KeptStopwatch,
}

impl Relay<'_> {
    fn stage(&self, student: usize) -> String {
        format!("{}{} student {}", self.scorer.network, self.scorer.called, student + 1)
    }

    fn stages(&self) -> impl TrainingProgress {
        Stages { progress: self.scorer.progress, name: |student| self.stage(student), of_what: "" }
    }
}

impl TrainingProgress for Relay<'_> {
    fn begins(&self, student: usize, of: usize) {
        self.stages().begins(student, of);
    }

    fn epoch(&self, student: usize, epoch: usize, of: usize, loss: f64) {
        self.stages().epoch(student, epoch, of, loss);
        self.watch.tick();
        if let Some(trace) = self.scorer.trace {
            let stage = self.stage(student);
            trace.write("epoch", &[("stage", json!(stage)), ("epoch", json!(epoch - 1)), ("loss", json!(loss))]);
        }
    }

    fn ends(&self, student: usize, accuracy: Option<f64>) {
        self.stages().ends(student, accuracy);
        if let (Some(trace), Some(accuracy)) = (self.scorer.trace, accuracy) {
            trace.write("score", &[("stage", json!(self.stage(student))), ("accuracy", json!(accuracy))]);
        }
    }
}
