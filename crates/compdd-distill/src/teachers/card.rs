//! `card.json`: what a teacher says about itself.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Recipe, TeacherError};
use compdd_core::{
    record::{
        Accuracy, hash,
        json::{self, Format},
    },
    subset::Subset,
};
use compdd_data::data::{Decode, PixelSpace, Task};

/// Name of the card in the folder.
pub(super) const CARD: &str = "card.json";
/// Name of the parameters in the folder.
pub(super) const PARAMS: &str = "params.safetensors";

/// How a teacher came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Origin {
    /// By [`train`](super::train()).
    Trained {
        /// How it was trained.
        recipe: Recipe,
        /// Hash of the training images, of which of them were seen, and of their pixel space.
        data: String,
        /// How many images were seen.
        images: usize,
        /// After how many epochs the parameters were taken.
        epoch: usize,
        /// Mean training loss of the last epoch.
        train_loss: f64,
    },
    /// By [`import`](super::import()).
    Imported {
        /// Name of the file, without its folder.
        file: String,
        /// Hash of the file.
        blake3: String,
    },
}

/// The pixel space a teacher sees images in. A whitening is named by its hash: it is fitted again on the same images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    /// `normalised` or `zca`.
    pub kind: String,
    /// Mean of each channel, on the scale 0..1.
    pub mean: [f32; 3],
    /// Standard deviation of each channel, on the scale 0..1.
    pub std: [f32; 3],
    /// Hash of the whole mapping, whitening included.
    pub hash: String,
}

impl Pixels {
    /// What is kept of a space.
    pub fn of(space: &PixelSpace) -> Self {
        let (mean, std) = space.statistics();
        Self { kind: space.name().to_owned(), mean, std, hash: space.hash() }
    }
}

/// An accuracy and what it was measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Share of images whose class comes out first.
    pub accuracy: Accuracy,
    /// How many images.
    pub images: usize,
    /// Id of their subset.
    pub subset: String,
    /// Hash of the images and their pixel space.
    pub data: String,
}

/// Everything a teacher says about itself. Two identical trainings write identical cards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// `compdd-teacher`.
    pub format: String,
    /// Version of this format.
    pub version: u64,
    /// Version of the program that wrote it.
    pub compdd: String,
    /// Hash of what decides the parameters: network, subset, images, pixel space and recipe, or the imported file.
    pub identity: String,
    /// Slug of the network.
    pub network: String,
    /// Channels, height and width of its input.
    pub input: [usize; 3],
    /// Id of the subset, such as `bird-hard@1`.
    pub subset: String,
    /// Synsets (or names) of the classes, in the order of the outputs.
    pub classes: Vec<String>,
    /// How files become its images.
    pub decode: Decode,
    /// How images become its input.
    pub pixels: Pixels,
    /// How it came to be.
    pub origin: Origin,
    /// What those who trained it state for the test images of its subset; checked before students are scored with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<Accuracy>,
    /// On the training images that were held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heldout: Option<Score>,
    /// On the test images, which decided nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Score>,
    /// Number of parameters.
    pub parameters: usize,
    /// Length of `params.safetensors`.
    pub bytes: u64,
    /// BLAKE3 of `params.safetensors`.
    pub blake3: String,
    /// What a user of this teacher should know, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Card {
    /// What the `format` entry says.
    pub const FORMAT: &'static str = "compdd-teacher";
    /// The version that this build writes.
    pub const VERSION: u64 = 1;

    const KIND: Format = Format {
        name: Self::FORMAT,
        newest: Self::VERSION,
        help: "cards are written by compdd; schemas/teacher.schema.json describes them",
    };

    /// The JSON schema of this format, as checked in under `schemas/teacher.schema.json`.
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    /// Reads the card of the teacher in `folder`.
    ///
    /// # Errors
    /// [`TeacherError::NotATeacher`] when there is none, [`TeacherError::Record`] when it is not one.
    pub fn read(folder: &Path) -> Result<Self, TeacherError> {
        let path = folder.join(CARD);
        if !path.is_file() {
            return Err(TeacherError::NotATeacher { path: folder.to_owned() });
        }
        Ok(json::read(&path, Self::KIND)?)
    }

    /// The text of `card.json`.
    pub(super) fn text(&self) -> Result<String, TeacherError> {
        Ok(json::text(self, Path::new(CARD))?)
    }

    /// The output for every position of `subset`, by synset.
    ///
    /// # Errors
    /// [`TeacherError::Classes`] with the classes that the teacher does not have.
    pub fn outputs(&self, subset: &Subset) -> Result<Vec<usize>, TeacherError> {
        let output = |synset: &str| self.classes.iter().rposition(|own| own == synset);
        let found: Vec<Option<usize>> = subset.classes.iter().map(|class| output(&class.synset)).collect();
        let entries = subset.classes.iter().zip(&found);
        let missing: Vec<String> =
            entries.filter(|(_, found)| found.is_none()).map(|(class, _)| class.synset.clone()).collect();
        if missing.is_empty() {
            return Ok(found.into_iter().flatten().collect());
        }
        Err(TeacherError::Classes { teacher: self.subset.clone(), subset: subset.id(), missing })
    }

    /// Checks that the images of a task have the size and the pixel space of the teacher's own; `path` names it in the error.
    ///
    /// # Errors
    /// [`TeacherError::Images`].
    pub(super) fn check_images(&self, task: &Task, path: &Path) -> Result<(), TeacherError> {
        let (input, pixels) = (task.test.shape(), Pixels::of(&task.space));
        if self.input == input && self.pixels == pixels {
            return Ok(());
        }
        let describe = |[_, side, _]: [usize; 3], pixels: &Pixels| {
            format!("{} images of {side} px (space {})", pixels.kind, hash::short(&pixels.hash))
        };
        let (expected, found) = (describe(self.input, &self.pixels), describe(input, &pixels));
        Err(TeacherError::Images { path: path.to_owned(), expected, found })
    }

    /// The accuracy that it must have on the test images of a subset, as far as the card says: what was stated for its own subset, else what was
    /// measured there.
    pub(super) fn stated_for(&self, subset: &str) -> Option<f64> {
        let stated = self.stated.filter(|_| self.subset == subset);
        let measured = self.test.as_ref().filter(|score| score.subset == subset).map(|score| score.accuracy);
        stated.or(measured).map(Accuracy::fraction)
    }

    /// Accuracy of guessing.
    pub fn chance(&self) -> f64 {
        1.0 / self.classes.len().max(1) as f64
    }
}
