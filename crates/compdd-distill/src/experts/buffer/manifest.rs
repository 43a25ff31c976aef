//! `manifest.json` of a buffer.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MANIFEST;
use crate::experts::{Epochs, ExpertError, Training};
use compdd_core::record::json::{self, Format};

/// How the parameters are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// As they are: an expert continues from its own snapshots.
    F32,
    /// Rounded to 8 significant bits, half the size; relative error at most `2^-8`.
    Bf16,
}

impl Precision {
    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }

    /// `f32` or `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}

/// One expert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpertEntry {
    /// Its number, from 0.
    pub expert: usize,
    /// Its file in the folder.
    pub file: String,
    /// Length of the file.
    pub bytes: u64,
    /// Content hash of the file.
    pub blake3: String,
    /// The epochs in it, one row each.
    pub epochs: Epochs,
    /// Accuracy of the last stored snapshot on the held-out slice of the training images, where there is one, as a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heldout_accuracy: Option<f64>,
}

/// Everything a buffer says about itself. Two identical trainings write identical manifests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `compdd-experts`.
    pub format: String,
    /// Version of this format.
    pub version: u64,
    /// Hash of what decides the bytes of a snapshot: network, images, pixel space, training, precision and seed. Empty for
    /// imported experts.
    pub identity: String,
    /// Slug of the network.
    pub network: String,
    /// Channels, height and width of its input.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Number of parameters: the length of a row.
    pub parameters: usize,
    /// Id of the subset, such as `bird-hard@1`.
    pub subset: String,
    /// Hash of the training images and of which of them experts may see. None for imported experts.
    pub data: Option<String>,
    /// `normalised` or `zca`.
    pub pixel_space: String,
    /// Hash of the pixel space, whitening included. None for imported experts.
    pub pixel_space_hash: Option<String>,
    /// How the experts were trained. None for imported experts: their files do not say.
    pub training: Option<Training>,
    /// How the parameters are stored.
    pub precision: Precision,
    /// Root of every draw. None for imported experts.
    pub seed: Option<u64>,
    /// Names and hashes of the files that imported experts come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<(String, String)>,
    /// The experts that are there, by number.
    pub experts: Vec<ExpertEntry>,
}

impl Manifest {
    /// What the `format` entry says.
    pub const FORMAT: &'static str = "compdd-experts";
    /// The version that this build writes.
    pub const VERSION: u64 = 1;

    const KIND: Format = Format {
        name: Self::FORMAT,
        newest: Self::VERSION,
        help: "manifests are written by compdd; schemas/experts.schema.json describes them",
    };

    /// The JSON schema of this format, as checked in under `schemas/experts.schema.json`.
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    /// Reads the manifest of the buffer at `folder`.
    ///
    /// # Errors
    /// [`ExpertError::NotABuffer`] when there is none, [`ExpertError::Record`] when it is not one.
    pub fn read(folder: &Path) -> Result<Self, ExpertError> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            return Err(ExpertError::NotABuffer { path: folder.to_owned() });
        }
        let mut manifest: Self = json::read(&path, Self::KIND)?;
        manifest.experts.sort_by_key(|entry| entry.expert);
        Ok(manifest)
    }

    /// Writes it into `folder`, whole or not at all.
    pub(in crate::experts) fn write(&self, folder: &Path) -> Result<(), ExpertError> {
        Ok(json::write(&folder.join(MANIFEST), self)?)
    }

    /// Bytes of all expert files.
    pub fn bytes(&self) -> u64 {
        self.experts.iter().map(|entry| entry.bytes).sum()
    }

    /// Adds an expert, or replaces its entry.
    pub(in crate::experts) fn put(&mut self, entry: ExpertEntry) {
        self.experts.retain(|other| other.expert != entry.expert);
        self.experts.push(entry);
        self.experts.sort_by_key(|entry| entry.expert);
    }
}
