//! A rule applied to a task.

use std::path::PathBuf;

use super::{PruneError, Request, Scorer, check_images, ensure};
use crate::select::kept;
use compdd_core::{
    pruning::{Criterion, Rule},
    record::Budget,
    rng::Stream,
    subset::Subset,
};
use compdd_data::{
    data::Task,
    scores::{ImageScores, ScoresError},
};

/// What is removed from the training images before anything else sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct PruneOptions {
    /// By which criterion, how much, from which side.
    pub rule: Rule,
    /// A file of scores; none: the scores of the budget, made where they are missing.
    pub scores: Option<PathBuf>,
}

impl PruneOptions {
    /// By the scores of the budget.
    pub fn by(rule: Rule) -> Self {
        Self { rule, scores: None }
    }

    /// The task that is left. Where nothing is removed it is the task itself, without a trace. Random scores follow from `seed`; those of networks do
    /// not, so that runs of several seeds share them.
    ///
    /// # Errors
    /// As [`ensure`]; [`ScoresError::OtherImages`] for a file that scores other images.
    pub fn apply(&self, task: Task, budget: Budget, seed: u64, scorer: &Scorer<'_>) -> Result<Task, PruneError> {
        if self.rule.removed.is_zero() {
            return Ok(task);
        }
        let positions = task.training();
        let labels: Vec<u32> = positions.iter().map(|&position| task.train.labels()[position]).collect();
        let scores = self.scores(&task, labels.len(), budget, seed, scorer)?;
        let kept = kept(&labels, &scores, self.rule.removed, self.rule.side);
        let kept: Vec<usize> = kept.into_iter().map(|place| positions[place]).collect();
        scorer.hooks.progress.note(&format!(
            "pruned by {}: {} of {} training images are kept",
            self.rule,
            kept.len(),
            positions.len()
        ));
        Ok(task.keeping(&kept, self.rule))
    }

    fn scores(
        &self,
        task: &Task,
        images: usize,
        budget: Budget,
        seed: u64,
        scorer: &Scorer<'_>,
    ) -> Result<Vec<f64>, PruneError> {
        let criterion = self.rule.criterion;
        if let Some(path) = &self.scores {
            let scores = ImageScores::read(path)?;
            check_images(&scores, path, task)?;
            if scores.card.removed.is_some_and(|removed| removed != self.rule.removed) {
                let why = "their order is that of another share".to_owned();
                return Err(ScoresError::OtherImages { path: path.clone(), why }.into());
            }
            return Ok(scores.by(criterion)?.to_vec());
        }
        if criterion == Criterion::Random {
            let mut stream = Stream::new(seed, "random pruning", 0);
            return Ok((0..images).map(|_| f64::from(stream.uniform())).collect());
        }
        let network = Subset::network_at(task.resolution);
        let removed = Some(self.rule.removed);
        let request = Request { removed, ..Request::at(criterion, task, network, budget) };
        Ok(ensure(&request, task, scorer)?.0.by(criterion)?.to_vec())
    }
}
