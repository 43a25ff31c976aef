//! Students of stored sets under attack.

use super::{RunError, StudentsOptions, WorkFolder, score::TrainOn, students::Ground};
use crate::{
    attack::{AttackKind, StudentVictim, stratified, survive},
    eval::{InferenceOptions, View, predictions},
};
use compdd_core::{
    progress::{Progress, Stop},
    record::{Accuracy, Epsilon, Robustness, StudentRecord},
    rng::Stream,
};
use compdd_data::data::PixelSpace;
use compdd_nn::nn::Params;

/// The flags of `compdd attack`.
#[derive(Clone, Debug)]
pub struct AttackOptions {
    /// Who is attacked.
    pub students: StudentsOptions,
    /// What is tried.
    pub attacks: Vec<AttackKind>,
    /// The largest changes of a pixel.
    pub epsilons: Vec<Epsilon>,
    /// How many test images are attacked, of every class alike; none: all.
    pub images: Option<usize>,
    /// Steps, or queries, of every attack; none: its own.
    pub iterations: Option<usize>,
    /// Images that are attacked together; no effect on the result but for rounding.
    pub batch: usize,
}

/// Trains the students of every set and network, unless they are kept already, and attacks them. Every finished attack on a student is kept in the
/// store's report, and is not made again; what is given back has the attacks that were asked for.
///
/// # Errors
/// As [`rescore`](super::rescore), when an attack needs more classes than there are, and when a report cannot be read or written.
pub fn attack(options: &AttackOptions, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Robustness>, RunError> {
    options.students.each(progress, stop, |ground| {
        let classes = ground.task.subset.classes_len();
        options.attacks.iter().try_for_each(|kind| kind.check(classes))?;
        let kept = WorkFolder::open(&ground.store.students_path(&ground.cell), false)?;
        let scorer = ground.scorer("", kept.file("students"), progress, stop);
        let seeds = (&ground.seeds[..], ground.cell.seed);
        let pair = |record: StudentRecord, params: Params| (record, params);
        let (students, _) = scorer.each(&[TrainOn::Set(&ground.rescoring.set)], seeds, pair)?;
        let passes = InferenceOptions { device: ground.device, batch: options.batch, stop };
        options.attacked(ground, &students, (passes, progress))
    })
}

impl AttackOptions {
    fn attacked(
        &self,
        ground: &Ground<'_>,
        students: &[(StudentRecord, Params)],
        (passes, progress): (InferenceOptions<'_>, &dyn Progress),
    ) -> Result<Robustness, RunError> {
        let (task, network, cell) = (ground.task, &ground.network, &ground.cell);
        let images = stratified(&task.test, self.images, cell.seed);
        let plain = PixelSpace::Normalised { mean: [0.0; 3], std: [1.0; 3] };
        let view = View::some(&task.test, &plain, images.as_slice());
        let normalised = View::some(&task.test, &task.space, images.as_slice());
        let mut right = Vec::with_capacity(students.len());
        for (_, params) in students {
            let predicted = predictions(network, params, &normalised, passes)?;
            right.push((0..view.len()).map(|i| predicted[i] == view.label(i)).collect::<Vec<_>>());
        }
        let share = |right: &[bool]| Accuracy::of_counts(right.iter().filter(|right| **right).count(), right.len());
        let clean = right.iter().map(|right| share(right)).collect();
        let path = ground.store.attacks_path(cell, &images);
        let known = if path.is_file() { Robustness::read(&path)?.attacks } else { Vec::new() };
        let mut asked = Robustness::new(cell.clone(), images.clone(), ground.seeds.clone(), clean);
        let mut report = Robustness { attacks: known, ..asked.clone() };
        for (kind, epsilon) in self.trials() {
            let attacks = kind.attacks(self.iterations);
            let settings: Vec<_> = attacks.iter().map(|attack| attack.settings()).collect();
            let done = report.entry(kind.slug(), epsilon, &settings).students.len();
            for (student, (_, params)) in students.iter().enumerate().skip(done) {
                let words = epsilon.map(|epsilon| format!(" {epsilon}")).unwrap_or_default();
                let stage = format!("{kind}{words} on {} student {}", cell.network, student + 1);
                let tries = right[student].iter().filter(|right| **right).count() * attacks.len();
                progress.begin(&stage, tries);
                let victim = StudentVictim::new(network, params, &task.space);
                let seed = Stream::child_seed(cell.seed, "attack", student as u64);
                let bound = epsilon.map_or(0.0, Epsilon::value);
                let advance = |tried: usize| progress.advance(&stage, tried, "");
                let survey = survive(&victim, &view, &right[student], &attacks, (bound, seed), passes, &advance)?;
                let left = share(&survey.right);
                progress.end(&stage, &format!("{:.2} % left", left.percent()));
                let entry = report.entry(kind.slug(), epsilon, &settings);
                entry.students.push(left);
                entry.distances.push(survey.distance);
                report.write(&path)?;
            }
            asked.attacks.push(report.entry(kind.slug(), epsilon, &settings).clone());
        }
        Ok(asked)
    }

    /// Every attack with every epsilon, one without a bound once.
    fn trials(&self) -> impl Iterator<Item = (AttackKind, Option<&Epsilon>)> {
        self.attacks.iter().flat_map(|&kind| {
            let bounds: Vec<Option<&Epsilon>> =
                if kind.is_bounded() { self.epsilons.iter().map(Some).collect() } else { vec![None] };
            bounds.into_iter().map(move |epsilon| (kind, epsilon))
        })
    }
}
