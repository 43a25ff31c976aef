//! Marks that `plotters` lacks: markers with edges, curves with dashes of several lengths, whiskers, and labels that keep clear of each other.

use plotters::element::{Drawable, PointCollection};
use plotters_backend::BackendCoord;

use super::{
    Anchor, CURVE, Colour, Dash, Frame, Label, Marker, PAPER, Page, Path, SMALL, Style, THIN,
    backend::{Drawn, pixels},
    font,
};

/// Radius of a marker.
const MARKER: f64 = 3.4;
/// Of lines that are not a series.
pub(super) const DASH: Dash = &[6.0, 3.0];
/// Half the width of the ends of a whisker.
const CAP: f64 = 3.0;
/// How far a label stands from its point.
const APART: f64 = 7.0;

/// Draws on a page by points in pixels.
type Draw = dyn Fn(&mut Page, Vec<[f64; 2]>);

/// An element at points of a plot, or of a page.
pub(super) struct Mark<P> {
    points: Vec<P>,
    draw: Box<Draw>,
}

impl<P> Mark<P> {
    /// A marker, filled or with an edge of some width, or both.
    pub fn at(at: P, marker: Marker, radius: f64, fill: Option<Colour>, edge: Option<(Colour, f64)>) -> Self {
        let draw = move |page: &mut Page, points: Vec<[f64; 2]>| {
            let path = Path::marker(marker, points[0], radius);
            if let Some(colour) = fill {
                page.area(path.clone(), colour);
            }
            if let Some((colour, width)) = edge {
                page.line(path, colour, width, &[]);
            }
        };
        Self { points: vec![at], draw: Box::new(draw) }
    }

    /// A filled marker with a thin edge of paper, so that markers that touch stay apart.
    pub fn solid(style: Style, at: P) -> Self {
        Self::at(at, style.marker, MARKER, Some(style.colour), Some((PAPER, THIN / 2.0)))
    }

    /// A filled marker.
    pub fn plain(style: Style, at: P) -> Self {
        Self::at(at, style.marker, MARKER, Some(style.colour), None)
    }

    /// The outline of a marker, paper inside.
    pub fn hollow(style: Style, at: P) -> Self {
        Self::at(at, style.marker, MARKER, Some(PAPER), Some((style.colour, 1.5 * THIN)))
    }

    /// A line through points.
    pub fn line(colour: Colour, width: f64, dash: Dash, points: impl IntoIterator<Item = P>) -> Self {
        let draw = move |page: &mut Page, points| page.line(Path::through(points), colour, width, dash);
        Self { points: points.into_iter().collect(), draw: Box::new(draw) }
    }

    /// A curve as its style has it.
    pub fn curve(style: Style, points: impl IntoIterator<Item = P>) -> Self {
        Self::line(style.colour, CURVE, style.dash, points)
    }

    /// A whisker with ends, upright or lying down.
    pub fn whisker(colour: Colour, ends: [P; 2]) -> Self {
        let draw = move |page: &mut Page, ends: Vec<[f64; 2]>| {
            let [right, down] = if ends[0][1] == ends[1][1] { [0.0, CAP] } else { [CAP, 0.0] };
            let caps = ends.iter().map(|[x, y]| vec![[x - right, y - down], [x + right, y + down]]);
            for path in caps.collect::<Vec<_>>().into_iter().chain([ends]) {
                page.line(Path::through(path), colour, THIN, &[]);
            }
        };
        Self { points: ends.into(), draw: Box::new(draw) }
    }
}

impl<'a, P> PointCollection<'a, P> for &'a Mark<P> {
    type Point = &'a P;
    type IntoIter = &'a [P];

    fn point_iter(self) -> &'a [P] {
        &self.points
    }
}

impl<P> Drawable<Page> for Mark<P> {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, points: I, page: &mut Page, _: (u32, u32)) -> Drawn {
        (self.draw)(page, points.map(pixels).collect());
        Ok(())
    }
}

impl Frame {
    /// Words beside points, each where it covers neither a point, nor a line between two, nor other words; what finds no room is left out.
    pub(super) fn beside(&mut self, words: &[(String, (f64, f64))], lines: &[[(f64, f64); 2]]) {
        let [left, top, right, bottom] = self.bounds();
        let around = |ends: [(f64, f64); 2], by: f64| {
            let [[a, b], [c, d]] = ends.map(|at| self.pixels(at));
            [a.min(c) - by, b.min(d) - by, a.max(c) + by, b.max(d) + by]
        };
        let points = words.iter().map(|(_, at)| around([*at, *at], MARKER));
        let mut taken: Vec<[f64; 4]> = points.chain(lines.iter().map(|ends| around(*ends, 0.0))).collect();
        for (text, at) in words {
            let ([x, y], high) = (self.pixels(*at), SMALL * font::CAPITAL);
            let [above, level, below] = [y - APART, y + high / 2.0, y + APART + high];
            let beside = [(1.0, level), (-1.0, level), (0.0, above), (0.0, below)];
            let aslant = [(1.0, above), (-1.0, above), (1.0, below), (-1.0, below)];
            for (side, line) in [beside, aslant].concat() {
                let anchor = [Anchor::End, Anchor::Middle, Anchor::Start][(side + 1.0) as usize];
                let label = Label::new(text, [x + side * APART, line], SMALL, anchor);
                let from = label.at[0] - label.lead();
                let [l, t, r, b] = [from, line - SMALL * 0.8, from + font::width(text, SMALL), line + SMALL * 0.25];
                let inside = l >= left && r <= right && t >= top && b <= bottom;
                if inside && taken.iter().all(|[a, c, d, e]| r <= *a || l >= *d || b <= *c || t >= *e) {
                    taken.push([l, t, r, b]);
                    self.page.borrow_mut().text(label);
                    break;
                }
            }
        }
    }
}
