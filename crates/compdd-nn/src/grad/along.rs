//! Derivatives along a direction: of the parameters' gradient along one in image space, and of every image's loss along one in parameter space.

use burn::tensor::Tensor;

use super::{
    Batch, Objective,
    dual::{Dual, DualTensor},
    products::{slope, slopes},
};
use crate::nn::{Mode, Network, Params, Taps, Values};

impl Objective<'_> {
    /// How the gradient with respect to the parameters changes along `direction` in image space, `d/de grad loss(x + e t)`: the reverse sweep of
    /// `<grad_x loss, t>`, since mixed derivatives commute. All images in one pass.
    ///
    /// # Shapes
    /// `direction` as the batch's images `[n, channels, height, width]`.
    pub fn along_images(&self, params: &Params, batch: &Batch, direction: &Tensor<4>) -> Params {
        let tracked = params.track();
        // Tangents of zero, so that layers take the operations of the exact products: composed ones add up in an order that no seed fixes.
        let still = |value: &Tensor<1>| value.clone().inner().zeros_like().autodiff();
        let values: Vec<DualTensor<1>> =
            tracked.values().iter().map(|value| DualTensor::pair(value.clone(), still(value))).collect();
        let values = Values::<Dual> { parameters: &values, buffers: params.buffers(), masks: &[] };
        let constant = |images: &Tensor<4>| images.clone().inner().autodiff();
        let images = DualTensor::pair(constant(&batch.images), constant(direction));
        let run = self.network.run::<Dual>(&values, images, self.mode, Taps::None);
        let targets = batch.targets.probabilities().inner().autodiff();
        let mut gradients = slope(run.logits, targets).backward();
        tracked.gradients(&mut gradients)
    }

    /// `<grad loss_i, v>` of every image `i` on its own, with `v` in parameter space: one dual pass, nothing backwards.
    ///
    /// # Shapes
    /// -> `[n]`.
    pub fn slopes(&self, params: &Params, batch: &Batch, direction: &Params) -> Tensor<1> {
        let pairs = params.values().iter().zip(direction.values());
        let values: Vec<DualTensor<1>> = pairs.map(|(value, v)| DualTensor::pair(value.clone(), v.clone())).collect();
        let values = Values::<Dual> { parameters: &values, buffers: params.buffers(), masks: &[] };
        let images = DualTensor::Constant(batch.images.clone());
        let run = self.network.run::<Dual>(&values, images, self.mode, Taps::None);
        slopes(run.logits, batch.targets.probabilities())
    }
}

/// How the input of a network's head changes along `direction` in image space, `d/de features(x + e t)`; nothing is tracked.
///
/// # Shapes
/// `images`, `direction` `[n, channels, height, width]` -> `[n, d]`.
pub fn features_along(
    network: &Network,
    params: &Params,
    images: &Tensor<4>,
    direction: &Tensor<4>,
    mode: Mode,
) -> Tensor<2> {
    let values: Vec<DualTensor<1>> = params.values().iter().cloned().map(DualTensor::Constant).collect();
    let values = Values::<Dual> { parameters: &values, buffers: params.buffers(), masks: &[] };
    let run = network.run::<Dual>(&values, DualTensor::pair(images.clone(), direction.clone()), mode, Taps::None);
    let (features, tangent) = run.features.into_parts();
    tangent.unwrap_or_else(|| features.zeros_like())
}
