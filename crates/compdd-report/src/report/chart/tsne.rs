//! Real and distilled images as points, near to each other where a network takes them for alike.

use super::{
    CURVE, GRID, INK, LegendEntry, Mark, Origin, PAPER, Page, ReportError, Sample, Style, THIN, WIDTH,
    head::{Head, MARGIN, TAKEN},
    ink, units,
};
use plotters::{chart::ChartBuilder, element::Rectangle};
use std::rc::Rc;

const HEIGHT: f64 = 400.0;
/// Between the edge of the plot and the outermost point.
const ROOM: f64 = 12.0;
const REAL: f64 = 2.4;
const DISTILLED: f64 = 5.0;

/// Images as points of a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaneValues {
    /// Names of the classes, by label.
    pub classes: Vec<String>,
    /// The images.
    pub points: Vec<PlanePoint>,
    /// Where they come from.
    pub origin: Origin,
}

/// An image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanePoint {
    /// Its place; only distances matter.
    pub at: [f64; 2],
    /// Label.
    pub class: usize,
    /// Whether it was distilled.
    pub distilled: bool,
}

/// The chart: real images small and hollow, distilled ones large and filled, a colour and a shape a class.
///
/// # Errors
/// When there is no point.
pub fn tsne_chart(values: &PlaneValues) -> Result<Page, ReportError> {
    let ends = |axis: usize| {
        let along = values.points.iter().map(|point| point.at[axis]);
        along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let [(left, right), (low, high)] = [ends(0), ends(1)];
    if left > right {
        return Err(ReportError::Nothing);
    }
    let key = |(place, name): (usize, &String)| LegendEntry(name.clone(), Style::nth(place), Sample::Marker);
    let legend = values.classes.iter().enumerate().map(key).collect();
    let extra = "Large and filled: distilled; small and hollow: real. Distances between groups mean little";
    let head = Head::new(&values.origin.note(extra), legend);
    let top = head.height();
    let page = values.origin.page("Real and distilled images by t-SNE of their features");
    let (page, area) = head.draw(page, HEIGHT + MARGIN);
    // As much of the plane for a pixel across as for one up: of the two, what the outermost points need.
    let size = [WIDTH - 2.0 * MARGIN, HEIGHT];
    let share = ((right - left) / (size[0] - 2.0 * ROOM)).max((high - low) / (size[1] - 2.0 * ROOM)).max(1e-9);
    let half = size.map(|side| side * share / 2.0);
    let [x, y] = [f64::midpoint(left, right), f64::midpoint(low, high)];
    let mut plot = ChartBuilder::on(&area)
        .margin(units(MARGIN))
        .margin_top(units(top))
        .build_cartesian_2d(x - half[0]..x + half[0], y + half[1]..y - half[1])
        .expect(TAKEN);
    let corners = [(x - half[0], y - half[1]), (x + half[0], y + half[1])];
    plot.draw_series([Rectangle::new(corners, ink(GRID, THIN))]).expect(TAKEN);
    let mark = |point: &PlanePoint, radius, fill, edge| {
        Mark::at((point.at[0], point.at[1]), Style::nth(point.class).marker, radius, fill, Some(edge))
    };
    let (distilled, real): (Vec<_>, Vec<_>) = values.points.iter().partition(|point| point.distilled);
    let colour = |point: &PlanePoint| Style::nth(point.class).colour;
    plot.draw_series(real.into_iter().map(|point| mark(point, REAL, None, (colour(point), THIN)))).expect(TAKEN);
    let distilled = distilled.into_iter().flat_map(|point| {
        let halo = mark(point, DISTILLED, None, (PAPER, 2.0 * CURVE));
        [halo, mark(point, DISTILLED, Some(colour(point)), (INK, THIN))]
    });
    plot.draw_series(distilled).expect(TAKEN);
    drop((plot, area));
    Ok(Rc::unwrap_or_clone(page).into_inner())
}
