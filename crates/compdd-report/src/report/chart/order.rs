//! Scores of images in their order, and what a rule removes of them.

use super::{Axis, DASH, Frame, LegendEntry, MUTED, Mark, Origin, Page, Plan, ReportError, SIZE, Sample, Style, THIN};

/// A curve has so many points at most.
const POINTS: usize = 400;
/// Up to so many classes have a line of their own.
const CLASSES: usize = 20;

/// Scores by one criterion.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderValues {
    /// What images are scored by.
    pub criterion: String,
    /// The scores of every class.
    pub classes: Vec<Vec<f64>>,
    /// The rule, and the shares of a class, in ascending order, between which its images are kept.
    pub kept: Option<(String, [f64; 2])>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// The chart: all images in the order of their scores, and every class on its own where there are not many.
///
/// # Errors
/// When there is no score.
pub fn order_chart(values: &OrderValues) -> Result<Page, ReportError> {
    let sorted = |mut scores: Vec<f64>| {
        scores.retain(|score| score.is_finite());
        scores.sort_by(f64::total_cmp);
        scores
    };
    let all = sorted(values.classes.concat());
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Err(ReportError::Nothing) };
    let classes: &[Vec<f64>] = if (2..=CLASSES).contains(&values.classes.len()) { &values.classes } else { &[] };
    let (whole, single) = (Style::nth(0), Style { colour: MUTED, ..Style::nth(0) });
    let mut legend = vec![LegendEntry("all images".into(), whole, Sample::Line)];
    if !classes.is_empty() {
        legend.push(LegendEntry("each class".into(), single, Sample::Line));
    }
    let mut note = String::new();
    if let Some((rule, _)) = &values.kept {
        legend.push(LegendEntry(format!("{rule} keeps"), Style { dash: DASH, ..Style::nth(1) }, Sample::Line));
        "Removing goes class by class".clone_into(&mut note);
    }
    let mut frame = Frame::new(Plan {
        page: values.origin.page(format!("Training images in the order of {}", values.criterion)),
        note: values.origin.note(&note),
        legend,
        across: Axis::across("share of the images (%)", [0.0, 100.0]),
        up: Axis::up(values.criterion.clone(), [*first, *last].into_iter()),
        size: SIZE,
    });
    for class in classes {
        frame.draw([Mark::line(MUTED, THIN, &[], curve(&sorted(class.clone())))]);
    }
    frame.draw([Mark::curve(Style { dash: &[], ..whole }, curve(&all))]);
    if let Some((_, ends)) = &values.kept {
        let upright = |share: &f64| {
            Mark::line(Style::nth(1).colour, 1.5, DASH, [(100.0 * share, *first), (100.0 * share, *last)])
        };
        frame.draw(ends.iter().filter(|share| (0.001..0.999).contains(*share)).map(upright));
    }
    Ok(frame.finish())
}

/// Share and score of some images, the first and the last among them.
fn curve(sorted: &[f64]) -> Vec<(f64, f64)> {
    let last = sorted.len().saturating_sub(1);
    let points = last.clamp(1, POINTS);
    let places = (0..=points).map(|point| point * last / points);
    places.filter_map(|place| Some((100.0 * place as f64 / last.max(1) as f64, *sorted.get(place)?))).collect()
}
