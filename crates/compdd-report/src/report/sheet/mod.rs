//! Sheets: images in rows with words beside them, pixel for pixel.
//!
//! `layout` places blocks, rows and tiles; every other file is a kind of sheet and where its images come from. What may enter: arrangements of
//! images that are there. What may not: anything that makes them.

mod gallery;
mod layout;
mod overlay;
mod pair;

pub use gallery::{GalleryClass, GalleryList, bundle_gallery, gallery_sheet};
pub use overlay::{overlaid, overlay_sheet};
pub use pair::Pair;
