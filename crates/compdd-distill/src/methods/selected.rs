//! What the selection methods share: real images of the training set, chosen per class, as a distilled set.

use super::{Distiller, MethodError, Start, State, StepContext, StepReport};
use crate::prune::Chosen;
use compdd_core::record::{Distilled, Labels};
use compdd_nn::feed::PixelTensors as _;

/// Builds the distilled set of a selection: `pick(label, class members)` gives positions within the members of one class, and weights where it has
/// some; these are scaled to a mean of 1 over the set.
/// Labels that no image carries (a class that is listed again later) get no image.
pub(super) fn select(
    start: &Start<'_>,
    learning_rate: f32,
    mut pick: impl FnMut(u32, &[usize]) -> Result<Chosen, MethodError>,
) -> Result<Distilled, MethodError> {
    let task = start.task;
    let unused = task.subset.unused_labels();
    let (mut chosen, mut weights) = (Vec::new(), Vec::new());
    for label in (0..task.subset.classes_len() as u32).filter(|label| !unused.contains(label)) {
        let members = task.train.of_class(label);
        if members.len() < start.ipc {
            return Err(MethodError::TooFewImages {
                class: task.train.classes()[label as usize].clone(),
                found: members.len(),
                needed: start.ipc,
            });
        }
        let picked = pick(label, &members)?;
        chosen.extend(picked.order.into_iter().map(|position| members[position]));
        weights.extend(picked.weights.into_iter().flatten());
    }
    let labels = chosen.iter().map(|&image| task.train.labels()[image]).collect();
    let mean = weights.iter().sum::<f32>() / weights.len().max(1) as f32;
    let scaled = || weights.iter().map(|weight| weight / mean).collect();
    let set = start.distilled(task.space.values(&task.train, &chosen), Labels::Hard(labels), learning_rate);
    Ok(Distilled { weights: (mean > 0.0).then(scaled), ..set })
}

/// The run of a selection: all that takes time was made ready before, and what it chooses follows from that.
pub(super) struct Selection<F>(pub F);

impl<F: Fn() -> Result<Distilled, MethodError>> Distiller for Selection<F> {
    fn steps(&self) -> usize {
        0
    }

    fn step(&mut self, _: &StepContext<'_>) -> Result<StepReport, MethodError> {
        Ok(StepReport::default())
    }

    fn snapshot(&self) -> Result<Distilled, MethodError> {
        (self.0)()
    }

    fn save(&self, _: &mut State) -> Result<(), MethodError> {
        Ok(())
    }

    fn load(&mut self, _: &State) -> Result<(), MethodError> {
        Ok(())
    }
}

/// A learning rate with which SGD can start.
pub(super) fn check_learning_rate(name: &str, value: f32) -> Result<(), String> {
    if value > 0.0 && value <= 10.0 { Ok(()) } else { Err(format!("`{name}` is {value}, but must lie in (0, 10]")) }
}
