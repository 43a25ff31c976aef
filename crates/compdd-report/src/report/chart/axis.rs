//! Axes for `plotters`: which numbers lie along one, which of them are written, and how.
//!
//! The steps are ours, since those of `plotters` may lose the last number of a range to rounding, and a range is to end with a number.

use std::ops::Range;

use plotters::coord::{
    combinators::{IntoLogRange as _, LogCoord},
    ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter},
    types::RangedCoordf64,
};

/// About so many numbers are written along an axis.
const ACROSS: usize = 6;
const UP: usize = 5;

/// What lies along an edge of a plot.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Axis {
    pub title: String,
    pub range: [f64; 2],
    /// What is written, and where.
    pub marks: Vec<(f64, String)>,
    pub kind: Kind,
}

/// How an axis is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Kind {
    Even,
    Logarithmic,
    /// The middles of equal slots, at 0, 1, 2, ...
    Names,
    /// The same with names that are too long for their slots.
    Leaning,
}

impl Axis {
    fn even(title: impl Into<String>, range: [f64; 2], step: f64) -> Self {
        let first = (range[0] / step - 1e-9).ceil() as i64;
        let last = (range[1] / step + 1e-9).floor() as i64;
        let marks = (first..=last).map(|k| k as f64 * step).map(|value| (value, write(value, step))).collect();
        Self { title: title.into(), range, marks, kind: Kind::Even }
    }

    /// An upright one with room for these numbers.
    pub fn up(title: impl Into<String>, values: impl Iterator<Item = f64>) -> Self {
        let range = range_of(values);
        Self::even(title, range, step(range, UP))
    }

    /// A lying one.
    pub fn across(title: impl Into<String>, range: [f64; 2]) -> Self {
        Self::even(title, range, step(range, ACROSS))
    }

    /// A lying one for things that are counted.
    pub fn counted(title: impl Into<String>, range: [f64; 2]) -> Self {
        Self::even(title, range, step(range, ACROSS).max(1.0))
    }

    /// Logarithms, and what is written.
    pub fn logarithmic(title: impl Into<String>, range: [f64; 2], marks: Vec<(f64, String)>) -> Self {
        Self { title: title.into(), range, marks, kind: Kind::Logarithmic }
    }

    /// Ranks, each written; a range that falls has the first at the top.
    pub fn ranks(title: impl Into<String>, range: [f64; 2], marks: Vec<(f64, String)>) -> Self {
        Self { title: title.into(), range, marks, kind: Kind::Even }
    }

    /// Names in slots of equal width.
    pub fn names(title: impl Into<String>, names: impl IntoIterator<Item = String>) -> Self {
        let marks: Vec<(f64, String)> =
            names.into_iter().enumerate().map(|(place, name)| (place as f64, name)).collect();
        Self { title: title.into(), range: [-0.5, marks.len() as f64 - 0.5], marks, kind: Kind::Names }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let range = self.range();
        if self.kind == Kind::Logarithmic {
            LogCoord::from(range.log_scale()).map(value, limit)
        } else {
            RangedCoordf64::from(range).map(value, limit)
        }
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        let marks = if hint.weight().allow_light_points() { &[] } else { self.marks.as_slice() };
        marks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range[0]..self.range[1]
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let mark = self.marks.iter().find(|(at, _)| at == value);
        mark.map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// A step of 1, 2 or 5 times a power of ten, by which a range has about `wanted` numbers.
fn step([low, high]: [f64; 2], wanted: usize) -> f64 {
    let rough = (high - low) / wanted as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power)
}

/// A number with as many digits as the step needs; thousands are set apart.
fn write(value: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).max(0.0) as usize;
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("−", whole));
    let mut apart = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && whole.len() > 4 && (whole.len() - place).is_multiple_of(3) {
            apart.push('\u{202f}');
        }
        apart.push(digit);
    }
    let rest = rest.map_or_else(String::new, |rest| format!(".{rest}"));
    format!("{sign}{apart}{rest}")
}

/// A range around numbers that begins and ends with a step; wide enough to be divided even where they are all equal.
fn range_of(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let range = if high - low < 1e-9 { [low - 0.5, high + 0.5] } else { [low, high] };
    // A wider range may have wider steps: its ends are to be steps of its own.
    (0..4).fold(range, |[low, high], _| {
        let step = step([low, high], UP);
        [(low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step]
    })
}
