//! Easy classes beside hard ones.

use std::collections::BTreeMap;

use super::{
    super::{ReportError, draw::bitmap::Rgb},
    layout::{Block, Strip, Tile, sheet},
};
use crate::data::{BadFile, Roll};

/// A list of classes with some images of each.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryList {
    /// What stands above it.
    pub title: String,
    /// Its classes, in the order of the list.
    pub classes: Vec<GalleryClass>,
    /// Images that could not be decoded, and are not shown.
    pub bad: Vec<BadFile>,
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

impl GalleryList {
    /// The classes of a roll that have images, each with its first `per_class` images and its complexity, by synset.
    ///
    /// # Errors
    /// When the images cannot be read.
    pub fn read(
        title: String,
        roll: &Roll,
        per_class: usize,
        complexity: &BTreeMap<String, f64>,
    ) -> Result<Self, ReportError> {
        let portion = roll.read_slots(&roll.first(per_class, roll.classes().len()))?;
        let class = |class: &crate::subset::ClassEntry| GalleryClass {
            name: class.label.clone(),
            complexity: complexity.get(&class.synset).copied(),
            images: Vec::new(),
        };
        let mut classes: Vec<GalleryClass> = roll.classes().iter().map(class).collect();
        if let Some(images) = &portion.images {
            let [_, height, width] = images.shape();
            for (place, &label) in images.labels().iter().enumerate() {
                classes[label as usize].images.push(Rgb { bytes: images.interleaved(place), width, height });
            }
        }
        classes.retain(|class| !class.images.is_empty());
        Ok(Self { title, classes, bad: roll.bad_files(&portion.bad) })
    }
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
