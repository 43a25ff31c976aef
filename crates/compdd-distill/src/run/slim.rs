//! Networks that lose channels with nothing but a stored set at hand: weighed on it, cut, and trained on it again.

use std::path::{Path, PathBuf};

use super::{
    RunError, StudentsOptions, WorkFolder,
    score::{Scorer, TrainOn},
    students::Ground,
    teacher,
};
use crate::{
    eval::{self, Beginning, Channels, InferenceOptions, Slimming, View},
    teachers::Teacher,
};
use compdd_core::{
    progress::{Progress, Stop},
    pruning::Share,
    record::{Accuracy, Cut, Slimmed, SlimmedStudent},
};
use compdd_nn::nn::Params;

/// The flags of `compdd slim`.
#[derive(Clone, Debug)]
pub struct SlimOptions {
    /// Who learns.
    pub students: StudentsOptions,
    /// The trained network that they begin as; none: fresh parameters.
    pub start: Option<PathBuf>,
    /// Shares of the channels that go, each from the whole network.
    pub shares: Vec<Share>,
    /// Weight of the L1 norm of the channels' scales while they are weighed.
    pub penalty: f32,
}

/// Weighs, cuts and tunes the students of every set and network. Every accuracy is kept in the store's report, and is not measured again.
///
/// # Errors
/// As [`rescore`](super::rescore), for a network without batch norm, for a start that does not fit, and when a report cannot be read or written.
pub fn slim(options: &SlimOptions, progress: &dyn Progress, stop: &Stop) -> Result<Vec<Slimmed>, RunError> {
    if !(0.0..=1.0).contains(&options.penalty) {
        return Err(RunError::flag("--penalty", &options.penalty, "out of range", "use a number between 0 and 1"));
    }
    if let Some(share) = options.shares.iter().find(|share| share.is_zero()) {
        return Err(RunError::flag("--shares", share, "no channel goes", "use numbers above 0 and below 1"));
    }
    options.students.each(progress, stop, |ground| options.slimmed(ground, progress, stop))
}

impl SlimOptions {
    fn slimmed(&self, ground: &Ground<'_>, progress: &dyn Progress, stop: &Stop) -> Result<Slimmed, RunError> {
        let (network, cell, device) = (&ground.network, &ground.cell, ground.device);
        let channels = Channels::of(network.layout());
        if channels.is_empty() {
            let remedy = "name one that has, such as --network vgg11-bn";
            return Err(RunError::flag(
                "--network",
                &network.spec().slug(),
                "has no batch norm to weigh channels by",
                remedy,
            ));
        }
        let start = self.start.as_ref().map(|path| start(path, ground)).transpose()?;
        let reference = start.as_ref().map(teacher::reference);
        let begun = reference.as_ref().map(|start| &start.parameters);
        let path = ground.store.slimming_path(cell, &(begun, self.penalty.to_bits()));
        let fresh = Slimmed::new(cell.clone(), reference, self.penalty, channels.len());
        let mut report = if path.is_file() { Slimmed::read(&path)? } else { fresh };
        let passes = InferenceOptions { device, batch: ground.scoring.test_batch, stop };
        let test = View::test(ground.task);
        // What is under way belongs to the same start and penalty as the report.
        let own = path.file_stem().unwrap_or_default().to_string_lossy();
        let unfinished = ground.store.root().join("unfinished").join(format!("{own}-slimming"));
        let work = WorkFolder::open(&unfinished, false)?;
        for (number, &seed) in ground.seeds.iter().enumerate() {
            let first = start.as_ref().map_or_else(|| network.init(seed, device), |start| start.params().clone());
            let train = |what: &str, beginning: Beginning| -> Result<(Accuracy, Params), RunError> {
                let called = format!(", {what},");
                let folder = work.file(&format!("student-{number}-{what}"));
                let scorer = Scorer { beginning: Some(beginning), ..ground.scorer(&called, folder, progress, stop) };
                let sets = [TrainOn::Set(&ground.rescoring.set)];
                let (mut trained, _) =
                    scorer.each(&sets, (&[seed], cell.seed), |record, params| (record.accuracy, params))?;
                Ok(trained.remove(0))
            };
            let known = report.students.iter().position(|student| student.seed == seed);
            let is_missing = |share: &&Share| known.is_none_or(|place| report.students[place].lacks(**share));
            let missing: Vec<Share> = self.shares.iter().filter(is_missing).copied().collect();
            if known.is_some() && missing.is_empty() {
                continue;
            }
            let slimming = Slimming::weighing(&channels, self.penalty);
            let (weighed, params) = train("weighed", Beginning { params: first, slimming })?;
            let place = known.unwrap_or_else(|| {
                report.students.push(SlimmedStudent { seed, weighed, cuts: Vec::new() });
                report.students.len() - 1
            });
            for share in missing {
                let kept = channels.kept(&params, share.value());
                let slimming = Slimming::without(&channels, &kept, device);
                let params = slimming.hold(params.clone());
                let cut = eval::accuracy(network, &params, &test, passes)?;
                let (tuned, _) = train(&format!("without-{share}"), Beginning { params, slimming })?;
                let channels = kept.count();
                let cuts = &mut report.students[place].cuts;
                cuts.push(Cut { share, channels, cut, tuned });
                cuts.sort_by_key(|cut| cut.share);
                report.write(&path)?;
            }
        }
        report.write(&path)?;
        work.finish()?;
        Ok(self.asked(report, &ground.seeds))
    }

    /// What was asked for of a report.
    fn asked(&self, mut report: Slimmed, seeds: &[u64]) -> Slimmed {
        report.students.retain(|student| seeds.contains(&student.seed));
        for student in &mut report.students {
            student.cuts.retain(|cut| self.shares.contains(&cut.share));
        }
        report
    }
}

/// The trained network that students begin as.
fn start(path: &Path, ground: &Ground<'_>) -> Result<Teacher, RunError> {
    let teacher = Teacher::open(path, ground.device)?;
    let refuse = |reason: String, remedy: &str| Err(RunError::flag("--start", &path.display(), reason, remedy));
    let (own, slug) = (&teacher.card().network, ground.network.spec().slug());
    if *own != slug {
        return refuse(format!("is a {own}, and the students are {slug}"), "give its network as --network");
    }
    let outputs = teacher.card().outputs(&ground.task.subset)?;
    if !outputs.iter().copied().eq(0..teacher.card().classes.len()) {
        return refuse(
            "its outputs are not the classes of the set in their order".to_owned(),
            "train one on the subset itself",
        );
    }
    teacher.check_images(ground.task)?;
    Ok(teacher)
}
