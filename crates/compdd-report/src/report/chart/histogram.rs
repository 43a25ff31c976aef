//! The values of one activation map (EDF supplement, Figure 7b).

use super::{
    Axis, DASH, Frame, INK, LegendEntry, Mark, Origin, PAPER, Page, Plan, ReportError, SIZE, SMALL, Sample, Style,
    THIN, ink, units, words,
};
use compdd_data::scores::Comparison;
use plotters::element::{EmptyElement, Rectangle, Text};
use plotters_backend::text_anchor::{HPos, VPos};

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
    let title = format!("share of {} cells (%)", map.cells.len());
    let up = Axis::up(title, shares.iter().map(|[_, all]| *all).chain([0.0]));
    let [low, high] = up.range;
    let style = Style::nth(0);
    let word = match map.comparison {
        Comparison::AtLeast => "≥",
        Comparison::Above => ">",
    };
    let mut frame = Frame::new(Plan {
        page: Origin::default().page("Values of an activation map"),
        note: map.note.clone(),
        across: Axis::across("value M of a cell", [0.0, 1.0]),
        up,
        legend: vec![LegendEntry(
            format!("activated, M {word} {}: {:.1} %, complexity κ = {kappa:.1} %", map.threshold, 100.0 - kappa),
            style,
            Sample::Area,
        )],
        size: SIZE,
    });
    for (bin, &[active, all]) in shares.iter().enumerate() {
        let [from, to] = [bin, bin + 1].map(|edge| edge as f64 / BINS as f64);
        let parts = [([0.0, active], ink(style.colour, 0.0)), ([active, all], ink(style.pale(), 0.0))];
        let drawn = parts.into_iter().filter(|([low, high], _)| high > low);
        frame.draw(drawn.map(|([low, high], fill)| Rectangle::new([(from, high), (to, low)], fill.filled())));
        frame.draw([Rectangle::new([(from, all), (to, 0.0)], ink(PAPER, THIN))]);
    }
    let threshold = f64::from(map.threshold);
    frame.draw([Mark::line(INK, 1.5 * THIN, DASH, [(threshold, low), (threshold, high)])]);
    let (side, aside) = if threshold > 0.7 { (HPos::Right, -5.0) } else { (HPos::Left, 5.0) };
    let name = format!("threshold {}", map.threshold);
    let name = Text::new(name, (units(aside), units(SMALL)), words(INK, SMALL, side, VPos::Bottom));
    frame.draw([EmptyElement::at((threshold, high)) + name]);
    Ok(frame.finish())
}
