//! Pictures made from results that are there already: charts as SVG or PNG, sheets of images as PNG.
//!
//! A chart is a [`Page`]: [`class_chart`] shows the complexity of classes, [`map_histogram`] the values of one activation map,
//! [`area_chart`] the discriminative area over a distillation, read from logs by [`area_curves`]; [`chart`] picks by file. A sheet is [`Rgb`]: [`overlay_sheet`] lays maps
//! over images, [`gallery_sheet`] puts easy classes beside hard ones. [`ChartFile`] and [`SheetFile`] write them. All share one [`style`]
//! and one embedded font, and equal input gives equal bytes. What may enter: pictures of values and files. What may not: anything that
//! computes these values; this room never runs a network or a method.

mod area;
mod bitmap;
mod classes;
mod colours;
mod error;
mod file;
mod font;
mod frame;
mod gallery;
pub mod grid;
mod histogram;
mod outcome;
mod overlay;
mod page;
mod pair;
mod path;
mod results;
mod scale;
mod sheet;
pub mod style;
mod svg;

pub use area::{AreaCurve, area_chart, area_curves};
pub use bitmap::Rgb;
pub use classes::class_chart;
pub use colours::colour;
pub use error::ReportError;
pub use file::{ChartFile, SheetFile};
pub use gallery::{GalleryClass, GalleryList, gallery_sheet};
pub use histogram::{MapValues, map_histogram};
pub use outcome::outcome_grid;
pub use overlay::{overlaid, overlay_sheet};
pub use page::Page;
pub use pair::Pair;
pub use results::{ChartOptions, chart};

#[cfg(test)]
mod tests;
