//! How much of the training images may be left out, as a table.

use super::{
    PruningCurve, PruningPoint, PruningValues, Repeats,
    grid::{Entry, Grid, Heading, Row},
};
use compdd_core::record::percent::spread;

/// A row for all training images, then one for every share of every rule; below it the largest harmless share of each rule.
pub fn harmless_grid(values: &PruningValues) -> Grid {
    let measured = |repeats: &Repeats| {
        [Entry::new(spread(repeats.mean(), repeats.deviation())), Entry::new(repeats.0.len().to_string())]
    };
    let percent = |removed: f64| format!("{}", (removed * 1e8).round() / 1e6);
    let whole: Vec<Entry> = [Entry::new("none"), Entry::new("0"), Entry::default()]
        .into_iter()
        .chain(measured(&values.whole))
        .chain([Entry::default()])
        .collect();
    let row = |curve: &PruningCurve, place: usize, point: &PruningPoint| {
        let words = [curve.name.clone(), percent(point.removed), point.kept.to_string()].map(Entry::new);
        let verdict = if point.harmless { Entry::new("yes") } else { Entry::muted("no") };
        Row { entries: words.into_iter().chain(measured(&point.repeats)).chain([verdict]).collect(), rule: place == 0 }
    };
    let rows = values
        .curves
        .iter()
        .flat_map(|curve| curve.points.iter().enumerate().map(move |(place, point)| row(curve, place, point)));
    let largest = |curve: &PruningCurve| match curve.largest_harmless() {
        Some(point) => format!(
            "{}: {} % is the largest share measured that is harmless, a critical sample ratio of {} %",
            curve.name,
            percent(point.removed),
            percent(1.0 - point.removed)
        ),
        None => format!("{}: no share that was measured is harmless", curve.name),
    };
    let rule = format!(
        "Harmless: the mean is at least that on all training images less one sample standard deviation; n counts {}.",
        values.of
    );
    Grid {
        name: "harmless-pruning".to_owned(),
        caption: format!("Accuracy on pruned training images: {}", values.origin.setting.join(", ")),
        head: vec![["removed by", "removed, %", "images", "accuracy, %", "n", "harmless"].map(Heading::one).into()],
        stub: 2,
        rows: std::iter::once(Row::new(whole)).chain(rows).collect(),
        notes: std::iter::once(rule)
            .chain(values.curves.iter().map(largest))
            .chain(values.origin.remarks.iter().cloned())
            .collect(),
    }
}
