//! What images begin as.

use serde::{Deserialize, Serialize};

use super::recipe::RecoverRecipe;
use crate::methods::{MethodError, Start, rded};
use compdd_core::rng::Stream;
use compdd_nn::feed::PixelTensors as _;

/// What images begin as.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Initial {
    /// Standard normal values.
    #[default]
    Noise,
    /// Training images of the class, drawn at random, each once.
    Real,
    /// The crops that the networks together are surest of, several on an image: RDED's set, which is made first, a class a step.
    Mosaic,
}

/// Smallest share of an image's area that a crop of a mosaic has.
const MIN_AREA: f32 = 0.08;

/// Random training images of every class: `[classes * ipc, channels, height, width]`, class by class.
pub(super) fn real(start: &Start<'_>, classes: &[u32]) -> Result<Vec<f32>, MethodError> {
    let (task, mut chosen) = (start.task, Vec::with_capacity(classes.len() * start.ipc));
    for &label in classes {
        let members = task.train.of_class(label);
        if members.len() < start.ipc {
            let class = task.train.classes()[label as usize].clone();
            return Err(MethodError::TooFewImages { class, found: members.len(), needed: start.ipc });
        }
        let order = Stream::new(start.seed, "initial", u64::from(label)).sample(members.len(), start.ipc);
        chosen.extend(order.into_iter().map(|place| members[place]));
    }
    Ok(task.space.values(&task.train, &chosen))
}

/// The run that makes mosaics, with the teachers of the run as observer.
pub(super) fn mosaics<'a>(start: &Start<'a>, recipe: &RecoverRecipe) -> Result<rded::Run<'a>, MethodError> {
    let recipe = rded::RdedRecipe {
        tiles: recipe.tiles,
        candidates: recipe.candidates,
        crops: recipe.crops,
        min_area: MIN_AREA,
        labels: rded::LabelKind::Hard,
        network: recipe.network.clone(),
        learning_rate: recipe.learning_rate,
        observer: String::new(),
    };
    rded::Run::new(start.clone(), recipe)
}
