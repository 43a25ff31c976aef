//! Bars of records that differ in a few settings, with every student as a dot.

use super::{
    super::{
        ReportError,
        draw::{
            page::Page,
            path::Path,
            style::{INK, PAPER, PLOT_HEIGHT, Style, THIN},
        },
    },
    frame::{Frame, Plan, UP, XAxis},
    marks::whisker,
    origin::{Measured, Origin},
    scale::range_of,
};

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
        title: format!("Accuracy by {}", values.by),
        note: values.origin.note(if whiskers { "Dots: students; whiskers: 95 % intervals" } else { "Dots: students" }),
        across: XAxis::Names(values.bars.iter().map(|bar| bar.name.clone()).collect()),
        across_title: values.by.clone(),
        up: range_of(heights.chain([0.0]), UP),
        up_title: "accuracy (%)".into(),
        legend: Vec::new(),
        height: PLOT_HEIGHT,
    });
    let style = Style::nth(0);
    for (slot, bar) in values.bars.iter().enumerate() {
        let x = |aside: f64| frame.x.at(slot as f64 + aside);
        let y = |value: f64| frame.y.at(value * 100.0);
        let body = Path::rectangle([x(-BAR / 2.0), y(bar.measured.mean)], [x(BAR / 2.0), y(0.0)]);
        let last = (bar.students.len().max(2) - 1) as f64;
        let dots: Vec<[f64; 2]> = bar
            .students
            .iter()
            .enumerate()
            .map(|(place, value)| [x(DOTS * (place as f64 / last - 0.5)), y(*value)])
            .collect();
        let (middle, ends) = (x(0.0), bar.measured.interval.map(|ends| ends.map(y)));
        frame.page.area(body.clone(), style.pale());
        frame.page.line(body, style.colour, THIN, &[]);
        if let Some(ends) = ends {
            whisker(&mut frame.page, middle, ends, INK);
        }
        for at in dots {
            let dot = Path::marker(style.marker, at, DOT);
            frame.page.area(dot.clone(), style.colour);
            frame.page.line(dot, PAPER, THIN / 2.0, &[]);
        }
    }
    Ok(frame.sourced(&values.origin))
}
