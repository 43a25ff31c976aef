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
    let [_, height, width] = set.image_shape();
    let rows: Vec<Vec<Vec<u8>>> = set.pictures(PER_CLASS, CLASSES).into_iter().map(|(_, row)| row).collect();
    contact_sheet::png(&rows, [width, height])
}

impl Distilled {
    /// The first stored images of the first classes that have some, as interleaved RGB bytes with the class they were made for, in label order.
    /// Where undoing a whitening is dear there are fewer of each.
    pub fn pictures(&self, per_class: usize, classes: usize) -> Vec<(u32, Vec<Vec<u8>>)> {
        let (made_for, per_class) = (self.made_for(), per_class.min(affordable(self)));
        let shown = |i: usize| self.space.to_rgb(self.image(i), self.image_shape());
        let of = |class: u32| (0..made_for.len()).filter(|&i| made_for[i] == class).take(per_class).collect::<Vec<_>>();
        (0..self.classes.len() as u32)
            .map(|class| (class, of(class)))
            .filter(|(_, row)| !row.is_empty())
            .take(classes)
            .map(|(class, row)| (class, row.into_iter().map(shown).collect()))
            .collect()
    }

    /// The class each stored image was made for. Learned labels may have moved to another class; their images stand class by class.
    pub fn made_for(&self) -> Vec<u32> {
        let learned = !matches!(self.labels, Labels::Hard(_));
        if learned && self.len() == self.classes.len() * self.ipc {
            return (0..self.len()).map(|i| (i / self.ipc) as u32).collect();
        }
        self.labels.classes_of_images()
    }
}

/// Images of a class that can be shown in a few seconds.
fn affordable(set: &Distilled) -> usize {
    match &set.space {
        PixelSpaceRecord::Zca { inverse, .. } if !inverse.is_empty() => {
            (WHITENING_PRODUCTS / inverse.len() / set.classes.len().clamp(1, CLASSES)).max(1)
        }
        _ => usize::MAX,
    }
}
