//! Charts: typed values become a [`Page`](super::Page).
//!
//! `frame` puts axes, names, key and note around every chart, `scale` knows numbers along an axis. What may enter: one file a kind of chart, a
//! function from values to a page, and the values it takes. What may not: pixels of files, or anything that computes the values.

mod area;
mod classes;
mod frame;
mod histogram;
mod results;
pub(super) mod scale;

pub use area::{AreaCurve, area_chart, area_curves};
pub use classes::class_chart;
pub use histogram::{MapValues, map_histogram};
pub use results::{ChartOptions, chart};
