//! Files of scores: found by what determines them, or made, an epoch at a time.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::{Coreset, PruneError, Scoring, grand, scoring::check};
use crate::eval::{InferenceOptions, View};
use compdd_core::{
    files::Lock,
    progress::Hooks,
    pruning::{Criterion, Share},
    record::{Budget, hash},
};
use compdd_data::{
    data::Task,
    scores::{ImageScores, LossPass, ScoreCard, ScoreTraining, Scores, ScoresError},
};
use compdd_nn::nn::NetworkSpec;

/// What this work is called while it goes on.
const STAGE: &str = "scores";

/// Scores that are wanted.
#[derive(Clone, Debug)]
pub struct Request {
    /// By what.
    pub criterion: Criterion,
    /// Share of every class that will be removed: only asked of criteria whose order depends on it.
    pub removed: Option<Share>,
    /// How networks are trained.
    pub training: ScoreTraining,
}

impl Request {
    /// The request of a budget: 3 networks of 20 epochs at most, one for what looks at the last network alone.
    pub fn at(criterion: Criterion, task: &Task, network: &str, budget: Budget) -> Self {
        let (trials, epochs) = match budget {
            Budget::Paper => (3, 20),
            Budget::Quick => (1, 5),
            Budget::Smoke => (1, 1),
        };
        let trials = if Coreset::of(criterion).is_some() { 1 } else { trials };
        let learning_rate = Self::learning_rate(&task.subset.slug);
        let (network, pass) = (network.to_owned(), LossPass::Train);
        let training = ScoreTraining { network, trials, epochs, learning_rate, batch: 512, pass, seed: 0 };
        Self { criterion, removed: None, training }
    }

    /// The learning rate of Adam by data set (table 13 of the supplement of `BiLP`); that of CIFAR-10 for others.
    pub fn learning_rate(subset: &str) -> f32 {
        match subset {
            "mnist" => 3e-4,
            "svhn" => 1e-3,
            "cifar100" | "tiny-imagenet" => 5e-3,
            _ => 3e-3,
        }
    }

    /// What it takes to train for it from nothing.
    pub fn cost(&self, task: &Task) -> Cost {
        let epochs = self.training.trials * self.training.epochs;
        Cost { epochs, images: epochs * task.training().len() }
    }

    /// The card of the scores of a task.
    fn card(&self, task: &Task) -> Result<ScoreCard, PruneError> {
        if self.criterion.depends_on_share() && self.removed.is_none() {
            return Err(PruneError::NoShare { criterion: self.criterion });
        }
        check(&self.training)?;
        match self.criterion {
            Criterion::Complexity => return Err(PruneError::NotMadeHere { criterion: self.criterion }),
            Criterion::Random => {
                let (value, range) =
                    ("random".to_owned(), "another one: random scores follow from --seed when pruning");
                return Err(PruneError::Setting { name: "criterion", value, range });
            }
            _ => {}
        }
        Ok(ScoreCard {
            criterion: Some(self.criterion).filter(|own| !Criterion::OF_TRAINING.contains(own)),
            removed: self.removed.filter(|_| self.criterion.depends_on_share()),
            training: Some(self.training.clone()),
            ..card(task)
        })
    }
}

/// What scores cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Epochs of training, all networks together.
    pub epochs: usize,
    /// Images that go forward and backward.
    pub images: usize,
}

/// The card of scores of a task that nothing was trained for.
fn card(task: &Task) -> ScoreCard {
    ScoreCard {
        format: ScoreCard::FORMAT,
        subset: task.subset.id(),
        resolution: task.resolution,
        images: View::training(task).hash(),
        criterion: None,
        removed: None,
        training: None,
        taken_from: None,
    }
}

/// Name of the file of a card: `cifar10_training_1f3a90cc.parquet`.
fn file_name(task: &Task, card: &ScoreCard) -> String {
    let what = card.criterion.map_or("training", Criterion::word);
    format!("{}_{what}_{}.parquet", task.subset.slug, hash::short(&hash::of(card)))
}

/// Where scores are made.
pub struct Scorer<'a> {
    /// Folder of the files.
    pub root: &'a Path,
    /// Where to compute.
    pub device: &'a Device,
    /// Who is told, and who may stop it.
    pub hooks: Hooks<'a>,
}

