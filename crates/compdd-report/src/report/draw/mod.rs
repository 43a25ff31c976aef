//! Drawing: a page of filled areas, lines and text, and the files it becomes.
//!
//! A [`Page`] knows places in pixels and colours; `svg` and `bitmap` turn the same page into the same picture, letters are outlines of the
//! one embedded `font`. [`style`] holds what all pictures share. What may enter: shapes, letters, colours, encoders. What may not: anything that
//! knows what is drawn.

pub(super) mod backend;
pub(super) mod bitmap;
pub(super) mod colours;
mod file;
pub(super) mod font;
pub(super) mod page;
pub(super) mod path;
pub mod style;
mod svg;

pub use bitmap::Rgb;
pub use colours::colour;
pub use file::{ChartFile, SheetFile};
pub use page::Page;
