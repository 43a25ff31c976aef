//! GSAM: a step that also looks a little way uphill, so that trajectories stay in flat regions.
//!
//! Source: surrogate gap guided SAM (arXiv 2203.08065) in the adaptive form that FTD (2211.11004) trains its experts with.

use burn::tensor::Tensor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ExpertError;
use compdd_nn::nn::Params;

/// Keeps the divisions finite.
const EPSILON: f64 = 1e-12;

/// The settings of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gsam {
    /// Radius of the perturbation. 0 is SGD. The published schedule is proportional to the learning rate between two
    /// equal bounds, that is constant.
    pub rho: f32,
    /// How much of the gradient's part across the perturbed gradient is taken away. 0 is SAM.
    pub alpha: f32,
    /// Scales the perturbation with the weights (ASAM).
    pub adaptive: bool,
}

impl Default for Gsam {
    /// What DATM, PAD and EDF use for everything.
    fn default() -> Self {
        Self { rho: 0.01, alpha: 0.3, adaptive: true }
    }
}

/// A loss with its gradient at some parameters.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// The loss, one value.
    pub loss: Tensor<1>,
    /// Its gradient. The running statistics in it are those after the pass.
    pub gradient: Params,
}

/// What one step computes, flat and in `PyTorch` order.
#[derive(Clone, Debug)]
pub struct Step {
    /// `f(w)`.
    pub loss: Tensor<1>,
    /// `g`, the gradient at `w`.
    pub gradient: Tensor<1>,
    /// `e`, the way uphill.
    pub perturbation: Tensor<1>,
    /// `f(w + e)`.
    pub loss_perturbed: Tensor<1>,
    /// `g'`, the gradient at `w + e`.
    pub gradient_perturbed: Tensor<1>,
    /// `v`, the part of `g` orthogonal to `g'`.
    pub orthogonal: Tensor<1>,
    /// `d = g' - alpha v`.
    pub direction: Tensor<1>,
    /// `w - lr d`, with the running statistics of the first pass.
    pub params: Params,
}

impl Gsam {
    /// Checks the settings against their ranges.
    ///
    /// # Errors
    /// [`ExpertError::Setting`].
    pub fn validate(&self) -> Result<(), ExpertError> {
        let share = |value: f32| (0.0..=10.0).contains(&value);
        let checks = [("rho", self.rho), ("alpha", self.alpha)];
        match checks.into_iter().find(|(_, value)| !share(*value)) {
            Some((name, value)) => {
                Err(ExpertError::Setting { name, value: value.to_string(), range: "between 0 and 10" })
            }
            None => Ok(()),
        }
    }

    /// One step from `w` with learning rate `rate`. `f` is asked twice, at `w` and at `w + e`, and must use the same
    /// minibatch both times; the running statistics of the second pass are dropped.
    ///
    /// With norms over all parameters: `e = rho w^2 g / (||w| g| + eps)` (adaptive; else `rho g / (|g| + eps)`),
    /// `v = g - cos(g, g') |g| g' / (|g'| + eps)`, `d = g' - alpha v`.
    pub fn step(&self, w: &Params, rate: f32, f: impl Fn(&Params) -> Gradient) -> Step {
        let Gradient { loss, gradient } = f(w);
        let (buffers, flat) = (gradient.buffers().to_vec(), w.flatten());
        let g = gradient.flatten();
        let scaled = if self.adaptive { flat.clone().abs() * g.clone() } else { g.clone() };
        let size = scaled.clone().square().sum().sqrt().add_scalar(EPSILON);
        let uphill = if self.adaptive { flat.clone().abs() * scaled } else { scaled };
        let perturbation = uphill.mul_scalar(self.rho) / size;
        let Gradient { loss: loss_perturbed, gradient } = f(&w.unflatten(&(flat.clone() + perturbation.clone())));
        let there = gradient.flatten();

        let norm = |x: &Tensor<1>| x.clone().square().sum().sqrt();
        let (here_norm, there_norm) = (norm(&g), norm(&there));
        let inner = (g.clone() * there.clone()).sum();
        let cosine = inner / (there_norm.clone() * here_norm.clone()).add_scalar(EPSILON);
        let orthogonal = g.clone() - there.clone() * (cosine * here_norm / there_norm.add_scalar(EPSILON));
        let direction = there.clone() - orthogonal.clone().mul_scalar(self.alpha);
        let params = w.unflatten(&(flat - direction.clone().mul_scalar(rate))).with_buffers(buffers);
        Step {
            loss,
            gradient: g,
            perturbation,
            loss_perturbed,
            gradient_perturbed: there,
            orthogonal,
            direction,
            params,
        }
    }
}
