//! The values of one activation map (EDF supplement, Figure 7b).

use super::{
    super::{
        ReportError,
        draw::{
            page::{Anchor, Label, Page},
            path::Path,
            style::{INK, PAPER, PLOT_HEIGHT, SMALL, Style, THIN},
        },
    },
    frame::{Frame, LegendEntry, Plan, Sample, UP, XAxis},
    scale::range_of,
};
use compdd_data::scores::Comparison;

const BINS: usize = 20;

/// One map and how it is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct MapValues<'a> {
    /// The cells, each in `[0, 1]`.
    pub cells: &'a [f32],
    /// From which value on a cell is activated.
    pub threshold: f32,
    /// Whether a cell at the threshold is.
    pub comparison: Comparison,
    /// Where the map comes from, in a line.
    pub note: String,
}

/// Share of the cells in each of twenty bins, in per cent: the activated ones, and all; the last bin holds 1 as well.
fn shares(map: &MapValues<'_>) -> [[f64; 2]; BINS] {
    let mut counts = [[0_usize; 2]; BINS];
    for &value in map.cells {
        let bin = (f64::from(value) * BINS as f64) as usize;
        let [active, all] = &mut counts[bin.min(BINS - 1)];
        *active += usize::from(map.comparison.holds(value, map.threshold));
        *all += 1;
    }
    counts.map(|pair| pair.map(|count| 100.0 * count as f64 / map.cells.len() as f64))
}

/// The histogram, pale where cells are not activated, with the threshold and the complexity that follows.
///
/// # Errors
/// When the map has no cells.
pub fn map_histogram(map: &MapValues<'_>) -> Result<Page, ReportError> {
    if map.cells.is_empty() {
        return Err(ReportError::Nothing);
    }
    let shares = shares(map);
    let active = map.cells.iter().filter(|value| map.comparison.holds(**value, map.threshold)).count();
    let kappa = 100.0 * (1.0 - active as f64 / map.cells.len() as f64);
    let style = Style::nth(0);
    let word = match map.comparison {
        Comparison::AtLeast => "≥",
        Comparison::Above => ">",
    };
    let mut frame = Frame::new(Plan {
        title: "Values of an activation map".into(),
        note: map.note.clone(),
        across: XAxis::Numbers { range: [0.0, 1.0], whole: false },
        across_title: "value M of a cell".into(),
        up: range_of(shares.iter().map(|[_, all]| *all).chain([0.0]), UP),
        up_title: format!("share of {} cells (%)", map.cells.len()),
        legend: vec![LegendEntry {
            text: format!("activated, M {word} {}: {:.1} %, complexity κ = {kappa:.1} %", map.threshold, 100.0 - kappa),
            style,
            sample: Sample::Area,
        }],
        height: PLOT_HEIGHT,
    });
    let threshold = f64::from(map.threshold);
    for (bin, &[active, all]) in shares.iter().enumerate() {
        let [from, to] = [bin, bin + 1].map(|edge| edge as f64 / BINS as f64);
        for ([low, high], colour) in [([0.0, active], style.colour), ([active, all], style.pale())] {
            if high > low {
                frame.page.area(Path::rectangle(frame.at(from, high), frame.at(to, low)), colour);
            }
        }
        let path = Path::rectangle(frame.at(from, all), frame.at(to, 0.0));
        frame.page.line(path, PAPER, THIN, &[]);
    }
    let [low, high] = frame.y.range;
    let path = Path::through([frame.at(threshold, low), frame.at(threshold, high)]);
    frame.page.line(path, INK, 1.5 * THIN, &[6.0, 3.0]);
    let (anchor, aside) = if threshold > 0.7 { (Anchor::End, -5.0) } else { (Anchor::Start, 5.0) };
    let [x, y] = frame.at(threshold, high);
    frame.page.text(Label::new(format!("threshold {}", map.threshold), [x + aside, y + SMALL], SMALL, anchor));
    Ok(frame.finish())
}
