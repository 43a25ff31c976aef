//! What a file of scores says about itself.

use serde::{Deserialize, Serialize};

use super::Settings;

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
    /// Hash of network, parameters and pixel space.
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

    /// Position of a threshold among those of the file.
    pub fn threshold(&self, threshold: f32) -> Option<usize> {
        self.settings.thresholds.iter().position(|own| *own == threshold)
    }
}
