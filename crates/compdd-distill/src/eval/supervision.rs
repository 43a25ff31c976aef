//! What a student learns from: the loss of one minibatch.

use burn::tensor::{Device, Tensor};

use super::{EvalContext, EvalError, InferenceOptions, SoftLabels, Targets, TrainingData, soft_labels::StoredLogits};
use compdd_core::{
    protocol::{self, Imitation, Scoring},
    record::Labels,
};
use compdd_nn::{
    augment::Draws,
    nn::loss::{distillation_divergence, logit_squares, probability_cross_entropy, softened},
};

/// One minibatch as a student saw it.
#[derive(Clone, Copy, Debug)]
pub struct Minibatch<'a> {
    /// Its number in the epoch.
    pub number: usize,
    /// Which images of the training set these are.
    pub indices: &'a [usize],
    /// What was drawn for them: replayed on the same images of the training set, it gives the same views.
    pub draws: &'a Draws,
    /// The images after augmentation and mixing: `[n, channels, height, width]`.
    pub images: &'a Tensor<4>,
}

/// The views of an epoch where they are not the student's to draw.
#[derive(Clone, Debug)]
pub struct Script {
    /// The images of the training set in order.
    pub order: Vec<usize>,
    /// What is done to each minibatch.
    pub draws: Vec<Draws>,
}

/// The loss of a training step.
pub trait Supervision {
    /// What distinguishes this supervision from others on the same images, for checkpoints; none for the labels of the training set.
    fn identity(&self) -> Option<String>;

    /// Makes ready for an epoch, and says what is seen in it where that is fixed.
    ///
    /// # Errors
    /// When what was stored for the epoch cannot be read.
    fn begin(&mut self, epoch: usize) -> Result<Option<Script>, EvalError> {
        let _ = epoch;
        Ok(None)
    }

    /// The loss of a minibatch of the epoch that was begun last, averaged over its images.
    ///
    /// # Shapes
    /// `logits` `[n, classes]` -> `[1]`.
    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1>;
}

/// Trained networks that are asked for logits while a student learns.
pub trait LogitSource: Sync {
    /// Content address of network, parameters and pixel space.
    fn hash(&self) -> &str;

    /// Logits in eval mode, not tracked for gradients.
    ///
    /// # Shapes
    /// `images` `[n, channels, height, width]` -> `[n, classes]`.
    fn logits(&self, images: Tensor<4>) -> Tensor<2>;

    /// Logits in train mode, with the batch statistics of the images; nothing of the network changes. One that has no batch norm says the
    /// same in both.
    ///
    /// # Shapes
    /// As [`LogitSource::logits`].
    fn logits_in_training(&self, images: Tensor<4>) -> Tensor<2> {
        self.logits(images)
    }
}

/// Cross-entropy with one target an image, the same in every view; a mix mixes the targets by what is left of the image. Where the training set has
/// weights, each image's loss is multiplied by its own.
#[derive(Debug)]
pub struct StoredLabels {
    targets: Targets,
    device: Device,
    /// What the targets are, where they are not the labels of the training set.
    instead: Option<String>,
}

impl StoredLabels {
    /// The labels of a training set for a network of `classes` outputs.
    ///
    /// # Errors
    /// When the labels do not fit the images or the network.
    pub fn of(data: &dyn TrainingData, classes: usize, device: &Device) -> Result<Self, EvalError> {
        let targets = Targets::new(data.labels(), data.len(), classes)?.weighted(data.weights())?;
        Ok(Self { targets, device: device.clone(), instead: None })
    }

    /// The class of every image: of a learned label the first largest entry.
    ///
    /// # Errors
    /// As [`StoredLabels::of`].
    pub fn classes(data: &dyn TrainingData, classes: usize, device: &Device) -> Result<Self, EvalError> {
        data.labels().check(data.len(), classes)?;
        let labels = Labels::Hard(data.labels().classes_of_images());
        let targets = Targets::new(&labels, data.len(), classes)?.weighted(data.weights())?;
        Ok(Self { targets, device: device.clone(), instead: Some("classes".to_owned()) })
    }

    /// `softmax(t / temperature)` of a teacher's logits for every image without augmentation.
    ///
    /// # Errors
    /// When it is told to stop.
    pub fn predicted(
        data: &dyn TrainingData,
        teacher: &dyn LogitSource,
        temperature: f32,
        passes: InferenceOptions<'_>,
    ) -> Result<Self, EvalError> {
        let order: Vec<usize> = (0..data.len()).collect();
        let mut images = data.batches(&order, passes.batch, passes.device);
        let (mut values, mut classes) = (Vec::new(), 0);
        for number in 0..data.len().div_ceil(passes.batch) {
            passes.stop.check()?;
            let rows = softened(teacher.logits(images(number)), temperature);
            classes = rows.dims()[1];
            values.extend(rows.into_data().iter::<f32>());
        }
        let targets = Targets::new(&Labels::Probabilities { values, classes }, data.len(), classes)?;
        let targets = targets.weighted(data.weights())?;
        let instead = Some(format!("labels of teacher {} at {temperature}", teacher.hash()));
        Ok(Self { targets, device: passes.device.clone(), instead })
    }

