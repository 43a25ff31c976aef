//! Test images in a distilled set.

use crate::{
    data::{ImageSet, copies},
    record::{Distilled, PixelSpaceRecord},
};

/// So many images of a set are held against the test images; of a larger one, as many evenly spaced.
const COMPARED: usize = 2000;
/// A set of which more than this share are test images is refused. A few are no intent: datasets have near duplicates across their splits.
const TOLERATED: f64 = 0.05;

/// Why a set cannot be taken: it holds test images. None where it holds hardly any; a whitened set without the inverse of its whitening has no
/// pixels to compare.
pub(super) fn of(set: &Distilled, test: &ImageSet) -> Option<String> {
    if test.shape() != set.image_shape()
        || matches!(&set.space, PixelSpaceRecord::Zca { inverse, .. } if inverse.is_empty())
    {
        return None;
    }
    let stride = set.len().div_ceil(COMPARED);
    let compared: Vec<Vec<u8>> =
        (0..set.len()).step_by(stride).map(|i| set.space.to_rgb(set.image(i), set.image_shape())).collect();
    let found = copies(&compared, test);
    let exact = found.iter().filter(|copied| copied.exact).count();
    let first = found.first()?;
    (found.len() as f64 > TOLERATED * compared.len() as f64 && (found.len() > 1 || exact > 0)).then(|| {
        format!(
            "{} of {} images of the set are test images ({exact} of them byte for byte), such as image {} and test image {}",
            found.len(),
            compared.len(),
            first.position * stride,
            first.of
        )
    })
}
