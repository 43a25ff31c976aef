//! A CAM model made here: a network trained on the task.

use burn::tensor::Device;

use super::{CamError, CamModel};
use crate::eval::{Following, Plan, RealImages, Student, View};
use compdd_data::data::Task;
use compdd_nn::nn::NetworkSpec;

/// How the network behind the maps is trained: as a student of the protocol without a teacher, on real images.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// Epochs that are run; none gives maps of an untrained network.
    pub epochs: usize,
    /// Minibatch size.
    pub batch: usize,
    /// Learning rate of the first half; the second half has a tenth of it.
    pub learning_rate: f32,
    /// Seed of initialisation, shuffling and augmentation.
    pub seed: u64,
    /// Where to compute.
    pub device: &'a Device,
}

/// Trains a network on the training images of a task that are not held out, in the task's own pixel space (whitened images
/// give a model for whitened images), and looks at it through `tap`, or through [`default_tap`](super::default_tap).
///
/// The parameters of the model are the caller's to keep.
///
/// # Errors
/// When the network does not fit the task, when the loss stops being finite, and when `stop` is set.
pub fn train(
    task: &Task,
    spec: &NetworkSpec,
    training: Training<'_>,
    tap: Option<&str>,
    following: &Following<'_>,
) -> Result<CamModel, CamError> {
    let Training { epochs, batch, learning_rate, seed, device } = training;
    let [channels, _, side] = task.train.shape();
    let network = spec.build(channels, side, task.subset.classes_len())?;
    let untrained = CamModel::new(network.clone(), network.init(seed, device), tap)?;
    if epochs == 0 {
        return Ok(untrained);
    }
    let plan = Plan::on_real_images(epochs, batch, learning_rate)?;
    let images = RealImages::new(View::training(task), learning_rate);
    let mut student = Student::new(&network, plan, seed, device);
    student.train_followed(&images, following)?;
    following.progress.ends(0, None);
    let params = student.params().clone();
    CamModel::new(network, params, Some(untrained.tap()))
}
