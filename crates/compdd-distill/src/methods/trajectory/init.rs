//! Where a run begins: real images or noise, and the labels that go with them.

use burn::tensor::{Tensor, TensorData};

use super::recipe::{InitKind, LabelKind, TrajectoryRecipe};
use crate::{
    eval::hard_rows,
    experts::{self, Buffer},
    methods::{MethodError, Start},
};
use compdd_core::{progress::Stop, rng::Stream};
use compdd_nn::{feed::PixelTensors as _, grad::Targets, nn::Network};

/// The first images `[N, channels, height, width]` in the task's pixel space, and the class of each.
pub(super) fn images(
    start: &Start<'_>,
    recipe: &TrajectoryRecipe,
    network: &Network,
    buffer: &Buffer,
) -> Result<(Tensor<4>, Vec<u32>), MethodError> {
    let (task, device) = (start.task, start.device);
    let seed = Stream::child_seed(start.seed, "first images", 0);
    let never = Stop::never();
    let chosen = match recipe.init {
        InitKind::Correct => experts::correct_images(buffer, network, task, start.ipc, seed, device, &never)?,
        InitKind::Real | InitKind::Noise => experts::random_images(task, start.ipc, seed)?,
    };
    let classes: Vec<u32> = chosen.iter().map(|&position| task.train.labels()[position]).collect();
    let images = task.space.tensor(&task.train, &chosen, device);
    if recipe.init != InitKind::Noise {
        return Ok((images, classes));
    }
    let shape = images.dims();
    let mut stream = Stream::new(seed, "noise", 0);
    let noise: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Ok((Tensor::from_data(TensorData::new(noise, shape), device), classes))
}

/// The first labels: rows with a single one for hard labels, the experts' mean logits for learned ones. DATM's rule for
/// images that no expert chose (`init = "real"`): the raw logits of one expert, right or wrong.
pub(super) fn targets(
    start: &Start<'_>,
    recipe: &TrajectoryRecipe,
    network: &Network,
    buffer: &Buffer,
    images: &Tensor<4>,
    classes: &[u32],
) -> Result<Targets, MethodError> {
    let width = network.classes();
    let rows = match (recipe.labels, recipe.init) {
        (LabelKind::Hard | LabelKind::Teacher, _) => {
            return Ok(Targets::Probabilities(hard_rows(classes, width, start.device)));
        }
        (LabelKind::Soft, InitKind::Correct) => {
            experts::label_logits(buffer, network, images, classes, &Stop::never())?.labels()
        }
        (LabelKind::Soft, InitKind::Real | InitKind::Noise) => experts::last_logits(buffer, network, 0, images)?,
    };
    let rows = Tensor::from_data(TensorData::new(rows, [classes.len(), width]), start.device);
    Ok(Targets::Logits(rows))
}
