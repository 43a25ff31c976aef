//! What is recovered of the accuracy of the full data set, on easy classes against hard ones.

use super::{
    super::{
        ReportError,
        draw::{
            page::Page,
            path::Path,
            style::{Dash, MUTED, Style, THIN, WIDTH},
        },
    },
    frame::{Frame, LegendEntry, Plan, Sample, UP, XAxis},
    marks::solid,
    origin::{Measured, Origin},
    scale::range_of,
};

const DASH: Dash = &[6.0, 3.0];
/// Height that makes the plot about a square.
const SQUARE: f64 = WIDTH - 90.0;

/// A point a method and category.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveryValues {
    /// The points, those of a method one after the other.
    pub points: Vec<RecoveryPoint>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A method on the two lists of a category.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveryPoint {
    /// What the key says.
    pub method: String,
    /// What stands beside the point, unless all are of one category.
    pub category: String,
    /// Share that is recovered on the easy list, with the interval of the students' mean.
    pub easy: Measured,
    /// The same on the hard list.
    pub hard: Measured,
}

/// The chart. Below the diagonal a method loses more on the hard list.
///
/// # Errors
/// When there is no point.
pub fn recovery_chart(values: &RecoveryValues) -> Result<Page, ReportError> {
    if values.points.is_empty() {
        return Err(ReportError::Nothing);
    }
    let mut methods: Vec<&str> = Vec::new();
    for point in &values.points {
        if !methods.contains(&point.method.as_str()) {
            methods.push(&point.method);
        }
    }
    let style = |point: &RecoveryPoint| {
        Style::nth(methods.iter().position(|method| *method == point.method).unwrap_or_default())
    };
    let range = range_of(values.points.iter().flat_map(|point| point.easy.drawn().chain(point.hard.drawn())), UP);
    let key = |(place, method): (usize, &&str)| LegendEntry {
        text: (*method).to_owned(),
        style: Style::nth(place),
        sample: Sample::Marker,
    };
    let only = values.points.iter().all(|point| point.category == values.points[0].category);
    let category = if only { format!("Category {}, ", values.points[0].category) } else { String::new() };
    let note = values.origin.note("Whiskers: 95 % intervals over students, the reference taken as exact");
    let mut frame = Frame::new(Plan {
        title: "Recovery ratio on easy and on hard lists".into(),
        note: category + &note,
        across: XAxis::Numbers { range, whole: false },
        across_title: "recovery ratio, easy list (%)".into(),
        up: range,
        up_title: "recovery ratio, hard list (%)".into(),
        legend: methods.iter().enumerate().map(key).collect(),
        height: SQUARE,
    });
    let ends = range.map(|value| frame.at(value, value));
    frame.page.line(Path::through(ends), MUTED, THIN, DASH);
    for point in &values.points {
        let (colour, x) = (style(point).colour, frame.x.at(point.easy.mean * 100.0));
        frame.interval(x, point.hard, colour);
        frame.interval_across(frame.y.at(point.hard.mean * 100.0), point.easy, colour);
    }
    let at = |frame: &Frame, point: &RecoveryPoint| frame.at(point.easy.mean * 100.0, point.hard.mean * 100.0);
    for point in &values.points {
        let at = at(&frame, point);
        solid(&mut frame.page, style(point), at);
    }
    let named = values.points.iter().filter(|_| !only);
    let words: Vec<(String, [f64; 2])> = named.map(|point| (point.category.clone(), at(&frame, point))).collect();
    let near_end = range[1] - (range[1] - range[0]) * 0.06;
    let diagonal = ("equal".to_owned(), frame.at(near_end, near_end));
    let whiskers: Vec<[f64; 4]> = values.points.iter().flat_map(|point| whiskers(&frame, point)).collect();
    frame.beside(&[words, vec![diagonal]].concat(), &whiskers);
    Ok(frame.sourced(&values.origin))
}

/// What the whiskers of a point cover: left, top, right, bottom.
fn whiskers(frame: &Frame, point: &RecoveryPoint) -> Vec<[f64; 4]> {
    let [x, y] = frame.at(point.easy.mean * 100.0, point.hard.mean * 100.0);
    let across = point.easy.interval.map(|[low, high]| [frame.x.at(low * 100.0), y, frame.x.at(high * 100.0), y]);
    let up = point.hard.interval.map(|[low, high]| [x, frame.y.at(high * 100.0), x, frame.y.at(low * 100.0)]);
    across.into_iter().chain(up).collect()
}
