//! The augmentation of a minibatch as data: operations in the order they are applied. `augment` draws and applies them.
//!
//! A file writes a pipeline in one of two ways: as the table of a [`DsaConfig`], which is DSA alone and what the protocols without
//! a teacher say, or as a list of operations. Both are part of a protocol's hash as they are written here: DSA alone is always stored
//! as the table, so that what was hashed before there were lists keeps its hash.
//!
//! What may enter: operations that a published protocol asks for, with their ranges. What may not: how they are drawn.

mod operation;

use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

pub use operation::{
    Fill, FlipConfig, MixConfig, Operation, PadCropConfig, PatchShuffleConfig, RandAugmentConfig, ResizedCropConfig,
};

use super::{AugmentError, DsaConfig};

/// The operations of a minibatch in the order they are applied: those of single images, then at most one mix.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(with = "Form")]
#[serde(into = "Form")]
pub struct Pipeline {
    operations: Vec<Operation>,
}

/// How a pipeline is written.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Form {
    /// DSA alone.
    Dsa(DsaConfig),
    /// Operations in order.
    Operations(Vec<Operation>),
}

impl Pipeline {
    /// These operations in this order. [`validate`](Self::validate) checks them.
    pub fn new(operations: Vec<Operation>) -> Self {
        Self { operations }
    }

    /// The operations in order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// This pipeline with a `CutMix` of Beta(1, 1) behind it, with a probability; unchanged where that is zero.
    #[must_use]
    pub fn with_cutmix(mut self, probability: f32) -> Self {
        if probability > 0.0 {
            self.operations.push(Operation::CutMix(MixConfig { alpha: 1.0, probability }));
        }
        self
    }

    /// The pipeline for mosaics of `tiles` by `tiles` pictures: blocks of one picture are shuffled, and crops keep at least the area of one
    /// (RDED). Single pictures are neither shuffled nor cropped: that would change nothing.
    #[must_use]
    pub fn for_tiles(mut self, tiles: usize) -> Self {
        if tiles == 1 {
            let tiled = |op: &Operation| matches!(op, Operation::PatchShuffle(_) | Operation::RandomResizedCrop(_));
            self.operations.retain(|operation| !tiled(operation));
        }
        for operation in &mut self.operations {
            match operation {
                Operation::PatchShuffle(config) => config.grid = tiles,
                Operation::RandomResizedCrop(config) => config.scale = [1.0 / tiles as f32, 1.0],
                _ => {}
            }
        }
        self
    }

    /// Whether the last operation mixes the images of a minibatch with each other.
    pub fn mixes(&self) -> bool {
        self.operations.iter().any(Operation::mixes)
    }

    /// The shape `[channels, height, width]` in pixels of what comes out, for images of `shape`.
    pub fn output(&self, shape: [usize; 3]) -> [usize; 3] {
        self.operations.iter().fold(shape, |shape, operation| operation.output(shape))
    }

    /// Checks every setting against its range, and the order: no operation twice, a mix at the end.
    ///
    /// # Errors
    /// The first setting that is out of range; an operation that stands twice, or behind a mix.
    pub fn validate(&self) -> Result<(), AugmentError> {
        for (i, operation) in self.operations.iter().enumerate() {
            operation.validate()?;
            let before = &self.operations[..i];
            if before.iter().any(|other| other.name() == operation.name()) {
                return Err(AugmentError::Repeated { operation: operation.name() });
            }
            if before.iter().any(Operation::mixes) {
                return Err(AugmentError::BehindMix { operation: operation.name() });
            }
        }
        Ok(())
    }
}

impl Default for Pipeline {
    /// DSA with the strengths of the published evaluation.
    fn default() -> Self {
        DsaConfig::default().into()
    }
}

impl From<DsaConfig> for Pipeline {
    fn from(config: DsaConfig) -> Self {
        Self { operations: vec![Operation::Dsa(config)] }
    }
}

impl From<Pipeline> for Form {
    fn from(mut pipeline: Pipeline) -> Self {
        match (pipeline.operations.pop(), pipeline.operations.is_empty()) {
            (Some(Operation::Dsa(config)), true) => Self::Dsa(config),
            (last, _) => {
                pipeline.operations.extend(last);
                Self::Operations(pipeline.operations)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Pipeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm)
    }
}

/// Reads both forms; unlike an untagged enum it keeps the reason why a setting is refused.
struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = Pipeline;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of DSA settings or a list of operations")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Pipeline, A::Error> {
        DsaConfig::deserialize(MapAccessDeserializer::new(map)).map(Pipeline::from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Pipeline, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Pipeline::new)
    }
}

impl fmt::Display for Pipeline {
    /// The names in order; of DSA its strategy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |operation: &Operation| match operation {
            Operation::Dsa(config) => config.strategy.to_string(),
            other => other.name().to_owned(),
        };
        let names: Vec<String> = self.operations.iter().map(name).collect();
        if names.is_empty() { f.write_str("none") } else { f.write_str(&names.join(", ")) }
    }
}
