//! What a student learns from: the loss of one minibatch.

use burn::tensor::{Device, Tensor};

use super::{EvalError, Targets, TrainingData};
use compdd_core::protocol;
use compdd_nn::{
    augment::Draws,
    nn::loss::{distillation_divergence, probability_cross_entropy},
};

/// One minibatch as a student saw it.
#[derive(Clone, Copy, Debug)]
pub struct Minibatch<'a> {
    /// Which images of the training set these are.
    pub indices: &'a [usize],
    /// What was drawn for them: replayed on the same images of the training set, it gives the same views.
    pub draws: &'a Draws,
    /// The images after augmentation and mixing: `[n, channels, height, width]`.
    pub images: &'a Tensor<4>,
}

/// The loss of a training step.
pub trait Supervision {
    /// What distinguishes this supervision from others on the same images, for checkpoints; none for the labels of the training set.
    fn identity(&self) -> Option<String>;

    /// The loss of a minibatch, averaged over its images.
    ///
    /// # Shapes
    /// `logits` `[n, classes]` -> `[1]`.
    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1>;
}

/// A trained network that is asked for logits while a student learns.
pub trait LogitSource: Sync {
    /// Content address of network, parameters and pixel space.
    fn hash(&self) -> &str;

    /// Logits in eval mode, not tracked for gradients.
    ///
    /// # Shapes
    /// `images` `[n, channels, height, width]` -> `[n, classes]`.
    fn logits(&self, images: Tensor<4>) -> Tensor<2>;
}

/// Cross-entropy with the label of every image; a mix mixes the labels by what is left of the image.
#[derive(Debug)]
pub struct StoredLabels {
    targets: Targets,
    device: Device,
}

impl StoredLabels {
    /// The labels of a training set for a network of `classes` outputs.
    ///
    /// # Errors
    /// When the labels do not fit the images or the network.
    pub fn of(data: &dyn TrainingData, classes: usize, device: &Device) -> Result<Self, EvalError> {
        Ok(Self { targets: Targets::new(data.labels(), data.len(), classes)?, device: device.clone() })
    }
}

impl Supervision for StoredLabels {
    fn identity(&self) -> Option<String> {
        None
    }

    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1> {
        let targets = self.targets.batch(minibatch.indices, &self.device);
        probability_cross_entropy(logits, minibatch.draws.targets(targets))
    }
}

/// `KL(teacher || student)` at a temperature, on the images that the student saw (EDF, supplement 10.2).
pub struct OnlineTeacher<'a> {
    teacher: &'a dyn LogitSource,
    temperature: f32,
}

impl Supervision for OnlineTeacher<'_> {
    fn identity(&self) -> Option<String> {
        Some(format!("online teacher {} at {}", self.teacher.hash(), self.temperature))
    }

    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1> {
        distillation_divergence(logits, self.teacher.logits(minibatch.images.clone()), self.temperature)
    }
}

/// The supervision that a protocol names, for one training set.
///
/// # Errors
/// [`EvalError::NoTeacher`] when the protocol needs a teacher and there is none; labels that do not fit.
pub fn supervision<'a>(
    kind: protocol::Supervision,
    data: &dyn TrainingData,
    classes: usize,
    teacher: Option<&'a dyn LogitSource>,
    device: &Device,
) -> Result<Box<dyn Supervision + 'a>, EvalError> {
    Ok(match kind {
        protocol::Supervision::Labels => Box::new(StoredLabels::of(data, classes, device)?),
        protocol::Supervision::OnlineTeacher { temperature } => {
            Box::new(OnlineTeacher { teacher: teacher.ok_or(EvalError::NoTeacher)?, temperature })
        }
    })
}
