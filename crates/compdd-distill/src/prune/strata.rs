//! Strata: the images of every class in the order of their scores, cut into equal parts (the strata of losses in the supplement of `BiLP`).

use std::path::Path;

use super::PruneError;
use crate::{eval::View, select::kept};
use compdd_core::pruning::{Criterion, Rule};
use compdd_data::{
    data::Task,
    scores::{ImageScores, ScoresError},
};

/// A part of every class.
#[derive(Clone, Debug, PartialEq)]
pub struct Stratum {
    /// The rule that keeps it, as `--prune` takes it.
    pub rule: Rule,
    /// Its images: rows of the file of scores, ascending.
    pub images: Vec<usize>,
    /// Mean of their scores.
    pub mean: f64,
}

impl Stratum {
    /// So many of its images: of the classes in turn, and of every class evenly from its lowest score to its highest.
    ///
    /// # Errors
    /// When there are no scores by the criterion.
    pub fn sample(&self, scores: &ImageScores, count: usize) -> Result<Vec<usize>, PruneError> {
        let (values, (labels, names)) = (scores.by(self.rule.criterion)?, scores.labels());
        let mut classes: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
        self.images.iter().for_each(|&image| classes[labels[image] as usize].push(image));
        for class in &mut classes {
            class.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        }
        let rounds = count.div_ceil(classes.len().max(1));
        let pick = |place: usize| {
            let (class, round) = (classes.get(place % classes.len().max(1))?, place / classes.len().max(1));
            class.get((2 * round + 1) * class.len() / (2 * rounds)).copied()
        };
        Ok((0..count).filter_map(pick).collect())
    }
}

/// Cuts the scores of every class into `count` strata, the lowest first; together they are all images, each once, where no class has fewer.
///
/// # Errors
/// When there are no scores by the criterion.
pub fn strata(scores: &ImageScores, criterion: Criterion, count: u32) -> Result<Vec<Stratum>, PruneError> {
    let (values, (labels, _)) = (scores.by(criterion)?, scores.labels());
    let stratum = |rule: Rule| {
        let images = kept(&labels, values, rule.removed, rule.side);
        let mean = images.iter().map(|&image| values[image]).sum::<f64>() / images.len().max(1) as f64;
        Stratum { rule, images, mean }
    };
    Ok(Rule::strata(criterion, count).into_iter().map(stratum).collect())
}

/// Holds scores from a file against a task.
///
/// # Errors
/// [`ScoresError::OtherImages`] when they are not those of its training images.
pub fn check_images(scores: &ImageScores, path: &Path, task: &Task) -> Result<(), PruneError> {
    if scores.card.images == View::training(task).hash() {
        return Ok(());
    }
    let why = "they are of other training images, or of another pixel space".to_owned();
    Err(ScoresError::OtherImages { path: path.to_owned(), why }.into())
}
