//! Pictures of some training images of a subset.

use std::collections::BTreeMap;

use crate::report::{GalleryList, ReportError, gallery_sheet};
use compdd_core::subset::{Family, Subset};
use compdd_data::data::{DataError, Decode, ImageStream, Library, ResizeMode, Split, StreamOptions};

/// Images of each class.
const PER_CLASS: usize = 6;
/// Subsets of more classes have no picture: it would be looked at by nobody.
const CLASSES: usize = 20;

/// A sheet as PNG with a row for each class; none where the images are not at hand, or there are too many classes.
///
/// The built-in scenes are always at hand, other images where a folder of them was named.
///
/// # Errors
/// When images that are there cannot be read.
pub(super) fn png(subset: &Subset, library: &Library) -> Result<Option<Vec<u8>>, ReportError> {
    let scenes = matches!(subset.family, Family::Scenes { .. });
    if subset.classes_len() > CLASSES || (library.roots.is_empty() && !scenes) {
        return Ok(None);
    }
    let resolution = subset.default_resolution();
    let decode = Decode { resolution, resize: ResizeMode::CentreCrop, antialias: true };
    let stream = match ImageStream::open(Some(subset), library, Split::Train, decode, StreamOptions::default()) {
        Ok(stream) => stream,
        Err(absent @ (DataError::MissingClasses { .. } | DataError::MissingSplit { .. })) => {
            tracing::info!("no samples of {}: {absent}", subset.id());
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let list = GalleryList::read(String::new(), &stream, PER_CLASS, &BTreeMap::new())?;
    Ok(Some(gallery_sheet(&[list], "")?.png()?))
}
