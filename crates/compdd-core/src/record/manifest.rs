//! The manifest of a bundle: everything about a distilled set but its numbers.

use super::{Distilled, PixelSpaceRecord, Provenance, RecordError, hash};
use crate::limits;
use crate::subset::ClassEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `compdd-bundle`.
    pub format: String,
    /// Version of this format.
    pub version: u64,
    /// The data file.
    pub data: DataFile,
    /// Slug of the method.
    pub method: String,
    /// Id of the subset.
    pub subset: String,
    /// The classes; label = position.
    pub classes: Vec<ClassEntry>,
    /// Errata of the subset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Images per class, as stored.
    pub ipc: usize,
    /// Images that a stored image holds along each side; left out when it is 1, the image itself.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub formation: usize,
    /// N, C, H, W.
    pub shape: [usize; 4],
    /// What the labels are.
    pub labels: LabelKind,
    /// Bytes that the labels take.
    pub label_bytes: usize,
    /// The student's step size, for reading; the exact value is in the data file.
    pub learning_rate: f32,
    /// What the image values mean.
    pub pixel_space: SpaceEntry,
    /// Every hyper-parameter of the method.
    pub recipe: Value,
    /// BLAKE3 of the recipe's canonical JSON.
    pub recipe_hash: String,
    /// Where the set comes from.
    pub provenance: Provenance,
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(formation: &usize) -> bool {
    *formation == 1
}

/// The data file as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Its name inside the bundle.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3, in hexadecimal.
    pub blake3: String,
}

/// Which tensor holds the labels: `labels` `[N]` or `[N, classes]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LabelKind {
    /// Class positions, `i64 [N]`.
    Hard,
    /// Scores before the softmax, `f32 [N, classes]`.
    Logits,
    /// Distributions, `f32 [N, classes]`.
    Probabilities,
}

/// The pixel space without its matrices, which are tensors `zca.mean`, `zca.transform` and `zca.inverse`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum SpaceEntry {
    /// `(byte / 255 - mean) / std`.
    Normalised {
        /// Channel means.
        mean: [f32; 3],
        /// Channel standard deviations.
        std: [f32; 3],
    },
    /// The same, then whitened.
    Zca {
        /// Channel means.
        mean: [f32; 3],
        /// Channel standard deviations.
        std: [f32; 3],
        /// Added to the eigenvalues.
        epsilon: f32,
    },
}

impl LabelKind {
    /// `hard`, `logits` or `probabilities`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Logits => "logits",
            Self::Probabilities => "probabilities",
        }
    }
}

impl Manifest {
    /// What the `format` entry says.
    pub const FORMAT: &'static str = "compdd-bundle";
    /// The version that this build writes.
    pub const VERSION: u64 = 1;

    /// Describes a set whose data file has these bytes.
    pub(super) fn describe(set: &Distilled, file: &str, data: &[u8]) -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            data: DataFile { file: file.to_owned(), bytes: data.len() as u64, blake3: hash::bytes(data) },
            method: set.method.clone(),
            subset: set.subset.clone(),
            classes: set.classes.clone(),
            notes: set.notes.clone(),
            ipc: set.ipc,
            formation: set.formation,
            shape: set.shape,
            labels: set.labels.kind(),
            label_bytes: set.labels.stored_bytes(),
            learning_rate: set.learning_rate,
            pixel_space: match set.space {
                PixelSpaceRecord::Normalised { mean, std } => SpaceEntry::Normalised { mean, std },
                PixelSpaceRecord::Zca { mean, std, epsilon, .. } => SpaceEntry::Zca { mean, std, epsilon },
            },
            recipe: set.recipe.clone(),
            recipe_hash: set.recipe_hash(),
            provenance: set.provenance.clone(),
        }
    }

    /// Refuses more than the [`limits`], before anything is multiplied or read.
    pub(super) fn check_size(&self) -> Result<(), RecordError> {
        let texts = self.notes.len() + self.provenance.imported_from.len() + self.provenance.remarks.len();
        let values = self.shape.iter().try_fold(size_of::<f32>(), |bytes, side| bytes.checked_mul(*side));
        let counts = [
            (limits::CLASSES, self.classes.len()),
            (limits::NOTES, texts),
            (limits::BUNDLE_BYTES, values.unwrap_or(usize::MAX)),
        ];
        match counts.into_iter().find(|(limit, found)| !limit.holds(*found)) {
            Some((limit, found)) => Err(RecordError::Inconsistent(limit.exceeded(found))),
            None => Ok(()),
        }
    }

    /// The JSON schema of this format, as checked in under `schemas/bundle.schema.json`.
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }
}
