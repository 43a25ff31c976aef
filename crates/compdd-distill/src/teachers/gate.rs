//! Whether a teacher that others trained is what its card says, on the images at hand: asked before anything is scored with it.

use std::path::Path;

use super::{Card, Score, TeacherError};
use crate::eval::{self, InferenceOptions, View};
use compdd_core::record::Accuracy;
use compdd_data::data::Task;
use compdd_nn::nn::{Network, Params};

/// What is always allowed between two measurements: half a point.
const SLACK: f64 = 0.005;
/// So large a share of the images must be right in another order of the classes and wrong in the card's, before the order is blamed.
const BLAMED: f64 = 0.05;
/// So many classes are named.
const NAMED: usize = 3;

/// What a network says of the test images of a task.
pub(super) struct Tried {
    /// Its accuracy with the outputs as the card orders them.
    pub score: Score,
    /// Classes whose images mostly come out as another class of the card, if exchanging the names explains the score: `n01440764 as n02102040`.
    misnamed: Vec<String>,
}

impl Tried {
    /// Asks a network about the test images of a task.
    ///
    /// # Errors
    /// [`TeacherError::Classes`] when it lacks a class, and when it is told to stop.
    pub fn of(
        network: &Network,
        params: &Params,
        card: &Card,
        task: &Task,
        passes: InferenceOptions<'_>,
    ) -> Result<Self, TeacherError> {
        let (view, outputs) = (View::test(task), card.outputs(&task.subset)?);
        let predicted = eval::predictions(network, params, &view, passes)?;
        let pairs: Vec<(usize, usize)> =
            predicted.iter().enumerate().map(|(i, &output)| (view.label(i) as usize, output as usize)).collect();
        let name =
            |label: usize, output: usize| format!("{} as {}", task.subset.classes[label].synset, card.classes[output]);
        let misnamed = exchanged(&pairs, &outputs).into_iter().map(|(label, output)| name(label, output)).collect();
        let accuracy = Accuracy::of_counts(right(&pairs, &outputs), view.len());
        Ok(Self {
            score: Score { accuracy, images: view.len(), subset: task.subset.id(), data: view.hash() },
            misnamed,
        })
    }

    /// Checks the score against what the card states for images of this subset: half a point and two standard errors of a share of so many images
    /// may lie between them.
    ///
    /// # Errors
    /// [`TeacherError::Order`] when the names of classes are exchanged, [`TeacherError::Disagrees`] with both figures.
    pub fn check(&self, card: &Card, path: &Path) -> Result<(), TeacherError> {
        if !self.misnamed.is_empty() {
            let classes = self.misnamed.iter().take(NAMED).cloned().collect();
            return Err(TeacherError::Order { path: path.to_owned(), differing: self.misnamed.len(), classes });
        }
        let Some(stated) = card.stated_for(&self.score.subset) else { return Ok(()) };
        let measured = self.score.accuracy.fraction();
        let tolerance = SLACK + 2.0 * (stated * (1.0 - stated) / self.score.images.max(1) as f64).sqrt();
        if (measured - stated).abs() <= tolerance {
            return Ok(());
        }
        let images = self.score.images;
        Err(TeacherError::Disagrees { path: path.to_owned(), stated, measured, tolerance, images })
    }
}

/// How many of the pairs of label and predicted output agree, by the output of every label.
fn right(pairs: &[(usize, usize)], order: &[usize]) -> usize {
    pairs.iter().filter(|(label, output)| order[*label] == *output).count()
}

/// The labels whose images mostly have another output than theirs, with that output, if giving every label the output that its images mostly have is
/// an order of the outputs and does better by more than chance would.
fn exchanged(pairs: &[(usize, usize)], outputs: &[usize]) -> Vec<(usize, usize)> {
    let usual: Vec<usize> =
        outputs.iter().enumerate().map(|(label, own)| commonest(pairs, label).unwrap_or(*own)).collect();
    let gained = right(pairs, &usual).saturating_sub(right(pairs, outputs));
    let mut distinct = usual.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < usual.len() || (gained as f64) < BLAMED * pairs.len() as f64 {
        return Vec::new();
    }
    usual
        .into_iter()
        .zip(outputs)
        .enumerate()
        .filter(|(_, (usual, own))| usual != *own)
        .map(|(label, (usual, _))| (label, usual))
        .collect()
}

/// The output that most images of a label have.
fn commonest(pairs: &[(usize, usize)], label: usize) -> Option<usize> {
    let mut outputs: Vec<usize> = pairs.iter().filter(|(own, _)| *own == label).map(|(_, output)| *output).collect();
    outputs.sort_unstable();
    outputs.chunk_by(|a, b| a == b).max_by_key(|chunk| chunk.len()).map(|chunk| chunk[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten images a label; `output` of a label is right in nine of ten.
    fn pairs(output: impl Fn(usize) -> usize) -> Vec<(usize, usize)> {
        (0..100).map(|i| (i / 10, if i % 10 == 0 { (output(i / 10) + 3) % 10 } else { output(i / 10) })).collect()
    }

    #[test]
    fn exchanged_names_are_told_from_weak_networks() {
        let order: Vec<usize> = (0..10).collect();
        assert_eq!(exchanged(&pairs(|label| label), &order), []);
        let swapped = |label| match label {
            2 => 5,
            5 => 2,
            other => other,
        };
        assert_eq!(exchanged(&pairs(swapped), &order), [(2, 5), (5, 2)]);
        assert_eq!(exchanged(&pairs(|label| (label + 1) % 10), &order).len(), 10);
        // A network that says one class of everything has no order, however often its class is right.
        assert_eq!(exchanged(&pairs(|_| 4), &order), []);
        // Outputs of a larger set of classes are compared with the order that is given.
        let above: Vec<usize> = (100..110).collect();
        let pairs: Vec<(usize, usize)> =
            pairs(|label| label).into_iter().map(|(label, output)| (label, output + 100)).collect();
        assert_eq!(exchanged(&pairs, &above), []);
        assert_eq!(exchanged(&pairs, &order).len(), 10);
    }
}
