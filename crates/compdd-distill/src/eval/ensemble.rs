//! Several teachers that answer as one.

use burn::tensor::Tensor;

use super::LogitSource;
use compdd_core::{protocol::Ensemble, record::hash};

/// Teachers whose logits are combined.
pub struct Teachers<'a> {
    members: Vec<&'a dyn LogitSource>,
    combination: Ensemble,
    hash: String,
}

impl<'a> Teachers<'a> {
    /// These teachers, if there is one. Their order is part of what they are called: sums of numbers depend on it.
    pub fn of<T: LogitSource>(members: &'a [T], combination: Ensemble) -> Option<Self> {
        let hash = match members {
            [] => return None,
            [one] => one.hash().to_owned(),
            several => hash::of(&(several.iter().map(LogitSource::hash).collect::<Vec<_>>(), combination)),
        };
        Some(Self { members: members.iter().map(|member| member as _).collect(), combination, hash })
    }

    fn together(&self, ask: impl Fn(&dyn LogitSource) -> Tensor<2>) -> Tensor<2> {
        let answers = self.members.iter().map(|member| ask(*member)).collect();
        combined(self.combination, answers)
    }
}

impl LogitSource for Teachers<'_> {
    fn hash(&self) -> &str {
        &self.hash
    }

    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.together(|member| member.logits(images.clone()))
    }

    fn logits_in_training(&self, images: Tensor<4>) -> Tensor<2> {
        self.together(|member| member.logits_in_training(images.clone()))
    }
}

/// One answer of several, each `[n, classes]`; a single one is as it was.
pub fn combined(combination: Ensemble, answers: Vec<Tensor<2>>) -> Tensor<2> {
    let count = answers.len();
    if count == 1 || combination == Ensemble::Mean {
        return mean(answers, count);
    }
    let norms: Vec<Tensor<2>> =
        answers.iter().map(|answer| (answer.clone() * answer.clone()).sum().sqrt().reshape([1, 1])).collect();
    let level = mean(norms.clone(), count);
    let alike = answers.into_iter().zip(norms).map(|(answer, norm)| answer / norm);
    mean(alike.collect(), count) * level
}

fn mean(tensors: Vec<Tensor<2>>, count: usize) -> Tensor<2> {
    let sum = tensors.into_iter().reduce(|sum, next| sum + next);
    sum.expect("an ensemble has a member").div_scalar(count as f32)
}