/// The scores that are wanted, and their file: what lies there, or what is trained now. The cost is announced before it is spent; interrupted, the
/// same call goes on with the epoch that was not finished.
///
/// # Errors
/// [`PruneError::Interrupted`] when it was stopped, [`PruneError::Lock`] when another process makes the same scores.
pub fn ensure(request: &Request, task: &Task, scorer: &Scorer<'_>) -> Result<(ImageScores, PathBuf), PruneError> {
    let card = request.card(task)?;
    let path = scorer.root.join(file_name(task, &card));
    let unfinished = scorer.root.join(format!("unfinished-{}", hash::short(&hash::of(&card))));
    if path.exists() {
        return Ok((ImageScores::read(&path)?, path));
    }
    let lock = Lock::take(&unfinished)?;
    let cost = request.cost(task);
    scorer.hooks.progress.note(&format!(
        "scoring {} training images by {} ({}): {} epochs, {} images forward and backward; the file is kept in {}",
        task.training().len(),
        request.criterion,
        request.training.network,
        cost.epochs,
        cost.images,
        scorer.root.display(),
    ));
    let scores = make(request, card, task, scorer, &unfinished.join("state.safetensors"))?;
    scores.write(&path)?;
    lock.clear(&unfinished)?;
    Ok((scores, path))
}

fn make(
    request: &Request,
    card: ScoreCard,
    task: &Task,
    scorer: &Scorer<'_>,
    saved: &Path,
) -> Result<ImageScores, PruneError> {
    let stop = scorer.hooks.stop;
    let [channels, _, side] = task.train.shape();
    let spec = NetworkSpec::parse(&request.training.network)?;
    let network = spec.build(channels, side, task.subset.classes_len())?;
    let mut scoring = Scoring::new(&network, View::training(task), request.training.clone(), scorer.device)?;
    scoring.finish(saved, STAGE, scorer.hooks)?;
    let mut columns: Vec<_> =
        scoring.statistics().columns().map(|(criterion, values)| (criterion, values.to_vec())).collect();
    if let (Some(criterion), Some(student)) = (card.criterion, scoring.student()) {
        let passes = InferenceOptions { device: scorer.device, batch: request.training.batch, stop };
        let values = match Coreset::of(criterion) {
            Some(coreset) => coreset.places(student, scoring.view(), card.removed, request.training.seed, passes)?,
            None => grand::lengths(student, scoring.view(), stop)?,
        };
        columns.push((criterion, values));
    }
    Ok(ImageScores { card, classes: classes(task), columns })
}

/// The class of every training image.
fn classes(task: &Task) -> Vec<String> {
    let name = |position: usize| task.train.classes()[task.train.labels()[position] as usize].clone();
    task.training().into_iter().map(name).collect()
}

/// The complexity of the training images as scores to prune by, from a file of `compdd complexity score` over the same subset: one less the activated
/// share at a threshold. Images are matched by their order; every class must have as many rows as images.
///
/// # Errors
/// [`ScoresError::OtherImages`] when the rows are not those of the training images, [`ScoresError::NoThreshold`].
pub fn from_complexity(
    file: &Path,
    threshold: f32,
    task: &Task,
    root: &Path,
) -> Result<(ImageScores, PathBuf), PruneError> {
    let scores = Scores::open(file)?;
    let header = scores.header();
    let place = header
        .threshold(threshold)
        .ok_or_else(|| ScoresError::NoThreshold { threshold, known: header.settings.thresholds.clone() })?;
    let (classes, mut found, mut values) = (classes(task), Vec::new(), Vec::new());
    scores.each(|row| {
        found.push(row.synset);
        values.push(1.0 - row.shares[place]);
    })?;
    if header.split != "train" || found != classes {
        let why = format!(
            "{} {} rows for {} training images, or another order of classes",
            found.len(),
            header.split,
            classes.len()
        );
        return Err(ScoresError::OtherImages { path: file.to_owned(), why }.into());
    }
    let criterion = Some(Criterion::Complexity);
    let card = ScoreCard { criterion, taken_from: Some(format!("{} at {threshold}", scores.hash())), ..card(task) };
    let path = root.join(file_name(task, &card));
    let scores = ImageScores { card, classes, columns: vec![(Criterion::Complexity, values)] };
    scores.write(&path)?;
    Ok((scores, path))
}
