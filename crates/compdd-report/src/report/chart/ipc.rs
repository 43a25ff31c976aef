//! Accuracy over the number of images per class.

use super::{
    Axis, DASH, Frame, INK, LegendEntry, MUTED, Mark, Marker, Measured, Origin, Page, Plan, ReportError, SIZE, SMALL,
    Sample, Style, units, words,
};
use plotters::element::{EmptyElement, Text};
use plotters_backend::text_anchor::{HPos, VPos};

/// Share of the axis between the series of one number of images at most, and over which all of them spread.
const ASIDE: f64 = 0.0125;
const SPREAD: f64 = 0.075;
/// Room beside the first and the last number of images, in powers of ten.
const ROOM: f64 = 0.2;
/// How random images are drawn, whatever else is in the chart.
const BASELINE: Style = Style { colour: MUTED, dash: &[2.0, 2.0], marker: Marker::Square };

/// Accuracy over images per class, a series a method.
#[derive(Clone, Debug, PartialEq)]
pub struct IpcValues {
    /// The methods.
    pub series: Vec<IpcSeries>,
    /// Accuracy of the full data set.
    pub full: Option<Measured>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A method.
#[derive(Clone, Debug, PartialEq)]
pub struct IpcSeries {
    /// What the key says.
    pub name: String,
    /// Whether it is what others are held against: random real images.
    pub baseline: bool,
    /// By rising number of images.
    pub points: Vec<IpcPoint>,
}

/// A number of images per class.
#[derive(Clone, Debug, PartialEq)]
pub struct IpcPoint {
    /// Images per class.
    pub ipc: usize,
    /// What was measured.
    pub measured: Measured,
    /// What papers print, fractions.
    pub published: Vec<f64>,
}

/// The chart; `published` adds what papers print as hollow markers.
///
/// # Errors
/// When there is no point.
pub fn ipc_chart(values: &IpcValues, published: bool) -> Result<Page, ReportError> {
    let points = || values.series.iter().flat_map(|series| &series.points);
    let mut ipcs: Vec<usize> = points().map(|point| point.ipc).collect();
    ipcs.sort_unstable();
    ipcs.dedup();
    let (Some(first), Some(last)) = (ipcs.first(), ipcs.last()) else { return Err(ReportError::Nothing) };
    let printed = |point: &IpcPoint| if published { point.published.clone() } else { Vec::new() };
    let any_printed = points().any(|point| !printed(point).is_empty());
    let heights =
        points().flat_map(|point| point.measured.drawn().chain(printed(point).into_iter().map(|v| v * 100.0)));
    let full = values.full.into_iter().flat_map(Measured::drawn);
    // The baseline has a style of its own, the others those of their places.
    let others = |place: usize| values.series[..place].iter().filter(|series| !series.baseline).count();
    let style = |place: usize| if values.series[place].baseline { BASELINE } else { Style::nth(others(place)) };
    let series = || values.series.iter().enumerate();
    let range = [(*first as f64).log10() - ROOM, (*last as f64).log10() + ROOM];
    let marks = ipcs.iter().map(|ipc| (*ipc as f64, ipc.to_string())).collect();
    let key = |(place, series): (usize, &IpcSeries)| LegendEntry(series.name.clone(), style(place), Sample::Curve);
    let mut legend: Vec<LegendEntry> = series().map(key).collect();
    if any_printed {
        let style = Style { colour: INK, ..Style::nth(0) };
        legend.push(LegendEntry("published".into(), style, Sample::Hollow));
    }
    let whiskers =
        if points().any(|point| point.measured.interval.is_some()) { "Whiskers: 95 % intervals" } else { "" };
    let mut frame = Frame::new(Plan {
        page: values.origin.page("Accuracy over images per class"),
        note: values.origin.note(whiskers),
        across: Axis::logarithmic("images per class (logarithmic)", range.map(|power| 10_f64.powf(power)), marks),
        up: Axis::up("accuracy (%)", heights.chain(full)),
        legend,
        size: SIZE,
    });
    if let Some(full) = values.full {
        reference(&mut frame, full);
    }
    let count = values.series.len();
    let step = if count > 1 { ASIDE.min(SPREAD / (count - 1) as f64) } else { 0.0 };
    let aside = |place: usize| (place as f64 - (count - 1) as f64 / 2.0) * step * (range[1] - range[0]);
    let x = |place: usize, point: &IpcPoint| point.ipc as f64 * 10_f64.powf(aside(place));
    let at = |place: usize, point: &IpcPoint| (x(place, point), point.measured.mean * 100.0);
    for (place, series) in series() {
        let whiskers = series.points.iter().filter_map(|point| point.measured.upright(x(place, point)));
        frame.draw(whiskers.map(|ends| Mark::whisker(style(place).colour, ends)));
        frame.draw([Mark::curve(style(place), series.points.iter().map(|point| at(place, point)))]);
    }
    for (place, series) in series() {
        for point in &series.points {
            let printed = printed(point).into_iter().map(|value| (x(place, point), value * 100.0));
            frame.draw(printed.map(|at| Mark::hollow(style(place), at)));
            frame.draw([Mark::solid(style(place), at(place, point))]);
        }
    }
    Ok(frame.finish())
}

/// The line of the full data set, with its words at the left end, where few images leave room; above the line, or below it at the top.
fn reference(frame: &mut Frame, full: Measured) {
    let y = full.mean * 100.0;
    frame.draw([Mark::line(INK, 1.5, DASH, [(0.0, y), (f64::INFINITY, y)])]);
    let room = frame.pixels((1.0, y))[1] - frame.bounds()[1];
    let (side, up) = if room < SMALL * 1.2 { (VPos::Top, 0.4) } else { (VPos::Bottom, -0.4) };
    let text = format!("full data: {:.1} %", full.mean * 100.0);
    let text = Text::new(text, (units(4.0), units(up * SMALL)), words(INK, SMALL, HPos::Left, side));
    frame.draw([EmptyElement::at((0.0, y)) + text]);
}
