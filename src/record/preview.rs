//! The picture of a bundle: one row of images per class.

use super::{Distilled, Labels, PixelSpaceRecord};
use image::{ExtendedColorType, ImageEncoder as _, ImageError, codecs::png::PngEncoder};

const PER_CLASS: usize = 10;
const CLASSES: usize = 100;
/// Undoing a whitening takes one multiplication with its matrix an image; a preview may take this many products of numbers.
const WHITENING_PRODUCTS: usize = 10_000_000_000;
const GAP: usize = 2;
/// Small images are enlarged by a whole factor until they are at least this wide.
const WANTED_SIDE: usize = 64;
const BACKGROUND: u8 = 255;

/// A PNG with up to ten images (fewer where whitening makes them dear) of each of the first hundred classes, in label
/// order. Equal sets give equal bytes.
pub(super) fn png(set: &Distilled) -> Result<Vec<u8>, ImageError> {
    let classes = classes(set);
    let per_class = affordable(set);
    let rows: Vec<Vec<usize>> = (0..set.classes.len() as u32)
        .map(|class| (0..classes.len()).filter(|&i| classes[i] == class).take(per_class).collect())
        .filter(|row: &Vec<usize>| !row.is_empty())
        .take(CLASSES)
        .collect();
    let [_, height, width] = set.image_shape();
    let scale = if width < WANTED_SIDE { WANTED_SIDE / width } else { 1 };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(1);
    let side = |count: usize, length: usize| GAP + count * (length * scale + GAP);
    let mut canvas = Canvas::new(side(columns, width), side(rows.len(), height));
    for (y, row) in rows.iter().enumerate() {
        for (x, &i) in row.iter().enumerate() {
            let rgb = set.space.to_rgb(set.image(i), set.image_shape());
            canvas.paste(&rgb, [width, height], scale, [side(x, width), side(y, height)]);
        }
    }
    canvas.encode()
}

/// The class each image was made for. Learned labels may have moved to another class; their images stand class by class.
fn classes(set: &Distilled) -> Vec<u32> {
    let learned = !matches!(set.labels, Labels::Hard(_));
    if learned && set.len() == set.classes.len() * set.ipc {
        return (0..set.len()).map(|i| (i / set.ipc) as u32).collect();
    }
    set.labels.classes_of_images()
}

/// Images of a class that can be shown in a few seconds.
fn affordable(set: &Distilled) -> usize {
    match &set.space {
        PixelSpaceRecord::Zca { inverse, .. } if !inverse.is_empty() => {
            (WHITENING_PRODUCTS / inverse.len() / set.classes.len().clamp(1, CLASSES)).clamp(1, PER_CLASS)
        }
        _ => PER_CLASS,
    }
}

struct Canvas {
    rgb: Vec<u8>,
    width: usize,
    height: usize,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { rgb: vec![BACKGROUND; width * height * 3], width, height }
    }

    fn paste(&mut self, rgb: &[u8], [width, height]: [usize; 2], scale: usize, [left, top]: [usize; 2]) {
        for y in 0..height * scale {
            for x in 0..width * scale {
                let from = ((y / scale) * width + x / scale) * 3;
                let to = ((top + y) * self.width + left + x) * 3;
                self.rgb[to..to + 3].copy_from_slice(&rgb[from..from + 3]);
            }
        }
    }

    fn encode(&self) -> Result<Vec<u8>, ImageError> {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes).write_image(
            &self.rgb,
            self.width as u32,
            self.height as u32,
            ExtendedColorType::Rgb8,
        )?;
        Ok(bytes)
    }
}
