//! Optimisers as functions of explicit parameters, with a state that can be saved.

use burn::tensor::Tensor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use compdd_nn::nn::Params;

/// How a gradient becomes an update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Rule {
    /// `g <- g + wd w; v <- mu v + g` (`v = g` at first)`; w <- w - lr v`, on every parameter.
    Sgd {
        /// `mu`.
        momentum: f32,
        /// `wd`.
        weight_decay: f32,
    },
    /// Decoupled decay: `w <- (1 - lr wd) w`, then `w <- w - lr m^ / (sqrt(v^) + eps)` with bias-corrected averages.
    AdamW {
        /// Decay rates of the first and second average.
        betas: [f32; 2],
        /// `eps`.
        epsilon: f32,
        /// `wd`.
        weight_decay: f32,
        /// Leaves parameters of rank one (biases, norms) undecayed.
        matrices_only: bool,
    },
}

/// A rule and its running averages, one list per average in parameter order.
#[derive(Clone, Debug)]
pub struct Optimizer {
    rule: Rule,
    averages: Vec<Vec<Tensor<1>>>,
    steps: u32,
}

impl Optimizer {
    /// An optimiser that has seen no gradient.
    pub fn new(rule: Rule) -> Self {
        Self { rule, averages: Vec::new(), steps: 0 }
    }

    /// An optimiser as it was saved.
    pub(crate) fn restored(rule: Rule, averages: Vec<Vec<Tensor<1>>>, steps: u32) -> Self {
        Self { rule, averages, steps }
    }

    /// Forgets every average, as building a new optimiser does.
    pub fn rebuild(&mut self) {
        *self = Self::new(self.rule);
    }

    /// The running averages: the momentum of SGD, both moments of `AdamW`; empty before the first step.
    pub fn averages(&self) -> &[Vec<Tensor<1>>] {
        &self.averages
    }

    /// Steps since the optimiser was built.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// One update of a network's parameters; running statistics are kept.
    pub fn step(&mut self, params: &Params, gradients: &Params, rate: f32) -> Params {
        let layout = params.layout();
        let ranks: Vec<usize> = layout.parameters.iter().map(|slot| slot.shape.len()).collect();
        let values = self.update(params.values().to_vec(), gradients.values().to_vec(), &ranks, rate);
        Params::new(layout, values, params.buffers().to_vec())
    }

    /// One update of flat tensors. `ranks` are their ranks before they were flattened.
    pub(crate) fn update(
        &mut self,
        weights: Vec<Tensor<1>>,
        gradients: Vec<Tensor<1>>,
        ranks: &[usize],
        rate: f32,
    ) -> Vec<Tensor<1>> {
        self.steps += 1;
        match self.rule {
            Rule::Sgd { momentum, weight_decay } => self.sgd(weights, gradients, [rate, momentum, weight_decay]),
            Rule::AdamW { betas, epsilon, weight_decay, matrices_only } => {
                let decay = |rank: usize| if matrices_only && rank < 2 { 0.0 } else { weight_decay };
                let decays: Vec<f32> = ranks.iter().map(|&rank| decay(rank)).collect();
                self.adam_w(weights, gradients, &decays, betas, [rate, epsilon])
            }
        }
    }

    fn sgd(
        &mut self,
        weights: Vec<Tensor<1>>,
        gradients: Vec<Tensor<1>>,
        [rate, momentum, decay]: [f32; 3],
    ) -> Vec<Tensor<1>> {
        let mut velocity = self.averages.pop().map(Vec::into_iter);
        let mut kept = Vec::with_capacity(weights.len());
        let update = |(w, g): (Tensor<1>, Tensor<1>)| {
            let g = g + w.clone().mul_scalar(decay);
            let v = match velocity.as_mut().and_then(Iterator::next) {
                Some(v) => v.mul_scalar(momentum) + g,
                None => g,
            };
            kept.push(v.clone());
            w - v.mul_scalar(rate)
        };
        let updated = weights.into_iter().zip(gradients).map(update).collect();
        self.averages = vec![kept];
        updated
    }

    fn adam_w(
        &mut self,
        weights: Vec<Tensor<1>>,
        gradients: Vec<Tensor<1>>,
        decays: &[f32],
        betas: [f32; 2],
        [rate, epsilon]: [f32; 2],
    ) -> Vec<Tensor<1>> {
        let correction = betas.map(|beta| (1.0 - f64::from(beta).powf(f64::from(self.steps))) as f32);
        let mut second = self.averages.pop().map(Vec::into_iter);
        let mut first = self.averages.pop().map(Vec::into_iter);
        let (mut kept_first, mut kept_second) = (Vec::new(), Vec::new());
        let average = |old: Option<Tensor<1>>, new: Tensor<1>, beta: f32| {
            let new = new.mul_scalar(1.0 - beta);
            match old {
                Some(old) => old.mul_scalar(beta) + new,
                None => new,
            }
        };
        let update = |((w, g), decay): ((Tensor<1>, Tensor<1>), &f32)| {
            let m = average(first.as_mut().and_then(Iterator::next), g.clone(), betas[0]);
            let v = average(second.as_mut().and_then(Iterator::next), g.clone() * g, betas[1]);
            kept_first.push(m.clone());
            kept_second.push(v.clone());
            let size = v.div_scalar(correction[1]).sqrt().add_scalar(epsilon);
            w.mul_scalar(1.0 - rate * decay) - (m.div_scalar(correction[0]) / size).mul_scalar(rate)
        };
        let updated = weights.into_iter().zip(gradients).zip(decays).map(update).collect();
        self.averages = vec![kept_first, kept_second];
        updated
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn scalar(value: f32) -> Vec<Tensor<1>> {
        vec![Tensor::from_floats([value], &Device::flex())]
    }

    #[test]
    fn sgd_in_the_stated_form_with_an_empty_buffer_after_the_switch() {
        let mut optimizer = Optimizer::new(Rule::Sgd { momentum: 0.9, weight_decay: 0.1 });
        let mut weights = scalar(1.0);
        weights = optimizer.update(weights, scalar(2.0), &[1], 0.5);
        assert!((weights[0].clone().into_scalar::<f32>() - (1.0 - 0.5 * 2.1)).abs() < 1e-6);
        weights = optimizer.update(weights, scalar(2.0), &[1], 0.5);
        let velocity = 0.9 * 2.1 + 2.0 + 0.1 * -0.05;
        assert!((weights[0].clone().into_scalar::<f32>() - (-0.05 - 0.5 * velocity)).abs() < 1e-6);
        optimizer.rebuild();
        assert!(optimizer.averages().is_empty());
        optimizer.update(scalar(0.0), scalar(3.0), &[1], 0.5);
        assert!((optimizer.averages()[0][0].clone().into_scalar::<f32>() - 3.0).abs() < 1e-6);
    }

    #[test]
    fn adam_w_takes_a_full_first_step_and_decays_apart() {
        let rule = Rule::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.1, matrices_only: true };
        let step = |rank| {
            Optimizer::new(rule).update(scalar(1.0), scalar(-4.0), &[rank], 0.01)[0].clone().into_scalar::<f32>()
        };
        assert!((step(1) - 1.01).abs() < 1e-6);
        assert!((step(2) - (0.999 + 0.01)).abs() < 1e-6);
    }
}
