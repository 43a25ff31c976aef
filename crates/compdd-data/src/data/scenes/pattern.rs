//! Textures: which of two tones a point of a piece shows.

use compdd_core::rng::Stream;

/// A kind of texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// One tone.
    Plain,
    /// Parallel stripes.
    Stripes,
    /// A chessboard.
    Checks,
    /// Dots on a square lattice.
    Dots,
}

/// A texture with everything drawn: scale, angle and phase. One unit is the radius of the disc that has the piece's area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    texture: Texture,
    turn: (f32, f32),
    frequency: f32,
    phase: [f32; 2],
}

/// Radius of a dot over the distance between dots.
const DOT: f32 = 0.33;

impl Texture {
    /// The textures that classes are made of.
    pub const ALL: [Texture; 3] = [Texture::Stripes, Texture::Checks, Texture::Dots];

    /// Draws scale, angle and phase; the scale is a multiple of `coarseness`, the angle at most `tilt` (radians)
    /// from upright.
    pub fn draw(self, coarseness: f32, tilt: f32, stream: &mut Stream) -> Pattern {
        let turn = stream.range(-tilt, tilt).sin_cos();
        let (low, high) = match self {
            Self::Plain | Self::Stripes => (0.6, 0.78),
            Self::Checks => (0.88, 1.1),
            Self::Dots => (0.7, 0.85),
        };
        Pattern {
            texture: self,
            turn,
            frequency: (stream.range(low, high) * coarseness).recip(),
            phase: [stream.uniform(), stream.uniform()],
        }
    }
}

impl Pattern {
    /// The tone, 0 or 1, at a point.
    pub fn tone(&self, [x, y]: [f32; 2]) -> usize {
        let (sine, cosine) = self.turn;
        // Coordinates are small: shifted to be positive, the fraction is what truncation leaves.
        let fraction = |at: f32, phase: f32| {
            let shifted = at * self.frequency + phase + 64.0;
            shifted - (shifted as i32) as f32
        };
        let u = fraction(cosine * x + sine * y, self.phase[0]);
        let v = || fraction(cosine * y - sine * x, self.phase[1]);
        match self.texture {
            Texture::Plain => 0,
            Texture::Stripes => usize::from(u < 0.5),
            Texture::Checks => usize::from((u < 0.5) == (v() < 0.5)),
            Texture::Dots => usize::from((u - 0.5).powi(2) + (v() - 0.5).powi(2) < DOT * DOT),
        }
    }
}
