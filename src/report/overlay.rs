//! Activation maps laid over the images they were made of.

use super::{
    ReportError,
    bitmap::Rgb,
    colours::colour,
    sheet::{Block, Strip, Tile, sheet},
};

/// How much of the colour of a map is laid over the image, which is made grey below it.
const OPACITY: f32 = 0.6;

/// An image and where a network looked.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The image.
    pub image: Rgb,
    /// Its map, `[height, width]` at the size of the image, in `[0, 1]`.
    pub map: Vec<f32>,
    /// Its complexity, 0 to 1.
    pub complexity: f64,
}

/// The images of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenClass {
    /// Human name.
    pub name: String,
    /// Its images.
    pub images: Vec<Seen>,
}

/// The map of an image as colours over it: intensities are those of the map, neither squared nor stretched.
pub fn overlaid(seen: &Seen) -> Rgb {
    let blend = |(pixel, value): (&[u8], &f32)| {
        let grey = 0.2126 * f32::from(pixel[0]) + 0.7152 * f32::from(pixel[1]) + 0.0722 * f32::from(pixel[2]);
        colour(*value).map(|part| ((1.0 - OPACITY) * grey + OPACITY * f32::from(part)).round() as u8)
    };
    let bytes = seen.image.bytes.chunks_exact(3).zip(&seen.map).flat_map(blend).collect();
    Rgb { bytes, ..seen.image }
}

/// A sheet with a row for each class: every image beside its map, the complexity below; and the scale of the colours.
///
/// # Errors
/// When there are no images.
pub fn overlay_sheet(classes: &[SeenClass], note: &str) -> Result<Rgb, ReportError> {
    let tile = |seen: &Seen| Tile {
        pictures: vec![seen.image.clone(), overlaid(seen)],
        caption: format!("κ = {:.1} %", seen.complexity * 100.0),
    };
    let strip =
        |class: &SeenClass| Strip { heading: class.name.clone(), tiles: class.images.iter().map(tile).collect() };
    let strips = classes.iter().filter(|class| !class.images.is_empty()).map(strip).collect();
    sheet(&[Block { title: String::new(), strips }], note, true)
}

/// The colours from 0 on the left to 1 on the right.
pub(super) fn ramp([width, height]: [usize; 2]) -> Rgb {
    let last = width.saturating_sub(1).max(1) as f32;
    let row: Vec<u8> = (0..width).flat_map(|x| colour(x as f32 / last)).collect();
    Rgb { bytes: row.repeat(height), width, height }
}
