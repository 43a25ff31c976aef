//! Outlines: straight and curved steps of a pen.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use super::style::Marker;

/// A step of the pen, to a point `[x, y]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) enum Step {
    /// Without drawing.
    Move([f64; 2]),
    /// Straight.
    Line([f64; 2]),
    /// A quadratic curve by way of a control point.
    Curve([f64; 2], [f64; 2]),
    /// Straight back to where the part began.
    Close,
}

/// Steps one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::report) struct Path(pub Vec<Step>);

/// Corners of an upright cross.
const PLUS: [[f64; 2]; 12] = [
    [-0.45, -1.35],
    [0.45, -1.35],
    [0.45, -0.45],
    [1.35, -0.45],
    [1.35, 0.45],
    [0.45, 0.45],
    [0.45, 1.35],
    [-0.45, 1.35],
    [-0.45, 0.45],
    [-1.35, 0.45],
    [-1.35, -0.45],
    [-0.45, -0.45],
];

/// Corners by which a disc is drawn with curves.
const ARCS: usize = 8;

impl Path {
    /// A line through points.
    pub fn through(points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        let mut path = Self::default();
        for [x, y] in points {
            if path.0.is_empty() { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        path
    }

    /// A rectangle from its corners.
    pub fn rectangle([left, top]: [f64; 2], [right, bottom]: [f64; 2]) -> Self {
        let mut path = Self::through([[left, top], [right, top], [right, bottom], [left, bottom]]);
        path.close();
        path
    }

    /// A marker around a point; `radius` is that of the disc, the others have about its area.
    pub fn marker(marker: Marker, [x, y]: [f64; 2], radius: f64) -> Self {
        let corners = |corners: &[[f64; 2]]| {
            let mut path = Self::through(corners.iter().map(|[dx, dy]| [x + dx * radius, y + dy * radius]));
            path.close();
            path
        };
        match marker {
            Marker::Disc => Self::disc([x, y], radius),
            Marker::Square => corners(&[[-0.89, -0.89], [0.89, -0.89], [0.89, 0.89], [-0.89, 0.89]]),
            Marker::Triangle => corners(&[[0.0, -1.4], [1.2, 0.8], [-1.2, 0.8]]),
            Marker::Diamond => corners(&[[0.0, -1.3], [1.3, 0.0], [0.0, 1.3], [-1.3, 0.0]]),
            Marker::Tip => corners(&[[0.0, 1.4], [-1.2, -0.8], [1.2, -0.8]]),
            Marker::Left => corners(&[[-1.4, 0.0], [0.8, -1.2], [0.8, 1.2]]),
            Marker::Plus => corners(&PLUS),
            Marker::Cross => corners(&PLUS.map(|[x, y]| [(x - y) * FRAC_1_SQRT_2, (x + y) * FRAC_1_SQRT_2])),
            Marker::Star => corners(&std::array::from_fn::<_, 10, _>(|ray| {
                let (angle, reach) = (TAU * ray as f64 / 10.0, if ray % 2 == 0 { 1.5 } else { 0.65 });
                [reach * angle.sin(), -reach * angle.cos()]
            })),
        }
    }

    fn disc([x, y]: [f64; 2], radius: f64) -> Self {
        let at = |turn: f64, radius: f64| [x + radius * (TAU * turn).cos(), y + radius * (TAU * turn).sin()];
        let mut path = Self(vec![Step::Move(at(0.0, radius))]);
        let (arc, control) = (1.0 / ARCS as f64, radius / (TAU / (2 * ARCS) as f64).cos());
        for k in 0..ARCS {
            path.curve_to(at((k as f64 + 0.5) * arc, control), at((k + 1) as f64 * arc, radius));
        }
        path.close();
        path
    }

    pub fn move_to(&mut self, x: f64, y: f64) {
        self.0.push(Step::Move([x, y]));
    }

    pub fn line_to(&mut self, x: f64, y: f64) {
        self.0.push(Step::Line([x, y]));
    }

    pub fn curve_to(&mut self, control: [f64; 2], end: [f64; 2]) {
        self.0.push(Step::Curve(control, end));
    }

    pub fn close(&mut self) {
        self.0.push(Step::Close);
    }
}
