//! Real and distilled images as points, near to each other where a network takes them for alike.

use super::{
    super::{
        ReportError,
        draw::{
            page::Page,
            path::Path,
            style::{CURVE, GRID, INK, PAPER, Style, THIN, WIDTH},
        },
    },
    frame::{Head, LegendEntry, MARGIN, Sample},
    origin::Origin,
};

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
    let key = |(place, name): (usize, &String)| LegendEntry {
        text: name.clone(),
        style: Style::nth(place),
        sample: Sample::Marker,
    };
    let legend: Vec<LegendEntry> = values.classes.iter().enumerate().map(key).collect();
    let extra = "Large and filled: distilled; small and hollow: real. Distances between groups mean little";
    let head = Head::new(&values.origin.note(extra), &legend);
    let top = head.height();
    let mut page = Page::new([WIDTH, top + HEIGHT + MARGIN], "Real and distilled images by t-SNE of their features");
    head.draw(&mut page, &legend);
    let frame = Path::rectangle([MARGIN, top], [WIDTH - MARGIN, top + HEIGHT]);
    page.line(frame, GRID, THIN, &[]);
    let wide = WIDTH - 2.0 * (MARGIN + ROOM);
    let tall = HEIGHT - 2.0 * ROOM;
    let scale = (wide / (right - left).max(1e-9)).min(tall / (high - low).max(1e-9));
    let middle = [f64::midpoint(left, right), f64::midpoint(low, high)];
    let centre = [WIDTH / 2.0, top + HEIGHT / 2.0];
    let place = |point: &PlanePoint| [0, 1].map(|axis| centre[axis] + (point.at[axis] - middle[axis]) * scale);
    for point in values.points.iter().filter(|point| !point.distilled) {
        let style = Style::nth(point.class);
        page.line(Path::marker(style.marker, place(point), REAL), style.colour, THIN, &[]);
    }
    for point in values.points.iter().filter(|point| point.distilled) {
        let style = Style::nth(point.class);
        let marker = Path::marker(style.marker, place(point), DISTILLED);
        page.line(marker.clone(), PAPER, 2.0 * CURVE, &[]);
        page.area(marker.clone(), style.colour);
        page.line(marker, INK, THIN, &[]);
    }
    Ok(Page { sources: values.origin.sources.clone(), ..page })
}
