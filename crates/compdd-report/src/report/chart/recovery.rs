//! What is recovered of the accuracy of the full data set, on easy classes against hard ones.

use super::{
    Axis, DASH, Frame, LegendEntry, MUTED, Mark, Measured, Origin, Page, Plan, ReportError, Sample, Style, THIN, WIDTH,
};

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
    let all = values.points.iter().flat_map(|point| point.easy.drawn().chain(point.hard.drawn()));
    let up = Axis::up("recovery ratio, hard list (%)", all);
    let range = up.range;
    let key = |(place, method): (usize, &&str)| LegendEntry((*method).to_owned(), Style::nth(place), Sample::Marker);
    let only = values.points.iter().all(|point| point.category == values.points[0].category);
    let category = if only { format!("Category {}, ", values.points[0].category) } else { String::new() };
    let note = values.origin.note("Whiskers: 95 % intervals over students, the reference taken as exact");
    let mut frame = Frame::new(Plan {
        page: values.origin.page("Recovery ratio on easy and on hard lists"),
        note: category + &note,
        across: Axis::across("recovery ratio, easy list (%)", range),
        up,
        legend: methods.iter().enumerate().map(key).collect(),
        size: [WIDTH, SQUARE],
    });
    frame.draw([Mark::line(MUTED, THIN, DASH, range.map(|value| (value, value)))]);
    let ends = |point| whiskers(point).into_iter().map(move |ends| Mark::whisker(style(point).colour, ends));
    frame.draw(values.points.iter().flat_map(ends));
    frame.draw(values.points.iter().map(|point| Mark::solid(style(point), at(point))));
    let named = values.points.iter().filter(|_| !only).map(|point| (point.category.clone(), at(point)));
    let near_end = range[1] - (range[1] - range[0]) * 0.06;
    let words: Vec<_> = named.chain([("equal".to_owned(), (near_end, near_end))]).collect();
    frame.beside(&words, &values.points.iter().flat_map(whiskers).collect::<Vec<_>>());
    Ok(frame.finish())
}

fn at(point: &RecoveryPoint) -> (f64, f64) {
    (point.easy.mean * 100.0, point.hard.mean * 100.0)
}

/// The ends of the whiskers of a point.
fn whiskers(point: &RecoveryPoint) -> Vec<[(f64, f64); 2]> {
    let (x, y) = at(point);
    let lying = point.easy.interval.map(|ends| ends.map(|end| (end * 100.0, y)));
    point.hard.upright(x).into_iter().chain(lying).collect()
}