    fn rows(&self, minibatch: &Minibatch<'_>) -> Tensor<2> {
        self.targets.batch(minibatch.indices, &self.device)
    }
}

impl Supervision for StoredLabels {
    fn identity(&self) -> Option<String> {
        self.instead.clone()
    }

    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1> {
        probability_cross_entropy(logits, minibatch.draws.targets(self.rows(minibatch)))
    }
}

/// How a student's logits are compared with a teacher's.
#[derive(Debug)]
pub(super) struct Comparison {
    imitation: Imitation,
    labels: StoredLabels,
}

impl Comparison {
    pub(super) fn loss(&self, minibatch: &Minibatch<'_>, student: Tensor<2>, teacher: Tensor<2>) -> Tensor<1> {
        match self.imitation {
            Imitation::Divergence { temperature, squared } => {
                let divergence = distillation_divergence(student, teacher, temperature);
                if squared { divergence.mul_scalar(temperature * temperature) } else { divergence }
            }
            Imitation::Squares { hard_weight } => {
                let hard = probability_cross_entropy(student.clone(), self.labels.rows(minibatch));
                logit_squares(student, teacher) + hard.mul_scalar(hard_weight)
            }
        }
    }

    /// What distinguishes it from others, with the word for whose logits these are.
    pub(super) fn identity(&self, whose: &str) -> String {
        match self.imitation {
            Imitation::Divergence { temperature, squared: false } => format!("{whose} at {temperature}"),
            Imitation::Divergence { temperature, squared: true } => format!("{whose} at {temperature} squared"),
            Imitation::Squares { hard_weight } => format!("{whose} by squares and {hard_weight}"),
        }
    }
}

/// The logits of a teacher on the images that the student sees.
pub struct OnlineTeacher<'a> {
    teacher: &'a dyn LogitSource,
    in_training: bool,
    comparison: Comparison,
}

impl Supervision for OnlineTeacher<'_> {
    fn identity(&self) -> Option<String> {
        let mode = if self.in_training { " in training" } else { "" };
        Some(self.comparison.identity(&format!("online teacher {}{mode}", self.teacher.hash())))
    }

    fn loss(&self, minibatch: &Minibatch<'_>, logits: Tensor<2>) -> Tensor<1> {
        let images = minibatch.images.clone();
        let answer =
            if self.in_training { self.teacher.logits_in_training(images) } else { self.teacher.logits(images) };
        self.comparison.loss(minibatch, logits, answer)
    }
}

/// Who guides students that do not learn from labels alone.
#[derive(Clone, Copy)]
pub enum Guide<'a> {
    /// Nobody.
    None,
    /// Teachers that are asked on every minibatch.
    Online(&'a dyn LogitSource),
    /// What teachers said of the views of every training set, in the order of the sets.
    Stored(&'a [SoftLabels]),
}

/// The supervision that a protocol names, for training set number `set`.
///
/// # Errors
/// [`EvalError::NoTeacher`] when the protocol needs a guide of another kind than there is; labels that do not fit; an interruption while a teacher
/// is asked for its labels.
pub(super) fn supervision<'a>(
    protocol: &Scoring,
    data: &dyn TrainingData,
    set: usize,
    classes: usize,
    guide: Guide<'a>,
    context: &EvalContext<'_>,
) -> Result<Box<dyn Supervision + 'a>, EvalError> {
    let device = &context.device;
    let labels = StoredLabels::of(data, classes, device)?;
    Ok(match (protocol.supervision, guide) {
        (protocol::Supervision::Labels, _) => Box::new(labels),
        (protocol::Supervision::Classes, _) => Box::new(StoredLabels::classes(data, classes, device)?),
        (protocol::Supervision::TeacherLabels { temperature }, Guide::Online(teacher)) => {
            let passes = InferenceOptions { device, batch: protocol.test_batch, stop: context.stop };
            Box::new(StoredLabels::predicted(data, teacher, temperature, passes)?)
        }
        (protocol::Supervision::OnlineTeacher(imitation), Guide::Online(teacher)) => Box::new(OnlineTeacher {
            teacher,
            in_training: protocol.sre2l_teacher_in_training,
            comparison: Comparison { imitation, labels },
        }),
        (protocol::Supervision::StoredLogits(imitation), Guide::Stored(stored)) => {
            let stored = stored.get(set).ok_or(EvalError::NoTeacher)?;
            Box::new(StoredLogits::new(stored, Comparison { imitation, labels }, device))
        }
        _ => return Err(EvalError::NoTeacher),
    })
}
