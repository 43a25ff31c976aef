//! Activation maps laid over the images they were made of.

use super::{
    super::{
        ReportError,
        draw::{bitmap::Rgb, colours::colour},
    },
    layout::{Block, Strip, Tile, sheet},
};
use compdd_data::scores::Sample;

/// How much of the colour of a map is laid over the image, which is made grey below it.
const OPACITY: f32 = 0.6;

/// The map of an image as colours over it: intensities are those of the map, neither squared nor stretched.
pub fn overlaid(sample: &Sample) -> Rgb {
    let blend = |(pixel, value): (&[u8], &f32)| {
        let grey = 0.2126 * f32::from(pixel[0]) + 0.7152 * f32::from(pixel[1]) + 0.0722 * f32::from(pixel[2]);
        colour(*value).map(|part| ((1.0 - OPACITY) * grey + OPACITY * f32::from(part)).round() as u8)
    };
    let bytes = sample.rgb.chunks_exact(3).zip(&sample.map).flat_map(blend).collect();
    Rgb { bytes, width: sample.side, height: sample.side }
}

/// A sheet with a row for each class: every image beside its map, the complexity at the first threshold below; and the scale of the
/// colours. Images of a class stand one after the other in `samples`.
///
/// # Errors
/// When there are no images.
pub fn overlay_sheet(samples: &[Sample], note: &str) -> Result<Rgb, ReportError> {
    let tile = |sample: &Sample| Tile {
        pictures: vec![Rgb { bytes: sample.rgb.clone(), width: sample.side, height: sample.side }, overlaid(sample)],
        caption: sample.complexity.first().map(|kappa| format!("κ = {:.1} %", kappa * 100.0)).unwrap_or_default(),
    };
    let classes = samples.chunk_by(|a, b| a.synset == b.synset);
    let strip = |class: &[Sample]| Strip { heading: class[0].label.clone(), tiles: class.iter().map(tile).collect() };
    sheet(&[Block { title: String::new(), strips: classes.map(strip).collect() }], note, true)
}

/// The colours from 0 on the left to 1 on the right.
pub(in crate::report) fn ramp([width, height]: [usize; 2]) -> Rgb {
    let last = width.saturating_sub(1).max(1) as f32;
    let row: Vec<u8> = (0..width).flat_map(|x| colour(x as f32 / last)).collect();
    Rgb { bytes: row.repeat(height), width, height }
}
