//! Easy classes beside hard ones.

use super::{
    ReportError,
    bitmap::Rgb,
    sheet::{Block, Strip, Tile, sheet},
};

/// A list of classes with some images of each.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryList {
    /// What stands above it.
    pub title: String,
    /// Its classes, in the order of the list.
    pub classes: Vec<GalleryClass>,
}

/// A class of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryClass {
    /// Human name.
    pub name: String,
    /// Mean complexity of its images, 0 to 1, where it is known.
    pub complexity: Option<f64>,
    /// Some of them, all of one size.
    pub images: Vec<Rgb>,
}

/// A sheet with the lists beside each other and a row for each class, its name and complexity above.
///
/// # Errors
/// When there are no images.
pub fn gallery_sheet(lists: &[GalleryList], note: &str) -> Result<Rgb, ReportError> {
    let tile = |image: &Rgb| Tile { pictures: vec![image.clone()], caption: String::new() };
    let strip = |class: &GalleryClass| {
        let complexity = class.complexity.map(|kappa| format!(", κ = {:.1} %", kappa * 100.0)).unwrap_or_default();
        Strip { heading: format!("{}{complexity}", class.name), tiles: class.images.iter().map(tile).collect() }
    };
    let block =
        |list: &GalleryList| Block { title: list.title.clone(), strips: list.classes.iter().map(strip).collect() };
    sheet(&lists.iter().map(block).collect::<Vec<_>>(), note, false)
}
