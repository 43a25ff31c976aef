//! Forward passes over real images: accuracy and features.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{Device, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EvalError, View};
use crate::nn::{Mode, Network, Output, Params};

/// How many images a network classified correctly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accuracy {
    /// Images whose largest logit is that of their class.
    pub correct: usize,
    /// Images seen.
    pub total: usize,
}

impl Accuracy {
    /// Share of correct images, between 0 and 1; 0 when there are none.
    pub fn share(self) -> f64 {
        if self.total == 0 { 0.0 } else { self.correct as f64 / self.total as f64 }
    }

    /// Share of correct images in percent.
    pub fn percent(self) -> f64 {
        100.0 * self.share()
    }
}

/// How forward passes run: on which device, how many images at a time, until when.
#[derive(Clone, Copy, Debug)]
pub struct Passes<'a> {
    /// Where to compute.
    pub device: &'a Device,
    /// Images of one pass.
    pub batch: usize,
    /// Set from outside to give up.
    pub stop: &'a AtomicBool,
}

/// Top-1 accuracy in eval mode, without augmentation. Equal largest logits count as the smaller class.
pub fn accuracy(network: &Network, params: &Params, view: &View<'_>, passes: Passes<'_>) -> Result<Accuracy, EvalError> {
    let mut correct = 0;
    forward(network, params, view, passes, |output, batch| {
        let classes = output.logits.dims()[1];
        let logits = host(output.logits);
        let hits = logits.chunks_exact(classes).zip(batch);
        correct += hits.filter(|&(row, &i)| largest(row) == view.label(i) as usize).count();
    })?;
    Ok(Accuracy { correct, total: view.len() })
}

/// Input of the network's head for every image of the view, in eval mode and without augmentation, `[n, d]` row-major.
pub fn features(network: &Network, params: &Params, view: &View<'_>, passes: Passes<'_>) -> Result<Vec<f32>, EvalError> {
    let mut all = Vec::new();
    forward(network, params, view, passes, |output, _| all.extend(host(output.features)))?;
    Ok(all)
}

fn forward(
    network: &Network,
    params: &Params,
    view: &View<'_>,
    passes: Passes<'_>,
    mut take: impl FnMut(Output, &[usize]),
) -> Result<(), EvalError> {
    let indices: Vec<usize> = (0..view.len()).collect();
    for batch in indices.chunks(passes.batch.max(1)) {
        if passes.stop.load(Ordering::Relaxed) {
            return Err(EvalError::Interrupted);
        }
        take(network.forward(params, view.tensor(batch, passes.device), Mode::Eval), batch);
    }
    Ok(())
}

fn host(values: Tensor<2>) -> Vec<f32> {
    values.into_data().iter::<f32>().collect()
}

fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}
