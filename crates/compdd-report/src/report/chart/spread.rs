//! How the complexity of classes or of images is spread, as boxes.

use super::{Axis, CURVE, Frame, Mark, Origin, Page, Plan, ReportError, SIZE, Style, THIN, ink};
use plotters::element::Rectangle;

/// Share of a slot that a box covers.
const BOX: f64 = 0.5;
/// A box is made of so many values at least.
const BOXED: usize = 5;
/// Up to so many values are all drawn; of more those beyond the whiskers.
const DOTS: usize = 60;
const DOT: f64 = 1.6;
/// Share of a slot over which dots spread, so that equal values stay apart.
const ASIDE: f64 = 0.36;

/// Groups of values beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadValues {
    /// What a value is: `class` or `image`.
    pub what: &'static str,
    /// Threshold of the complexity.
    pub threshold: f32,
    /// The groups.
    pub groups: Vec<SpreadGroup>,
    /// Where the numbers come from.
    pub origin: Origin,
}

/// A file, a class or a list.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadGroup {
    /// Below the axis.
    pub name: String,
    /// Complexities, 0 to 1.
    pub values: Vec<f64>,
}

/// Quartiles, and the values furthest out within 1.5 times their distance (Tukey).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Quartiles {
    low: f64,
    first: f64,
    median: f64,
    third: f64,
    high: f64,
}

/// The chart.
///
/// # Errors
/// When there is no group, or one without values.
pub fn spread_chart(values: &SpreadValues) -> Result<Page, ReportError> {
    let all = values.groups.iter().flat_map(|group| &group.values).map(|value| value * 100.0);
    let quartiles: Option<Vec<Quartiles>> = values.groups.iter().map(|group| Quartiles::of(&group.values)).collect();
    let quartiles = quartiles.filter(|all| !all.is_empty()).ok_or(ReportError::Nothing)?;
    let few = values.groups.iter().all(|group| group.values.len() <= DOTS);
    let dots = if few { format!("dots: a {} each", values.what) } else { "dots: beyond the whiskers".to_owned() };
    let extra = format!(
        "Boxes: quartiles, of five values and more; whiskers: furthest values within 1.5 interquartile ranges; {dots}"
    );
    let mut frame = Frame::new(Plan {
        page: values.origin.page(format!("Complexity of {} by group", plural(values.what))),
        note: values.origin.note(&extra),
        across: Axis::names("", values.groups.iter().map(|group| group.name.clone())),
        up: Axis::up(format!("complexity κ at {} (%)", values.threshold), all),
        legend: Vec::new(),
        size: SIZE,
    });
    let style = Style::nth(0);
    for (slot, (group, own)) in values.groups.iter().zip(quartiles).enumerate() {
        draw_box(&mut frame, slot as f64, own, style, group.values.len() >= BOXED);
        let shown = group.values.iter().filter(|value| few || **value < own.low || **value > own.high);
        let dark = style.colour.map(|part| part / 2);
        frame.draw(shown.enumerate().map(|(place, value)| {
            let at = (slot as f64 + ASIDE * (aside(place) - 0.5), value * 100.0);
            Mark::at(at, style.marker, DOT, Some(dark), None)
        }));
    }
    Ok(frame.finish())
}

fn plural(what: &str) -> String {
    if what == "class" { "classes".to_owned() } else { format!("{what}s") }
}

/// The median and, where there are values enough, the box around it.
fn draw_box(frame: &mut Frame, slot: f64, own: Quartiles, style: Style, boxed: bool) {
    let [left, right] = [slot - BOX / 2.0, slot + BOX / 2.0];
    if boxed {
        let whisker = |ends: [f64; 2]| Mark::whisker(style.colour, ends.map(|end| (slot, end * 100.0)));
        frame.draw([[own.third, own.high], [own.first, own.low]].map(whisker));
        let body = [(left, own.third * 100.0), (right, own.first * 100.0)];
        frame.draw([ink(style.pale(), 0.0).filled(), ink(style.colour, THIN)].map(|ink| Rectangle::new(body, ink)));
    }
    let median = own.median * 100.0;
    frame.draw([Mark::line(style.colour, CURVE, &[], [(left, median), (right, median)])]);
}

/// A place in `[0, 1)` for each dot: the van der Corput sequence, whose neighbours are far apart.
fn aside(place: usize) -> f64 {
    let (mut rest, mut share, mut at) = (place + 1, 0.5, 0.0);
    while rest > 0 {
        at += share * (rest % 2) as f64;
        (rest, share) = (rest / 2, share / 2.0);
    }
    at
}

impl Quartiles {
    /// None without a value. Quartiles lie between values by their rank (type 7 of Hyndman and Fan).
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)? as f64;
        let at = |share: f64| {
            let rank = share * last;
            let [below, above] = [rank.floor() as usize, rank.ceil() as usize].map(|place| sorted[place]);
            below + (above - below) * rank.fract()
        };
        let [first, median, third] = [0.25, 0.5, 0.75].map(at);
        let reach = 1.5 * (third - first);
        let inside = |value: &&f64| **value >= first - reach && **value <= third + reach;
        let low = sorted.iter().find(inside).copied().unwrap_or(first);
        let high = sorted.iter().rev().find(inside).copied().unwrap_or(third);
        Some(Self { low, first, median, third, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_and_whiskers_are_those_of_tukey() {
        let own = Quartiles::of(&[1.0, 2.0, 3.0, 4.0, 100.0]).unwrap();
        assert_eq!(own, Quartiles { low: 1.0, first: 2.0, median: 3.0, third: 4.0, high: 4.0 });
        let even = Quartiles::of(&[4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!((even.first, even.median, even.third), (1.75, 2.5, 3.25));
        let one = Quartiles::of(&[0.5]).unwrap();
        assert_eq!((one.low, one.first, one.high), (0.5, 0.5, 0.5));
        assert_eq!(Quartiles::of(&[]), None);
    }

    #[test]
    fn dots_of_a_group_stand_at_different_places() {
        let mut places: Vec<f64> = (0..DOTS).map(aside).collect();
        places.sort_by(f64::total_cmp);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 1e-3));
        assert!(places.iter().all(|place| (0.0..1.0).contains(place)));
    }
}
