//! Outlines: whether a point lies inside. Every shape has the area of the unit disc, so a size means the same for all.

use std::f32::consts::TAU;

use compdd_core::rng::Stream;

/// An outline around the origin, of area pi.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Disc,
    /// A square.
    Square,
    /// An equilateral triangle.
    Triangle,
    /// A star with five points.
    Star,
}

/// Inner radius of the star over its outer radius.
const STAR_WAIST: f32 = 0.52;
/// Outer radius of the star, `(pi / (5 waist sin 36))^(1/2)`.
const STAR_TIP: f32 = 1.433_768_1;
const COS_36: f32 = 0.809_017;
const SIN_36: f32 = 0.587_785_25;
/// Half the side of a square of area pi.
const HALF_SIDE: f32 = 0.886_226_9;
/// Distance of the sides of an equilateral triangle of area pi, `(pi^2 / 27)^(1/4)`.
const TRIANGLE_SIDE: f32 = 0.777_560_2;
const HALF_ROOT_3: f32 = 0.866_025_4;
/// Normals of the mirrors at 108 and 36 degrees, which fold the upper half plane onto half a star point.
const MIRRORS: [[f32; 2]; 2] = [[-0.951_056_5, -0.309_017], [-0.587_785_25, 0.809_017]];

impl Shape {
    /// All shapes that classes are made of.
    pub const ALL: [Shape; 4] = [Shape::Disc, Shape::Square, Shape::Triangle, Shape::Star];

    /// Whether a point is inside.
    pub fn contains(self, [x, y]: [f32; 2]) -> bool {
        match self {
            Self::Disc => x * x + y * y < 1.0,
            Self::Square => x.abs().max(y.abs()) < HALF_SIDE,
            Self::Triangle => y < TRIANGLE_SIDE && HALF_ROOT_3 * x.abs() - 0.5 * y < TRIANGLE_SIDE,
            Self::Star => {
                // A point of the star looks up. Mirror the plane onto half a point around the x axis, then ask for the side of that half's edge, which
                // runs from the tip at (outer, 0) to the waist.
                let (mut x, mut y) = (-y, x.abs());
                for [across, along] in MIRRORS {
                    let beyond = (across * x + along * y).max(0.0) * 2.0;
                    x -= beyond * across;
                    y = (y - beyond * along).abs();
                }
                let outer = STAR_TIP;
                let [wx, wy] = [outer * STAR_WAIST * COS_36, outer * STAR_WAIST * SIN_36];
                (wx - outer) * y - wy * (x - outer) > 0.0
            }
        }
    }

    /// Distance of the farthest point from the origin.
    pub fn reach(self) -> f32 {
        match self {
            Self::Disc => 1.0,
            Self::Square => std::f32::consts::SQRT_2 * HALF_SIDE,
            Self::Triangle => 2.0 * TRIANGLE_SIDE,
            Self::Star => STAR_TIP,
        }
    }
}

/// An outline that belongs to no class: in polar coordinates `1 + sum of depth * sin(k angle + phase)`, k = 2, 3, 4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blob {
    /// `depth * (cos phase, sin phase)` of each wave.
    waves: [[f32; 2]; 3],
    /// Squared radii between which the edge runs.
    inner: f32,
    outer: f32,
    stretch: f32,
    squeeze: f32,
}

impl Blob {
    /// A wobbly round thing, stretched by up to `longest`.
    pub fn draw(stream: &mut Stream, longest: f32) -> Self {
        let mut wobble = 0.0;
        let waves = std::array::from_fn(|_| {
            let (depth, (sine, cosine)) = (stream.range(0.0, 0.22), stream.range(0.0, TAU).sin_cos());
            wobble += depth;
            [depth * cosine, depth * sine]
        });
        let stretch = stream.range(1.0, longest).sqrt();
        let (inner, outer) = ((1.0_f32 - wobble).powi(2), (1.0_f32 + wobble).powi(2));
        Self { waves, inner, outer, stretch, squeeze: stretch.recip() }
    }

    /// Whether a point is inside.
    pub fn contains(self, [x, y]: [f32; 2]) -> bool {
        let (x, y) = (x * self.squeeze, y * self.stretch);
        let square = x * x + y * y;
        if square < self.inner {
            return true;
        }
        if square > self.outer {
            return false;
        }
        let radius = square.sqrt();
        // Powers of the unit vector are the multiples of its angle.
        let (cosine, sine) = (x / radius, y / radius);
        let (mut real, mut imaginary) = (cosine, sine);
        let mut edge = 1.0;
        for [along, across] in self.waves {
            (real, imaginary) = (real * cosine - imaginary * sine, real * sine + imaginary * cosine);
            edge += imaginary * along + real * across;
        }
        radius < edge
    }

    /// Distance that no point exceeds.
    pub fn reach(self) -> f32 {
        self.stretch * self.outer.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::PI;

    use super::*;

    #[test]
    fn all_shapes_have_the_area_of_the_unit_disc() {
        for shape in Shape::ALL {
            let (n, reach) = (1000, shape.reach());
            let mut inside = 0;
            for i in 0..n * n {
                let at = |k: usize| ((k as f32 + 0.5) / n as f32 * 2.0 - 1.0) * reach;
                inside += usize::from(shape.contains([at(i % n), at(i / n)]));
            }
            let area = 4.0 * reach * reach * inside as f32 / (n * n) as f32;
            assert!((area - PI).abs() < 0.01, "{shape:?} {area}");
        }
    }
}
