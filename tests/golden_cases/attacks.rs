//! `attack`: losses that attacks climb, and images after them.

use burn::tensor::Tensor;
use compdd::{
    attack::{
        Attack, Batch, Cw, Fgsm, Jitter, Pgd, Victim, Vmi, cross_entropies, difference_of_logits, margins,
        targeted_difference,
    },
    progress::Stop,
};

use super::Case;

/// `tanh(x W1) W2`.
struct Hidden {
    first: Tensor<2>,
    second: Tensor<2>,
}

impl Victim for Hidden {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let [n, c, h, w] = images.dims();
        images.reshape([n, c * h * w]).matmul(self.first.clone()).tanh().matmul(self.second.clone())
    }
}

/// `attack`.
pub fn attacks(case: &Case) -> Result<(), String> {
    let victim = Hidden { first: case.tensor("in.w1")?, second: case.tensor("in.w2")? };
    let (images, moved) = (case.tensor::<4>("in.images")?, case.tensor::<4>("in.moved")?);
    let whole = |name: &str| -> Result<Vec<usize>, String> {
        Ok(case.f32(name)?.0.into_iter().map(|value| value as usize).collect())
    };
    let labels: Vec<u32> = whole("in.labels")?.into_iter().map(|label| label as u32).collect();
    let logits = victim.logits(images.clone());
    case.check_tensor("cross_entropy", &cross_entropies(logits.clone(), &labels))?;
    case.check_tensor("margin", &margins(&logits, &labels))?;
    case.check_tensor("dlr", &difference_of_logits(&logits, &labels))?;
    case.check_tensor("targeted", &targeted_difference(&logits, &labels, &whole("in.targets")?))?;
    let seen = victim.logits(moved.clone());
    let still = seen.zeros_like();
    case.check_tensor("jitter_loss", &Jitter::default().losses(seen, (&moved, &images), &labels, still))?;

    let (epsilon, step, steps) = (case.real("epsilon")?, case.real("step")?, case.number("steps")?);
    let places: Vec<usize> = (0..labels.len()).collect();
    let batch = Batch { images: images.clone(), labels: &labels, places: &places, seed: 0 };
    let after = |attack: &dyn Attack| {
        attack.perturb(&victim, &batch, epsilon, &Stop::never()).map_err(|error| error.to_string())
    };
    case.check_tensor("fgsm", &after(&Fgsm)?)?;
    case.check_tensor("pgd", &after(&Pgd { steps, step, random_start: false })?)?;
    // One neighbour, at the images themselves: what it corrects is nothing.
    case.check_tensor("vmi", &after(&Vmi { steps, step, decay: 1.0, neighbours: 1, reach: 0.0 })?)?;

    let cw = Cw { steps: case.number("cw_steps")?, rate: case.real("cw_rate")?, ..Cw::default() };
    let w = case.tensor::<4>("in.w")?.autodiff().require_grad();
    let terms = cw.terms(&victim, w.clone(), &images, &labels);
    case.check_tensor("cw_distances", &terms.distances)?;
    case.check_tensor("cw_total", &terms.total)?;
    case.check_tensor("cw_gradient", &w.grad_remove(&mut terms.total.backward()).ok_or("no gradient of w")?)?;
    case.check_tensor("cw", &after(&cw)?)
}
