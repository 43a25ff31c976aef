//! What a file of scores says about itself.

use serde::{Deserialize, Serialize};

use super::{Judge, Settings};
use crate::data::Roll;

/// Everything that determines the numbers, but for the images themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format, [`Header::FORMAT`].
    pub format: u32,
    /// Version of compdd.
    pub compdd: String,
    /// Slug of the network.
    pub network: String,
    /// Its outputs.
    pub outputs: usize,
    /// The map that is looked at.
    pub tap: String,
    /// Side of the images in pixels.
    pub resolution: usize,
    /// Hash of network, parameters and pixel space, see [`Judge::hash`].
    pub judge: String,
    /// Id of the subset; none for everything a source has.
    pub subset: Option<String>,
    /// `train` or `test`.
    pub split: String,
    /// How files became pixels.
    pub decode: String,
    /// Images that were listed.
    pub listed: usize,
    /// Images of them that could not be decoded and have no row.
    pub skipped: usize,
    /// Cells of a map.
    pub cells: usize,
    /// How shares were made.
    pub settings: Settings,
}

impl Header {
    /// The format that is written.
    pub const FORMAT: u32 = 1;

    /// The header of the scores of a roll; none is skipped yet. `cells` are those of one map.
    pub fn new(judge: &Judge, roll: &Roll, settings: &Settings, cells: usize) -> Self {
        Self {
            format: Self::FORMAT,
            compdd: env!("CARGO_PKG_VERSION").into(),
            network: judge.cam().network().spec().slug(),
            outputs: judge.classes().len(),
            tap: judge.cam().tap().into(),
            resolution: judge.resolution(),
            judge: judge.hash().into(),
            subset: roll.subset().map(str::to_owned),
            split: roll.split().to_string(),
            decode: roll.decode().describe(),
            listed: roll.len(),
            skipped: 0,
            cells,
            settings: settings.clone(),
        }
    }

    /// Position of a threshold among those of the file.
    pub fn threshold(&self, threshold: f32) -> Option<usize> {
        self.settings.thresholds.iter().position(|own| *own == threshold)
    }
}
