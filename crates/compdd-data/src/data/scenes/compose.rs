//! What is in a picture: every random draw happens here, in the unit square, before anything is rasterised.

use std::f32::consts::{PI, TAU};

use super::{
    SceneClass, World,
    colour::{Rgb, Scheme, mix},
    pattern::{Pattern, Texture},
    shape::{Blob, Shape},
};
use compdd_core::rng::Stream;

/// An outline of either kind.
#[derive(Clone, Copy, Debug)]
pub enum Outline {
    /// A shape that classes use.
    Shape(Shape),
    /// One that they do not.
    Blob(Blob),
}

/// A piece is outlined in one of its tones from `1 / RIM` of its radius outwards.
const RIM: f32 = 1.13;

impl Outline {
    fn contains(self, point: [f32; 2]) -> bool {
        match self {
            Self::Shape(shape) => shape.contains(point),
            Self::Blob(blob) => blob.contains(point),
        }
    }
}

/// Something opaque in the picture.
#[derive(Clone, Debug)]
pub struct Piece {
    outline: Outline,
    /// Centre in the unit square.
    pub centre: [f32; 2],
    size: f32,
    turn: (f32, f32),
    pattern: Pattern,
    tones: [Rgb; 2],
}

impl Piece {
    /// A map from points of the picture to the piece's own coordinates, where they lie inside it.
    pub fn lens(&self) -> impl Fn([f32; 2]) -> Option<[f32; 2]> {
        let (outline, [left, top]) = (self.outline, self.centre);
        let (sine, cosine) = (self.turn.0 / self.size, self.turn.1 / self.size);
        move |[x, y]| {
            let (x, y) = (x - left, y - top);
            let point = [cosine * x + sine * y, cosine * y - sine * x];
            outline.contains(point).then_some(point)
        }
    }

    /// Its colour at a point in its own coordinates.
    pub fn colour(&self, local: [f32; 2]) -> Rgb {
        let rim = !self.outline.contains(local.map(|at| at * RIM));
        self.tones[if rim { 1 } else { self.pattern.tone(local) }]
    }

    /// Distance from the centre that no point exceeds.
    pub fn reach(&self) -> f32 {
        self.size
            * match self.outline {
                Outline::Shape(shape) => shape.reach(),
                Outline::Blob(blob) => blob.reach(),
            }
    }

    /// Share of the unit square that it covers, on a coarse grid.
    fn visible_share(&self) -> f32 {
        const GRID: usize = 40;
        let at = |i: usize| (i as f32 + 0.5) / GRID as f32;
        let lens = self.lens();
        let inside = (0..GRID * GRID).filter(|i| lens([at(i % GRID), at(i / GRID)]).is_some()).count();
        inside as f32 / (GRID * GRID) as f32
    }
}

/// A smooth background: a gradient between two colours, bent by slow waves.
#[derive(Clone, Debug)]
pub struct Background {
    colours: [Rgb; 2],
    slope: [f32; 2],
    waves: [([f32; 2], f32, f32); 3],
}

impl Background {
    fn draw(stream: &mut Stream) -> Self {
        let [first, _] = Scheme::any(stream).draw(stream);
        let [second, _] = Scheme::any(stream).draw(stream);
        let (sine, cosine) = stream.range(0.0, TAU).sin_cos();
        let steep = stream.range(0.3, 1.2);
        let mut wave = || {
            let (sine, cosine) = stream.range(0.0, TAU).sin_cos();
            let speed = TAU * stream.range(0.6, 2.6);
            ([cosine * speed, sine * speed], stream.range(0.0, TAU), stream.range(0.03, 0.18))
        };
        let waves = [wave(), wave(), wave()];
        Self { colours: [first, second], slope: [cosine * steep, sine * steep], waves }
    }

