//! Accuracy over the share of the training images that is kept.

use super::{Axis, DASH, Frame, INK, LegendEntry, Mark, Origin, Page, Plan, ReportError, SIZE, Sample, Style};

/// Room beside the smallest and the largest share, in powers of ten.
const ROOM: f64 = 0.08;

/// A method on pruned training images, a curve a rule, beside itself on all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct PruningValues {
    /// On all training images.
    pub whole: Repeats,
    /// The rules, each with its shares.
    pub curves: Vec<PruningCurve>,
    /// What was repeated: `sets`, or `students` of one set.
    pub of: &'static str,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A criterion and the side that it removes.
#[derive(Clone, Debug, PartialEq)]
pub struct PruningCurve {
    /// Both: `loss:high`.
    pub name: String,
    /// By rising share that is removed.
    pub points: Vec<PruningPoint>,
}

/// A share that is removed.
#[derive(Clone, Debug, PartialEq)]
pub struct PruningPoint {
    /// Share of every class that is removed, 0 to 1.
    pub removed: f64,
    /// Training images that are left.
    pub kept: usize,
    /// What was measured there.
    pub repeats: Repeats,
    /// Whether nothing is lost: the mean is at least that of the whole set less its standard deviation.
    pub harmless: bool,
}

/// Accuracies of repetitions, fractions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repeats(pub Vec<f64>);

impl Repeats {
    /// Their mean.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// Their sample standard deviation; none of fewer than two.
    pub fn deviation(&self) -> Option<f64> {
        let (mean, n) = (self.mean(), self.0.len());
        let squares: f64 = self.0.iter().map(|value| (value - mean).powi(2)).sum();
        (n > 1).then(|| (squares / (n - 1) as f64).sqrt())
    }
}

impl PruningCurve {
    /// The largest share that may be removed without loss, none of those that were measured. Not every smaller share need be harmless.
    pub fn largest_harmless(&self) -> Option<&PruningPoint> {
        self.points.iter().rev().find(|point| point.harmless)
    }
}

/// The chart; the band is the whole set, its mean and one standard deviation on either side.
///
/// # Errors
/// When there is no point.
pub fn pruning_chart(values: &PruningValues) -> Result<Page, ReportError> {
    let points = || values.curves.iter().flat_map(|curve| &curve.points);
    let share = |point: &PruningPoint| 100.0 * (1.0 - point.removed);
    let mut shares: Vec<f64> = points().map(share).chain([100.0]).collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    if points().next().is_none() {
        return Err(ReportError::Nothing);
    }
    let ends = |repeats: &Repeats| {
        let (mean, spread) = (repeats.mean(), repeats.deviation().unwrap_or(0.0));
        [mean - spread, mean + spread].map(|value| value * 100.0)
    };
    let band = ends(&values.whole);
    let range = [shares[0].log10() - ROOM, 2.0 + ROOM].map(|power| 10_f64.powf(power));
    let key =
        |(place, curve): (usize, &PruningCurve)| LegendEntry(curve.name.clone(), Style::nth(place), Sample::Curve);
    let note = format!("Whiskers and dashed lines: one standard deviation of {}", values.of);
    let mut frame = Frame::new(Plan {
        page: values.origin.page("Accuracy on pruned training images"),
        note: values.origin.note(&note),
        legend: values.curves.iter().enumerate().map(key).collect(),
        across: Axis::logarithmic(
            "share of the training images that is kept (%, logarithmic)",
            range,
            shares.iter().map(|share| (*share, format!("{}", (share * 1e6).round() / 1e6))).collect(),
        ),
        up: Axis::up("accuracy (%)", points().flat_map(|point| ends(&point.repeats)).chain(band)),
        size: SIZE,
    });
    let whole = values.whole.mean() * 100.0;
    frame.draw([Mark::line(INK, 1.5, &[], range.map(|x| (x, whole)))]);
    frame.draw(band.map(|y| Mark::line(INK, 1.0, DASH, range.map(|x| (x, y)))));
    for (place, curve) in values.curves.iter().enumerate() {
        let style = Style::nth(place);
        let at = |point: &PruningPoint| (share(point), point.repeats.mean() * 100.0);
        let spread = curve.points.iter().filter(|point| point.repeats.deviation().is_some());
        frame.draw(spread.map(|point| Mark::whisker(style.colour, ends(&point.repeats).map(|y| (share(point), y)))));
        frame.draw([Mark::curve(style, curve.points.iter().map(at))]);
        let mark = |point: &PruningPoint| {
            if point.harmless { Mark::solid(style, at(point)) } else { Mark::hollow(style, at(point)) }
        };
        frame.draw(curve.points.iter().map(mark));
    }
    Ok(frame.finish())
}
