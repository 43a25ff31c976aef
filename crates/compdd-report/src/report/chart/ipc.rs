//! Accuracy over the number of images per class.

use super::{
    super::{
        ReportError,
        draw::{
            font,
            page::{Anchor, Label, Page},
            path::Path,
            style::{CURVE, Dash, INK, MUTED, Marker, PLOT_HEIGHT, SMALL, Style},
        },
    },
    frame::{Frame, LegendEntry, Plan, Sample, UP, XAxis},
    marks::{hollow, solid},
    origin::{Measured, Origin},
    scale::range_of,
};

/// Most pixels between the series of one number of images, and over how many all of them spread.
const ASIDE: f64 = 5.0;
const SPREAD: f64 = 30.0;
/// Room beside the first and the last number of images, in powers of ten.
const ROOM: f64 = 0.2;
const DASH: Dash = &[6.0, 3.0];
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
    let styles = styles(&values.series);
    let mut legend: Vec<LegendEntry> = values
        .series
        .iter()
        .zip(&styles)
        .map(|(series, style)| LegendEntry { text: series.name.clone(), style: *style, sample: Sample::Curve })
        .collect();
    if any_printed {
        let style = Style { colour: INK, ..Style::nth(0) };
        legend.push(LegendEntry { text: "published".into(), style, sample: Sample::Hollow });
    }
    let whiskers =
        if points().any(|point| point.measured.interval.is_some()) { "Whiskers: 95 % intervals" } else { "" };
    let mut frame = Frame::new(Plan {
        title: "Accuracy over images per class".into(),
        note: values.origin.note(whiskers),
        across: XAxis::Marks {
            range: [(*first as f64).log10() - ROOM, (*last as f64).log10() + ROOM],
            marks: ipcs.iter().map(|ipc| ((*ipc as f64).log10(), ipc.to_string())).collect(),
        },
        across_title: "images per class (logarithmic)".into(),
        up: range_of(heights.chain(full), UP),
        up_title: "accuracy (%)".into(),
        legend,
        height: PLOT_HEIGHT,
    });
    if let Some(full) = values.full {
        reference(&mut frame, full);
    }
    let count = values.series.len();
    let aside = |place: usize| {
        let step = if count > 1 { ASIDE.min(SPREAD / (count - 1) as f64) } else { 0.0 };
        (place as f64 - (count - 1) as f64 / 2.0) * step
    };
    let x = |frame: &Frame, place: usize, ipc: usize| frame.x.at((ipc as f64).log10()) + aside(place);
    for (place, (series, style)) in values.series.iter().zip(&styles).enumerate() {
        for point in &series.points {
            let x = x(&frame, place, point.ipc);
            frame.interval(x, point.measured, style.colour);
        }
        let at = |point: &IpcPoint| [x(&frame, place, point.ipc), frame.y.at(point.measured.mean * 100.0)];
        let path = Path::through(series.points.iter().map(at));
        frame.page.line(path, style.colour, CURVE, style.dash);
    }
    for (place, (series, style)) in values.series.iter().zip(&styles).enumerate() {
        for point in &series.points {
            let x = x(&frame, place, point.ipc);
            for value in printed(point) {
                let y = frame.y.at(value * 100.0);
                hollow(&mut frame.page, *style, [x, y]);
            }
            let y = frame.y.at(point.measured.mean * 100.0);
            solid(&mut frame.page, *style, [x, y]);
        }
    }
    Ok(frame.sourced(&values.origin))
}

/// The baseline has a style of its own, the others those of their places.
fn styles(series: &[IpcSeries]) -> Vec<Style> {
    let mut place = 0;
    let style = |series: &IpcSeries| {
        if series.baseline {
            return BASELINE;
        }
        place += 1;
        Style::nth(place - 1)
    };
    series.iter().map(style).collect()
}

/// The line of the full data set, with its words at the left end, where few images leave room; above the line, or below it at the top.
fn reference(frame: &mut Frame, full: Measured) {
    let y = frame.y.at(full.mean * 100.0);
    let [left, right] = frame.x.pixels;
    frame.page.line(Path::through([[left, y], [right, y]]), INK, 1.5, DASH);
    let top = frame.y.pixels[1];
    let at = if y - SMALL * 1.2 < top { y + SMALL * (font::CAPITAL + 0.4) } else { y - SMALL * 0.4 };
    let text = format!("full data: {:.1} %", full.mean * 100.0);
    frame.page.text(Label::new(text, [left + 4.0, at], SMALL, Anchor::Start));
}
