//! What a student learns from, as a protocol names it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Operation, Pipeline, ProtocolError};

/// What a student learns from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Supervision {
    /// Cross-entropy with the stored label of every image.
    #[default]
    Labels,
    /// Cross-entropy with the class of every image: where its label is learned, the largest entry alone.
    Classes,
    /// Cross-entropy with one vector an image, the same in every view: the teacher's prediction for the image without augmentation.
    TeacherLabels {
        /// What the teacher's logits are divided by.
        temperature: f32,
    },
    /// The logits of a teacher on the augmented minibatch that the student sees (EDF, arXiv 2410.17193, supplement 10.2; RDED).
    OnlineTeacher(Imitation),
    /// The logits that a teacher gave for the views of every epoch before the first student started, with the views themselves: all students
    /// see the same (fast knowledge distillation, Shen and Xing, ECCV 2022, as `SRe2L`, CDA, G-VBSM and EDC use it).
    StoredLogits(Imitation),
}

/// How a student follows logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Imitation {
    /// The divergence KL(teacher || student) of softened predictions, averaged over images; stored labels are not read.
    Divergence {
        /// What both logits are divided by.
        temperature: f32,
        /// Multiplies with the square of the temperature (`SRe2L` on Tiny `ImageNet`).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        squared: bool,
    },
    /// The squared difference of the logits, averaged over images and classes, and cross-entropy with the label of every image, which a mix
    /// leaves as it is (G-VBSM, EDC).
    Squares {
        /// Weight of the cross-entropy.
        hard_weight: f32,
    },
}

/// How the logits of several teachers become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ensemble {
    /// Their mean (EDC).
    #[default]
    Mean,
    /// The mean of logits that were brought to one Frobenius norm a minibatch: the mean of theirs (G-VBSM).
    Balanced,
}

impl Supervision {
    /// Whether a run must name a teacher.
    pub fn needs_teacher(&self) -> bool {
        !matches!(self, Self::Labels | Self::Classes)
    }

    /// Whether logits are stored before students start.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::StoredLogits(_))
    }

    /// Checks every number, and that views can be stored where they must be: crops, mirrors and `CutMix` can.
    pub(super) fn validate(&self, pipeline: &Pipeline) -> Result<(), ProtocolError> {
        let (name, value) = match *self {
            Self::Labels | Self::Classes => return Ok(()),
            Self::TeacherLabels { temperature } => ("temperature", temperature),
            Self::OnlineTeacher(imitation) | Self::StoredLogits(imitation) => match imitation {
                Imitation::Divergence { temperature, .. } => ("temperature", temperature),
                Imitation::Squares { hard_weight } => ("hard_weight", hard_weight),
            },
        };
        if !(value > 0.0 && value.is_finite()) {
            return Err(ProtocolError::OutOfRange { name, value: value.to_string(), range: "positive and finite" });
        }
        let stored =
            |op: &&Operation| matches!(op, Operation::RandomResizedCrop(_) | Operation::Flip(_) | Operation::CutMix(_));
        match pipeline.operations().iter().find(|op| !stored(op)) {
            Some(op) if self.is_stored() => Err(ProtocolError::OutOfRange {
                name: "augmentation",
                value: op.name().to_owned(),
                range: "made of random-resized-crop, flip and cutmix where logits are stored",
            }),
            _ => Ok(()),
        }
    }
}
