//! A network of a run, with what its layers are held against.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{
    flatness::{Compared, Flatness, divergence},
    matching::Matching,
    recipe::RecoverRecipe,
};
use crate::{
    methods::{MethodError, Start},
    teachers::TeacherLogits,
};
use compdd_nn::nn::{Mode, Output, Taps};

pub(super) struct Backbone<'a> {
    logits: &'a TeacherLogits,
    /// Its output for every label.
    outputs: Vec<usize>,
    pub matching: Matching,
}

impl<'a> Backbone<'a> {
    /// Teacher number `place` of a run.
    pub fn new(
        start: &Start<'a>,
        recipe: &RecoverRecipe,
        place: usize,
        logits: &'a TeacherLogits,
    ) -> Result<Self, MethodError> {
        let (inside, demand, method) = (logits.teacher(), recipe.demand(), start.method.to_owned());
        if recipe.statistics > 0.0 && !demand.convolutions && inside.network().layout().buffers.is_empty() {
            let network = inside.network().spec().slug();
            return Err(MethodError::NoStatistics { method, network });
        }
        let statistics = start.statistics.get(place);
        if !demand.is_empty() && statistics.is_none() {
            return Err(MethodError::NoneGathered { method });
        }
        let (network, params) = (inside.network(), inside.params());
        let gathered = (&demand, statistics);
        let matching = Matching::of(network, params, gathered, recipe.comparison(), start.device)?;
        Ok(Self { logits, outputs: inside.card().outputs(&start.task.subset)?, matching })
    }

    /// The outputs of labels, `[n]`.
    pub fn outputs(&self, labels: &[u32], device: &Device) -> Tensor<1, Int> {
        let outputs: Vec<i32> = labels.iter().map(|&label| self.outputs[label as usize] as i32).collect();
        Tensor::from_data(TensorData::new(outputs, [labels.len()]), device)
    }

    pub fn forward(&self, view: Tensor<4>, taps: Taps<'_>) -> Output {
        let inside = self.logits.teacher();
        inside.network().forward_with(inside.params(), view, Mode::Eval, taps)
    }

    /// How far what the network makes of a batch is from what it makes of its moving average: `[1]`.
    pub fn flatness(&self, flatness: &Flatness, seen: &Output, average: Tensor<4>) -> Tensor<1> {
        if flatness.compared == Compared::Statistics {
            let other = self.forward(average, Taps::Inputs(self.matching.kinds()));
            return self.matching.between(&seen.taps, other.taps);
        }
        let other = self.forward(average, Taps::None).logits;
        divergence(seen.logits.clone(), other, flatness.temperature, flatness.form)
    }
}
