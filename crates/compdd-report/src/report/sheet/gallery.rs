//! Easy classes beside hard ones.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    super::{ReportError, draw::bitmap::Rgb},
    layout::{Block, Strip, Tile, sheet},
};
use compdd_core::record::{Bundle, hash};
use compdd_data::data::{BadFile, ImageSet, ImageStream};

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
    /// The classes of a stream that have images, each with its first `per_class` images and its complexity, by synset.
    ///
    /// # Errors
    /// When the images cannot be read.
    pub fn read(
        title: String,
        stream: &ImageStream,
        per_class: usize,
        complexity: &BTreeMap<String, f64>,
    ) -> Result<Self, ReportError> {
        let portion = stream.read_slots(&stream.first(per_class, stream.classes().len()))?;
        let class = |class: &compdd_core::subset::ClassEntry| GalleryClass {
            name: class.label.clone(),
            complexity: complexity.get(&class.synset).copied(),
            images: Vec::new(),
        };
        let mut classes: Vec<GalleryClass> = stream.classes().iter().map(class).collect();
        if let Some(images) = &portion.images {
            let [_, height, width] = images.shape();
            for (place, &label) in images.labels().iter().enumerate() {
                classes[label as usize].images.push(Rgb { bytes: images.interleaved(place), width, height });
            }
        }
        classes.retain(|class| !class.images.is_empty());
        Ok(Self { title, classes, bad: stream.bad_files(&portion.bad) })
    }
}

impl GalleryList {
    /// Images at some places of a set, in rows of their own with a name each.
    pub fn of_images(title: String, rows: Vec<(String, Vec<usize>)>, set: &ImageSet) -> Self {
        let [_, height, width] = set.shape();
        let picture = |place: usize| Rgb { bytes: set.interleaved(place), width, height };
        let row = |(name, places): (String, Vec<usize>)| GalleryClass {
            name,
            complexity: None,
            images: places.into_iter().map(picture).collect(),
        };
        Self { title, classes: rows.into_iter().map(row).collect(), bad: Vec::new() }
    }

    /// The first distilled images of the first classes of a bundle, and its origin in a few words: name and hash of its data.
    ///
    /// # Errors
    /// When the bundle is damaged.
    pub fn of_bundle(path: &Path, per_class: usize, classes: usize) -> Result<(Self, String), ReportError> {
        let set = Bundle::read(path)?;
        let data = Bundle::info(path)?.manifest.data.blake3;
        let [_, height, width] = set.image_shape();
        let class = |(label, images): (u32, Vec<Vec<u8>>)| GalleryClass {
            name: set.classes[label as usize].label.clone(),
            complexity: None,
            images: images.into_iter().map(|bytes| Rgb { bytes, width, height }).collect(),
        };
        let title = format!("{}, IPC {}", set.method, set.ipc);
        let classes = set.pictures(per_class, classes).into_iter().map(class).collect();
        let origin =
            format!("{} {}, {} budget, data {}", set.method, set.subset, set.provenance.budget, hash::short(&data));
        Ok((Self { title, classes, bad: Vec::new() }, origin))
    }
}

/// The distilled images of some bundles beside each other, a row for each class; the note names the bundles.
///
/// # Errors
/// When a bundle is damaged, and when their images differ in size.
pub fn bundle_gallery(paths: &[PathBuf], per_class: usize, classes: usize) -> Result<Rgb, ReportError> {
    let read = |path: &PathBuf| GalleryList::of_bundle(path, per_class, classes);
    let (mut lists, origins): (Vec<GalleryList>, Vec<String>) =
        paths.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    tell_apart(&mut lists, &origins);
    let images = lists.iter().flat_map(|list| &list.classes).flat_map(|class| &class.images);
    let mut sizes: Vec<String> = images.map(|image| format!("{} px", image.width)).collect();
    sizes.sort();
    sizes.dedup();
    if sizes.len() > 1 {
        return Err(ReportError::Mixed { what: "resolutions", flag: "the bundles that are named", found: sizes });
    }
    gallery_sheet(&lists, &format!("Distilled images as stored: {}", origins.join("; ")))
}

/// Gives lists of the same title the hash of their data instead of the number of images, which is the last word of their origin.
fn tell_apart(lists: &mut [GalleryList], origins: &[String]) {
    let titles: Vec<String> = lists.iter().map(|list| list.title.clone()).collect();
    for (list, origin) in lists.iter_mut().zip(origins) {
        if titles.iter().filter(|title| **title == list.title).count() > 1 {
            let method = list.title.split(',').next().unwrap_or_default();
            list.title = format!("{method} {}", origin.rsplit(' ').next().unwrap_or_default());
        }
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