    /// Its colour at a point.
    pub fn colour(&self, [x, y]: [f32; 2]) -> Rgb {
        let slope = 0.5 + self.slope[0] * (x - 0.5) + self.slope[1] * (y - 0.5);
        let waves: f32 = self.waves.iter().map(|([a, b], phase, depth)| depth * (a * x + b * y + phase).sin()).sum();
        mix(self.colours[0], self.colours[1], (slope + waves).clamp(0.0, 1.0))
    }
}

/// A picture before it has pixels: painted in order, the object last, then `(colour - 0.5) * gain + 0.5 + lift`.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Behind everything.
    pub background: Background,
    /// Class-independent pieces.
    pub clutter: Vec<Piece>,
    /// What the class is about.
    pub object: Piece,
    /// Contrast.
    pub gain: f32,
    /// Brightness.
    pub lift: f32,
}

/// Draws a picture. What comes before the object does not know the class.
pub fn picture(stream: &mut Stream, class: SceneClass, world: World) -> Picture {
    let background = Background::draw(stream);
    let count = 4 + stream.below(4);
    let clutter = (0..count).map(|_| stray(stream, world, &background)).collect();
    let (gain, lift) = (stream.range(0.7, 1.05), stream.range(-0.1, 0.1));
    let object = object(stream, class, world);
    Picture { background, clutter, object, gain, lift }
}

/// Objects stand upright, up to this angle to either side (radians), and so does their texture on them.
const TILT: f32 = 0.4;

/// Texture on small objects is coarser, as far as 32 pixels can show it.
fn coarseness(world: World) -> f32 {
    if world.hard { 1.3 } else { 1.0 }
}

/// A piece of clutter. In the hard world it is muted, and a third are decoys: a class's shape without texture, or its
/// texture on a blob.
fn stray(stream: &mut Stream, world: World, background: &Background) -> Piece {
    let decoy = stream.uniform() < 0.35 && world.hard;
    let textured = stream.uniform() < if world.hard { 0.2 } else { 0.5 };
    let shape = Shape::ALL[stream.below(Shape::ALL.len())];
    let blob = Blob::draw(stream, if decoy { 1.5 } else { 9.0 });
    let texture = Texture::ALL[stream.below(Texture::ALL.len())];
    let scheme = Scheme::any(stream);
    let (low, high) = if world.hard { (0.07, 0.17) } else { (0.06, 0.2) };
    let centre = [stream.uniform(), stream.uniform()];
    let muted = if world.hard { 0.5 } else { 0.0 };
    Piece {
        outline: if decoy && !textured { Outline::Shape(shape) } else { Outline::Blob(blob) },
        centre,
        size: stream.range(low, high),
        turn: stream.range(0.0, TAU).sin_cos(),
        pattern: if textured { texture } else { Texture::Plain }.draw(coarseness(world), PI, stream),
        tones: scheme.draw(stream).map(|tone| mix(tone, background.colour(centre), muted)),
    }
}

/// The object: its share of the picture is drawn, its size follows.
fn object(stream: &mut Stream, class: SceneClass, world: World) -> Piece {
    let (low, high) = world.object_share();
    let share = stream.range(low, high);
    let size = (share / PI).sqrt();
    // Small objects lie inside the frame; large ones near the middle, a tip may leave it.
    let margin = if world.hard { 0.34 } else { 0.42 };
    let mut piece = Piece {
        outline: Outline::Shape(class.shape),
        centre: [stream.range(margin, 1.0 - margin), stream.range(margin, 1.0 - margin)],
        size,
        turn: stream.range(-TILT, TILT).sin_cos(),
        pattern: class.texture.draw(coarseness(world), TILT, stream),
        tones: class.scheme.draw(stream),
    };
    if !world.hard {
        let (mut small, mut large) = (size, 1.6 * size);
        for _ in 0..9 {
            piece.size = f32::midpoint(small, large);
            if piece.visible_share() < share {
                small = piece.size;
            } else {
                large = piece.size;
            }
        }
    }
    piece
}
