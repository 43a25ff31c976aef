//! Marks that several charts share: whiskers, hollow markers, labels that keep clear of each other.

use super::{
    super::draw::{
        font,
        page::{Anchor, Label, Page},
        path::Path,
        style::{Colour, PAPER, SMALL, Style, THIN},
    },
    frame::{Frame, MARKER},
    origin::Measured,
};

/// Half the width of the ends of a whisker.
const CAP: f64 = 3.0;
/// How far a label stands from its point.
const APART: f64 = 7.0;

/// A vertical whisker with ends.
pub(super) fn whisker(page: &mut Page, x: f64, [low, high]: [f64; 2], colour: Colour) {
    for path in [[[x, low], [x, high]], [[x - CAP, low], [x + CAP, low]], [[x - CAP, high], [x + CAP, high]]] {
        page.line(Path::through(path), colour, THIN, &[]);
    }
}

/// The outline of a marker, paper inside.
pub(super) fn hollow(page: &mut Page, style: Style, at: [f64; 2]) {
    let path = Path::marker(style.marker, at, MARKER);
    page.area(path.clone(), PAPER);
    page.line(path, style.colour, 1.5 * THIN, &[]);
}

/// A filled marker with a thin edge of paper, so that markers that touch stay apart.
pub(super) fn solid(page: &mut Page, style: Style, at: [f64; 2]) {
    let path = Path::marker(style.marker, at, MARKER);
    page.area(path.clone(), style.colour);
    page.line(path, PAPER, THIN / 2.0, &[]);
}

impl Frame {
    /// A mean in per cent with its interval, `x` in pixels. The marker is drawn by the caller, over all whiskers.
    pub(super) fn interval(&mut self, x: f64, value: Measured, colour: Colour) {
        if let Some(ends) = value.interval {
            let ends = ends.map(|end| self.y.at(end * 100.0));
            whisker(&mut self.page, x, ends, colour);
        }
    }

    /// The same lying down, `y` in pixels.
    pub(super) fn interval_across(&mut self, y: f64, value: Measured, colour: Colour) {
        if let Some(ends) = value.interval {
            let [low, high] = ends.map(|end| self.x.at(end * 100.0));
            for path in [[[low, y], [high, y]], [[low, y - CAP], [low, y + CAP]], [[high, y - CAP], [high, y + CAP]]] {
                self.page.line(Path::through(path), colour, THIN, &[]);
            }
        }
    }

    /// Words beside points, each where it covers neither a point nor other words; what finds no room is left out and counted.
    pub(super) fn beside(&mut self, words: &[(String, [f64; 2])], obstacles: &[[f64; 4]]) -> usize {
        let ([left, right], [bottom, top]) = (self.x.pixels, self.y.pixels);
        let mut taken = obstacles.to_vec();
        taken.extend(words.iter().map(|(_, at)| around(*at)));
        let mut lost = 0;
        for (text, [x, y]) in words {
            let (width, middle) = (font::width(text, SMALL), y + SMALL * font::CAPITAL / 2.0);
            let places = [
                ([x + APART, middle], Anchor::Start),
                ([x - APART, middle], Anchor::End),
                ([*x, y - APART], Anchor::Middle),
                ([*x, y + APART + SMALL * font::CAPITAL], Anchor::Middle),
                ([x + APART, y - APART], Anchor::Start),
                ([x - APART, y - APART], Anchor::End),
                ([x + APART, y + APART + SMALL * font::CAPITAL], Anchor::Start),
                ([x - APART, y + APART + SMALL * font::CAPITAL], Anchor::End),
            ];
            let bounds = |([x, y], anchor): &([f64; 2], Anchor)| {
                let from = match anchor {
                    Anchor::Start => *x,
                    Anchor::Middle => x - width / 2.0,
                    Anchor::End => x - width,
                };
                [from, y - SMALL * 0.8, from + width, y + SMALL * 0.25]
            };
            let free = |place: &&([f64; 2], Anchor)| {
                let [l, t, r, b] = bounds(place);
                let inside = l >= left && r <= right && t >= top && b <= bottom;
                inside && taken.iter().all(|[a, c, d, e]| r <= *a || l >= *d || b <= *c || t >= *e)
            };
            match places.iter().find(free) {
                Some(place) => {
                    taken.push(bounds(place));
                    self.page.text(Label::new(text, place.0, SMALL, place.1));
                }
                None => lost += 1,
            }
        }
        lost
    }
}

/// What a marker covers.
fn around([x, y]: [f64; 2]) -> [f64; 4] {
    [x - MARKER, y - MARKER, x + MARKER, y + MARKER]
}
