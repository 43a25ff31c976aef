//! A distilled set in memory.

use super::{Budget, Fidelity, Labels, PixelSpaceRecord, RecordError, hash, is_identifier};
use crate::pruning::Pruning;
use crate::subset::{ClassEntry, Subset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a method hands over: images, labels, the student's step size, and where it all came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Distilled {
    /// `[N, C, H, W]`, image by image, in the space that `space` describes; never clipped, and used as they are unless
    /// `formation` says that they hold several images each.
    pub images: Vec<f32>,
    /// N, C, H, W.
    pub shape: [usize; 4],
    /// One label per image.
    pub labels: Labels,
    /// What the loss of each image counts, with a mean of 1: students multiply by it. None: all count alike.
    pub weights: Option<Vec<f32>>,
    /// Step size with which a student trains on this set (learned by trajectory methods, 0.01 for the others).
    pub learning_rate: f32,
    /// What the image values mean.
    pub space: PixelSpaceRecord,
    /// Id of the subset, `bird-hard@1`.
    pub subset: String,
    /// Its classes; label = position.
    pub classes: Vec<ClassEntry>,
    /// The subset's errata.
    pub notes: Vec<String>,
    /// Slug of the method, or `imported`.
    pub method: String,
    /// Images per class, as stored.
    pub ipc: usize,
    /// Images that a stored image holds along each side (multi-formation): a student trains on `formation²` images for
    /// each one stored. 1: the images are used as they are.
    pub formation: usize,
    /// Every hyper-parameter of the method.
    pub recipe: Value,
    /// Where the set comes from.
    pub provenance: Provenance,
}

/// What is needed to make a distilled set again. Nothing in it depends on the machine or the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of compdd that wrote the set.
    pub code_version: String,
    /// Seed of the run.
    pub seed: u64,
    /// How much of the published effort was spent.
    pub budget: Budget,
    /// Which reading of the method was followed.
    pub fidelity: Fidelity,
    /// Hash of the training images and their decode settings; empty for an imported set.
    #[serde(default)]
    pub data_hash: String,
    /// How the real images were decoded, so that a test set can be made alike; absent for an imported set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode: Option<Value>,
    /// Which training images were left out before distillation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<Pruning>,
    /// Where an imported set came from: file names and their hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imported_from: Vec<String>,
    /// What had to be assumed when the set was imported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

impl Provenance {
    /// Provenance of a set made by this build.
    pub fn of_run(seed: u64, budget: Budget, fidelity: Fidelity, data_hash: impl Into<String>) -> Self {
        Self {
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            budget,
            fidelity,
            data_hash: data_hash.into(),
            decode: None,
            pruning: None,
            imported_from: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

impl Distilled {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.shape[0]
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.shape[0] == 0
    }

    /// Channels, height, width.
    pub fn image_shape(&self) -> [usize; 3] {
        [self.shape[1], self.shape[2], self.shape[3]]
    }

    /// The values of image `i`.
    ///
    /// # Panics
    /// If `i` is not below [`Distilled::len`].
    pub fn image(&self, i: usize) -> &[f32] {
        let size: usize = self.shape[1..].iter().product();
        &self.images[i * size..(i + 1) * size]
    }

    /// The set of some of its images, with their labels and weights; everything else as it is.
    ///
    /// # Panics
    /// If an index is not below [`Distilled::len`].
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let [_, channels, height, width] = self.shape;
        Self {
            images: indices.iter().flat_map(|&i| self.image(i)).copied().collect(),
            shape: [indices.len(), channels, height, width],
            labels: self.labels.select(indices),
            weights: self.weights.as_ref().map(|weights| indices.iter().map(|&i| weights[i]).collect()),
            ..self.clone()
        }
    }

    /// Hash of the recipe.
    pub fn recipe_hash(&self) -> String {
        hash::value(&self.recipe)
    }

    /// Takes id, classes and notes from a subset.
    pub fn describe_subset(subset: &Subset) -> (String, Vec<ClassEntry>, Vec<String>) {
        (subset.id(), subset.classes.clone(), subset.notes.clone())
    }

    /// Checks that the parts agree and that every value is finite.
    pub fn check(&self) -> Result<(), RecordError> {
        let wrong = |text: String| Err(RecordError::Inconsistent(text));
        if let Some(name) = [&self.method, &self.subset].into_iter().find(|name| !is_identifier(name)) {
            return wrong(format!(
                "{name:?} is no name of a method or a subset: use letters, digits, `-`, `_`, `.`, `+`, `@` and `:`"
            ));
        }
        let [n, channels, height, width] = self.shape;
        if self.images.len() != n * channels * height * width {
            return wrong(format!("{} values do not make images of shape {:?}", self.images.len(), self.shape));
        }
        if n == 0 || height == 0 || width == 0 {
            return wrong(format!("no images: shape {:?}", self.shape));
        }
        if channels != 3 {
            return wrong(format!("images need three channels, these have {channels}"));
        }
        if let Some(at) = self.images.iter().position(|v| !v.is_finite()) {
            return wrong(format!("image {} holds {}", at / (channels * height * width), self.images[at]));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return wrong(format!("the student learning rate is {}", self.learning_rate));
        }
        if self.ipc == 0 {
            return wrong("zero images per class".to_owned());
        }
        self.check_formation()?;
        self.check_weights()?;
        self.labels.check(n, self.classes.len())?;
        self.space.check(channels * height * width)
    }

    fn check_weights(&self) -> Result<(), RecordError> {
        let Some(weights) = &self.weights else { return Ok(()) };
        let mean = weights.iter().copied().map(f64::from).sum::<f64>() / self.len() as f64;
        let good =
            weights.len() == self.len() && weights.iter().all(|weight| *weight >= 0.0) && (mean - 1.0).abs() < 1e-3;
        if good {
            return Ok(());
        }
        let (found, images) = (weights.len(), self.len());
        let text = format!(
            "{found} weights with a mean of {mean} for {images} images: each is 0 or more, and their mean is 1"
        );
        Err(RecordError::Inconsistent(text))
    }

    fn check_formation(&self) -> Result<(), RecordError> {
        let wrong = |text: String| Err(RecordError::Inconsistent(text));
        let ([_, height, width], formation) = (self.image_shape(), self.formation);
        if formation == 1 {
            return Ok(());
        }
        let fits = |side: usize| formation <= side / 4 && (formation - 1) * side.div_ceil(formation) < side;
        if formation == 0 || height != width || !fits(width) {
            return wrong(format!(
                "an image of {height} by {width} pixels cannot hold {formation} by {formation} others"
            ));
        }
        if matches!(self.space, PixelSpaceRecord::Zca { .. }) {
            return wrong(format!("whitened images cannot hold {formation} by {formation} others"));
        }
        Ok(())
    }
}
