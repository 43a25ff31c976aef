//! Bars of records that differ in a few settings, with every student as a dot.

use super::{Axis, Frame, INK, Mark, Measured, Origin, PAPER, Page, Plan, ReportError, SIZE, Style, THIN, ink};
use plotters::element::Rectangle;

/// Share of a slot that a bar covers.
const BAR: f64 = 0.62;
/// Share of a slot over which dots spread.
const DOTS: f64 = 0.34;
const DOT: f64 = 2.0;

/// Records beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct AblationValues {
    /// What differs, such as `cam_network`.
    pub by: String,
    /// A bar a record.
    pub bars: Vec<AblationBar>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub struct AblationBar {
    /// Its settings, as the axis names them.
    pub name: String,
    /// Mean accuracy.
    pub measured: Measured,
    /// Accuracy of every student, fractions.
    pub students: Vec<f64>,
}

/// The chart. Bars begin at zero.
///
/// # Errors
/// When there is no bar.
pub fn ablation_chart(values: &AblationValues) -> Result<Page, ReportError> {
    if values.bars.is_empty() {
        return Err(ReportError::Nothing);
    }
    let heights = values.bars.iter().flat_map(|bar| bar.measured.drawn().chain(bar.students.iter().map(|v| v * 100.0)));
    let whiskers = values.bars.iter().any(|bar| bar.measured.interval.is_some());
    let mut frame = Frame::new(Plan {
        page: values.origin.page(format!("Accuracy by {}", values.by)),
        note: values.origin.note(if whiskers { "Dots: students; whiskers: 95 % intervals" } else { "Dots: students" }),
        across: Axis::names(&values.by, values.bars.iter().map(|bar| bar.name.clone())),
        up: Axis::up("accuracy (%)", heights.chain([0.0])),
        legend: Vec::new(),
        size: SIZE,
    });
    let style = Style::nth(0);
    for (slot, bar) in values.bars.iter().enumerate() {
        let x = slot as f64;
        let body = [(x - BAR / 2.0, bar.measured.mean * 100.0), (x + BAR / 2.0, 0.0)];
        frame.draw([ink(style.pale(), 0.0).filled(), ink(style.colour, THIN)].map(|ink| Rectangle::new(body, ink)));
        frame.draw(bar.measured.upright(x).map(|ends| Mark::whisker(INK, ends)));
        let last = (bar.students.len().max(2) - 1) as f64;
        frame.draw(bar.students.iter().enumerate().map(|(place, value)| {
            let at = (x + DOTS * (place as f64 / last - 0.5), value * 100.0);
            Mark::at(at, style.marker, DOT, Some(style.colour), Some((PAPER, THIN / 2.0)))
        }));
    }
    Ok(frame.finish())
}
