//! Several students, on one training set or on one each.

use std::{path::PathBuf, time::Duration};

use burn::tensor::Device;

use super::{
    Beginning, EvalError, Guide, InferenceOptions, Plan, Student, TrainingData, TrainingHooks, TrainingProgress, View,
    accuracy, check::Checked, supervision::supervision,
};
use crate::lanes::{self, side_by_side};
use compdd_core::{
    files::IoError,
    progress::Stop,
    protocol::{Checks, Decay, Scoring},
    record::StudentRecord,
};
use compdd_nn::nn::{Network, Params};

/// Where and how an evaluation runs. Nothing in here changes a score.
#[derive(Clone)]
pub struct EvalContext<'a> {
    /// Where to compute.
    pub device: Device,
    /// Set from outside to stop; students are saved first.
    pub stop: &'a Stop,
    /// Who hears about epochs and scores.
    pub progress: &'a dyn TrainingProgress,
    /// Folder for one file per student, and how often it is written. It belongs to one evaluation; the caller removes it
    /// when the scores are safe.
    pub checkpoint: Option<(PathBuf, Duration)>,
    /// Tests while students train, whose best is kept beside the score of the last epoch.
    pub checks: Option<Checks>,
    /// Students trained at the same time; `None` chooses by the size of a step.
    pub lanes: Option<usize>,
}

impl<'a> EvalContext<'a> {
    /// A context without checkpoints or progress.
    pub fn new(device: Device, stop: &'a Stop) -> Self {
        Self { device, stop, progress: &(), checkpoint: None, checks: None, lanes: None }
    }
}

/// Trains one student per seed on `data` and scores it on `test` after its last epoch. `guide` is for
/// the protocols that ask a teacher. Scores come in the order of `seeds`.
///
/// Students are independent; on a CPU, small ones are trained side by side, each with its share of the cores. No choice
/// among checkpoints or students is made here.
pub fn evaluate(
    seeds: &[u64],
    network: &Network,
    data: &[&dyn TrainingData],
    test: &View<'_>,
    protocol: &Scoring,
    guide: Guide<'_>,
    context: &EvalContext<'_>,
) -> Result<Vec<StudentRecord>, EvalError> {
    each_student(seeds, (network, None), data, test, protocol, guide, context, |record, _| record)
}

/// As [`evaluate`]; students start from `beginning`, if there is one, and `take` makes what is given back of every score and the parameters that were scored.
#[expect(clippy::too_many_arguments, reason = "those of `evaluate`, which everybody else calls")]
pub fn each_student<T: Send>(
    seeds: &[u64],
    (network, beginning): (&Network, Option<&Beginning>),
    data: &[&dyn TrainingData],
    test: &View<'_>,
    protocol: &Scoring,
    guide: Guide<'_>,
    context: &EvalContext<'_>,
    take: impl Fn(StudentRecord, Params) -> T + Sync,
) -> Result<Vec<T>, EvalError> {
    protocol.validate()?;
    if test.is_empty() {
        return Err(EvalError::Empty { split: "test" });
    }
    let Some(largest) = data.iter().map(|set| set.len()).max() else {
        return Err(EvalError::Empty { split: "training" });
    };
    let mut views = data.iter().map(|set| protocol.augmentation.output(set.shape()));
    if let Some(found) = views.find(|shape| *shape != test.set().shape()) {
        return Err(EvalError::Shape { found, expected: test.set().shape() });
    }
    if let Some((folder, _)) = &context.checkpoint {
        std::fs::create_dir_all(folder).map_err(IoError::at("create", folder))?;
    }
    let job = Job { seeds, network, beginning, data, test, protocol, guide, context };
    let cores = rayon::current_num_threads();
    let [_, h, w] = test.set().shape();
    let pixels = protocol.batch.min(largest) * h * w;
    let lanes = context.lanes.unwrap_or_else(|| lanes::of_steps(pixels, &context.device, cores));
    tracing::debug!(students = seeds.len(), lanes, "evaluation starts");
    side_by_side(lanes, seeds.len(), |student| job.student(student).map(|(record, params)| take(record, params)))
}

struct Job<'a> {
    seeds: &'a [u64],
    network: &'a Network,
    beginning: Option<&'a Beginning>,
    data: &'a [&'a dyn TrainingData],
    test: &'a View<'a>,
    protocol: &'a Scoring,
    guide: Guide<'a>,
    context: &'a EvalContext<'a>,
}

impl Job<'_> {
    fn student(&self, number: usize) -> Result<(StudentRecord, Params), EvalError> {
        let (context, seed) = (self.context, self.seeds[number]);
        let draw = number % self.data.len();
        let data = self.data[draw];
        let plan = Plan::of(self.protocol, data.learning_rate());
        let student = match self.beginning {
            Some(Beginning { params, slimming }) => {
                Student::from_params(self.network, plan, seed, params.clone()).slimming(slimming.clone())
            }
            None => Student::new(self.network, plan, seed, &context.device),
        };
        let mut student = student
            .in_space(self.test.space())
            .gathering_statistics_twice(self.protocol.rded_double_bn)
            .averaging(self.protocol.ema)
            .slowing((self.protocol.decay == Decay::Adaptive).then_some(self.protocol.drop))
            .with_epochs_of(self.protocol.epoch_steps);
        let mut supervision = supervision(self.protocol, data, draw, self.network.classes(), self.guide, context)?;
        let passes = InferenceOptions { device: &context.device, batch: self.protocol.test_batch, stop: context.stop };
        // A student that was not checked from its beginning is not gone on with.
        let checking = if context.checks.is_some() { "-checked" } else { "" };
        let file = |folder: &PathBuf| folder.join(format!("student-{number}-{seed:08x}{checking}.safetensors"));
        let saving = context.checkpoint.as_ref().map(|(folder, every)| (file(folder), *every));
        let beside = saving.as_ref().map(|(path, _)| path.with_extension("checks.json"));
        let total = self.protocol.total_epochs();
        let mut checked = context.checks.map(|checks| Checked::new(checks, total, self.test, passes, beside));
        let mut look = |student: &Student<'_>| checked.as_mut().map_or(Ok(()), |checked| checked.look(student));
        let hooks = TrainingHooks::new(number, context.stop, context.progress).shown_to(&mut look);
        student.train_saved(data, supervision.as_mut(), hooks, saving)?;
        let scored = student.scored();
        let accuracy = accuracy(self.network, &scored, self.test, passes)?;
        context.progress.ends(number, Some(accuracy.fraction()));
        let epochs = student.epochs_done();
        let steps = epochs * self.protocol.epoch_steps.unwrap_or(data.len().div_ceil(self.protocol.batch));
        let best_on_test = checked.and_then(|checked| checked.best());
        let train_loss = student.last_loss();
        Ok((StudentRecord { seed, draw, accuracy, train_loss, epochs, steps, best_on_test }, scored))
    }
}
