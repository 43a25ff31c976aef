//! Forward passes over real images: accuracy and features.

use burn::tensor::{Device, Tensor};

use super::{EvalError, View};
use compdd_core::{progress::Stop, record::Accuracy};
use compdd_nn::nn::{Mode, Network, Output, Params};

/// How forward passes run: on which device, how many images at a time, until when.
#[derive(Clone, Copy, Debug)]
pub struct InferenceOptions<'a> {
    /// Where to compute.
    pub device: &'a Device,
    /// Images of one pass.
    pub batch: usize,
    /// Set from outside to give up.
    pub stop: &'a Stop,
}

/// Top-1 accuracy in eval mode, without augmentation. Equal largest logits count as the smaller class.
pub fn accuracy(
    network: &Network,
    params: &Params,
    view: &View<'_>,
    passes: InferenceOptions<'_>,
) -> Result<Accuracy, EvalError> {
    let predicted = predictions(network, params, view, passes)?;
    let correct = predicted.iter().enumerate().filter(|&(i, &class)| class == view.label(i)).count();
    Ok(Accuracy::of_counts(correct, view.len()))
}

/// The class with the largest logit for every image of the view, in eval mode and without augmentation. Of equal logits the
/// smaller class counts.
pub fn predictions(
    network: &Network,
    params: &Params,
    view: &View<'_>,
    passes: InferenceOptions<'_>,
) -> Result<Vec<u32>, EvalError> {
    let mut all = Vec::with_capacity(view.len());
    each_output(network, params, view, passes, |output, _| {
        let classes = output.logits.dims()[1];
        all.extend(host(output.logits).chunks_exact(classes).map(|row| largest(row) as u32));
    })?;
    Ok(all)
}

/// Input of the network's head for every image of the view, in eval mode and without augmentation, `[n, d]` row-major.
pub fn features(
    network: &Network,
    params: &Params,
    view: &View<'_>,
    passes: InferenceOptions<'_>,
) -> Result<Vec<f32>, EvalError> {
    let mut all = Vec::new();
    each_output(network, params, view, passes, |output, _| all.extend(host(output.features)))?;
    Ok(all)
}

/// Shows `take` what the network says of the images of the view, in eval mode and without augmentation, a batch at a time, with their places in the
/// view.
///
/// # Errors
/// When it is told to stop.
pub fn each_output(
    network: &Network,
    params: &Params,
    view: &View<'_>,
    passes: InferenceOptions<'_>,
    mut take: impl FnMut(Output, &[usize]),
) -> Result<(), EvalError> {
    let indices: Vec<usize> = (0..view.len()).collect();
    let size = passes.batch.max(1);
    let mut feed = view.feed(&indices, size, passes.device);
    for (number, batch) in indices.chunks(size).enumerate() {
        passes.stop.check()?;
        take(network.forward(params, feed.take(number), Mode::Eval), batch);
    }
    Ok(())
}

fn host(values: Tensor<2>) -> Vec<f32> {
    values.into_data().iter::<f32>().collect()
}

fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}
