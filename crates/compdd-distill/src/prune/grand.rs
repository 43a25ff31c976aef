//! `GraNd`: the length of an image's gradient (Paul, Ganguli and Dziugaite, `NeurIPS` 2021, section 2.1).

use super::PruneError;
use crate::eval::{Student, View, hard_rows};
use compdd_core::progress::Stop;
use compdd_nn::{
    grad::{Batch, Differentiable as _, Objective, Targets},
    nn::Mode,
};

/// The length of the gradient of each image's cross-entropy with respect to all parameters, in eval mode. A forward and a backward pass an image.
pub(super) fn lengths(student: &Student<'_>, view: &View<'_>, stop: &Stop) -> Result<Vec<f64>, PruneError> {
    let (network, params) = (student.network(), student.params());
    let (objective, device) = (Objective::new(network, Mode::Eval), params.device());
    let length = |image: usize| {
        stop.check()?;
        let targets = Targets::Probabilities(hard_rows(&[view.label(image)], network.classes(), &device));
        let batch = Batch { images: view.tensor(&[image], &device), targets };
        let gradient = objective.gradient(params, &batch).1;
        Ok(gradient.dot(&gradient).sqrt())
    };
    (0..view.len()).map(length).collect()
}
