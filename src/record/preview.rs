//! The picture of a bundle: one row of images per class.

use super::{Distilled, Labels, PixelSpaceRecord, contact_sheet};
use image::ImageError;

const PER_CLASS: usize = 10;
const CLASSES: usize = 100;
/// Undoing a whitening takes one multiplication with its matrix an image; a preview may take this many products of numbers.
const WHITENING_PRODUCTS: usize = 10_000_000_000;

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
    let shown = |i: usize| set.space.to_rgb(set.image(i), set.image_shape());
    let rows: Vec<Vec<Vec<u8>>> = rows.into_iter().map(|row| row.into_iter().map(shown).collect()).collect();
    contact_sheet::png(&rows, [width, height])
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
