//! Pictures made from results that are there already: charts as SVG or PNG, sheets of images as PNG.
//!
//! A chart is a [`Page`]: [`class_chart`] shows the complexity of classes, [`map_histogram`] the values of one activation map,
//! [`area_chart`] the discriminative area over a distillation, read from logs by [`area_curves`]; [`chart`] picks by file. A sheet is [`Rgb`]: [`overlay_sheet`] lays maps
//! over images, [`gallery_sheet`] puts easy classes beside hard ones. [`ChartFile`] and [`SheetFile`] write them. All share one [`style`]
//! and one embedded font, and equal input gives equal bytes. What may enter: pictures of values and files. What may not: anything that
//! computes these values; this room never runs a network or a method.
//!
//! `draw` knows shapes and files, `chart` knows axes and marks, `sheet` knows rows of images, [`grid`] knows tables.

mod chart;
mod draw;
mod error;
pub mod grid;
mod harmless;
mod incremental;
mod outcome;
pub mod read;
mod robustness;
mod sheet;
mod slimming;
mod students;

pub(crate) use chart::counted;
pub use chart::*;
pub use draw::{ChartFile, Page, Rgb, SheetFile, colour, style};
pub use error::ReportError;
pub use harmless::harmless_grid;
pub use incremental::incremental_grid;
pub use outcome::outcome_grid;
pub use read::area_curves;
pub use robustness::robustness_grid;
pub use sheet::{GalleryClass, GalleryList, Pair, bundle_gallery, gallery_sheet, overlaid, overlay_sheet};
pub use slimming::slimming_grid;

#[cfg(test)]
mod tests;
