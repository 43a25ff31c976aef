//! An image and its map, to be shown.

/// An image that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its class.
    pub synset: String,
    /// Human name of the class.
    pub label: String,
    /// Its name in its source.
    pub file: String,
    /// Side of the image in pixels.
    pub side: usize,
    /// Its pixels, `[side, side, 3]`.
    pub rgb: Vec<u8>,
    /// The cells that are counted, in `[0, 1]`: the map as the layer has it, or brought to the size of the image.
    pub cells: Vec<f32>,
    /// The map brought to the size of the image, `[side, side]`.
    pub map: Vec<f32>,
    /// Share of the cells that are not activated, for every threshold of the settings.
    pub complexity: Vec<f64>,
}
