//! Products with second derivatives: along one direction `v` in parameter space, all of them in one sweep.

use burn::tensor::{Tensor, activation::softmax};

use super::{
    Batch, Objective,
    dual::{Dual, DualTensor},
    objective::{Sum, taken},
};
use crate::nn::{Params, Taps, TensorOps, Values};

/// The derivatives of `<grad loss, v>`, `grad` with respect to the parameters and `v` held constant.
#[derive(Clone, Debug)]
pub struct Products {
    /// `<grad loss, v>`, one value.
    pub slope: Tensor<1>,
    /// With respect to the parameters: the Hessian times `v`.
    pub parameters: Params,
    /// With respect to the images `[n, channels, height, width]`.
    pub images: Tensor<4>,
    /// With respect to the label logits `[n, classes]`, if the labels are logits.
    pub labels: Option<Tensor<2>>,
}

impl Sum for Products {
    fn plus(self, next: Self) -> Self {
        Self {
            slope: self.slope + next.slope,
            parameters: self.parameters.add_scaled(&next.parameters, 1.0),
            images: Tensor::cat(vec![self.images, next.images], 0),
            labels: self.labels.zip(next.labels).map(|(a, b)| Tensor::cat(vec![a, b], 0)),
        }
    }
}

/// How the products are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Differences {
    /// Reverse mode over the dual pass: exact.
    #[default]
    Exact,
    /// `[f(theta + e v) - f(theta - e v)] / 2e` of the first derivatives, with `e = step |theta| / |v|`: only to check the
    /// exact ones.
    Central {
        /// Relative step, about 1e-3 in single precision.
        step: f64,
    },
}

impl Objective<'_> {
    /// All products along `direction` by reverse mode over the dual pass.
    ///
    /// With the dual pass giving logits `z` and their tangents `z'`, `<grad loss, v> = mean_i sum_c (softmax(z) - p)_c z'_c`.
    pub(super) fn exact_products(&self, params: &Params, batch: &Batch, direction: &Params) -> Products {
        self.sum(batch, |batch, share| {
            let (tracked, leaves) = (params.track(), batch.track());
            let values = tracked.values().iter().zip(direction.values());
            let values: Vec<DualTensor<1>> =
                values.map(|(value, v)| DualTensor::pair(value.clone(), v.clone().inner().autodiff())).collect();
            let values = Values::<Dual> { parameters: &values, buffers: params.buffers(), masks: &[] };
            let run =
                self.network.run::<Dual>(&values, DualTensor::Constant(leaves.images.clone()), self.mode, Taps::None);
            let slope = slope(run.logits, leaves.targets.probabilities()) * share;
            let mut gradients = slope.backward();
            let parameters = tracked.gradients(&mut gradients);
            let (images, labels) = taken(&leaves, &mut gradients);
            Products { slope: slope.inner(), parameters, images, labels }
        })
    }

    /// The same by central differences of the first derivatives.
    pub(super) fn central_differences(
        &self,
        params: &Params,
        batch: &Batch,
        direction: &Params,
        step: f64,
    ) -> Products {
        let (length, size) = (direction.dot(direction).sqrt(), params.dot(params).sqrt());
        let epsilon = if length > 0.0 { step * size.max(f64::MIN_POSITIVE) / length } else { 1.0 };
        let plus = self.first(&params.clone().add_scaled(direction, epsilon), batch);
        let minus = self.first(&params.clone().add_scaled(direction, -epsilon), batch);
        let scale = 0.5 / epsilon;
        Products {
            slope: (plus.loss - minus.loss) * scale,
            parameters: plus.parameters.add_scaled(&minus.parameters, -1.0).scale(scale),
            images: (plus.images - minus.images) * scale,
            labels: plus.labels.zip(minus.labels).map(|(a, b)| (a - b) * scale),
        }
    }
}

/// The directional derivative of the mean cross-entropy.
pub(super) fn slope(logits: <Dual as TensorOps>::T<2>, targets: Tensor<2>) -> Tensor<1> {
    match logits.into_parts() {
        (logits, Some(tangent)) => ((softmax(logits, 1) - targets) * tangent).sum_dim(1).mean(),
        (logits, None) => (logits * 0.0).mean(),
    }
}

/// The directional derivative of the cross-entropy of every image, `[n]`.
pub(super) fn slopes(logits: <Dual as TensorOps>::T<2>, targets: Tensor<2>) -> Tensor<1> {
    match logits.into_parts() {
        (logits, Some(tangent)) => ((softmax(logits, 1) - targets) * tangent).sum_dim(1).flatten(0, 1),
        (logits, None) => (logits * 0.0).sum_dim(1).flatten(0, 1),
    }
}
