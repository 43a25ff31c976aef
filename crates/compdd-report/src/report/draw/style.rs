//! How every picture looks: one palette, one set of line styles, one set of sizes.

/// Red, green, blue.
pub type Colour = [u8; 3];

/// The background. Solid, so that a picture reads the same on a dark screen.
pub const PAPER: Colour = [0xff, 0xff, 0xff];
/// Text and axes.
pub const INK: Colour = [0x1a, 0x1a, 0x1a];
/// Text that is less important.
pub const MUTED: Colour = [0x55, 0x55, 0x55];
/// Grid lines.
pub const GRID: Colour = [0xdd, 0xdd, 0xdd];

/// Width of a figure, in pixels at 96 to the inch. Set in a column of 240 pt, its text is 6 to 7 pt high.
pub const WIDTH: f64 = 480.0;
/// Height of a plot without what stands around it.
pub const PLOT_HEIGHT: f64 = 210.0;
/// Pixels of a bitmap for one of a figure: 290 to the inch.
pub const SCALE: u32 = 3;

/// Size of axis titles and legends.
pub const TEXT: f64 = 13.0;
/// Size of the numbers and names along an axis, and of notes.
pub const SMALL: f64 = 12.0;
/// Width of a curve.
pub const CURVE: f64 = 2.0;
/// Width of axes, whiskers and outlines.
pub const THIN: f64 = 1.0;

/// The palette of Okabe and Ito (<https://jfly.uni-koeln.de/color/>), told apart by people with any kind of colour vision; its yellow is
/// left out, which is lost on white.
const SERIES: [Colour; 7] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
    [0xcc, 0x79, 0xa7],
    [0xe6, 0x9f, 0x00],
    [0x56, 0xb4, 0xe9],
    [0x00, 0x00, 0x00],
];

/// Lengths of dash and gap; none for a solid line.
pub type Dash = &'static [f64];

const DASHES: [Dash; 4] = [&[], &[6.0, 3.0], &[2.0, 2.0], &[8.0, 3.0, 2.0, 3.0]];

/// What stands at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Disc,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle on its tip.
    Tip,
    /// An upright cross.
    Plus,
    /// A triangle that points to the left.
    Left,
    /// A star of five rays.
    Star,
    /// A slanting cross.
    Cross,
}

const MARKERS: [Marker; 9] = [
    Marker::Disc,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::Tip,
    Marker::Plus,
    Marker::Left,
    Marker::Star,
    Marker::Cross,
];

/// How a series is told from the others: by colour, and without colour too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Of line and marker.
    pub colour: Colour,
    /// Of its line.
    pub dash: Dash,
    /// At its points.
    pub marker: Marker,
}

impl Style {
    /// The style of the series at a position; the first 252 differ, the first nine in their markers too.
    pub fn nth(position: usize) -> Self {
        Self {
            colour: SERIES[position % SERIES.len()],
            dash: DASHES[position % DASHES.len()],
            marker: MARKERS[position % MARKERS.len()],
        }
    }

    /// A paler version of its colour: what is not marked.
    pub fn pale(self) -> Colour {
        self.colour.map(|part| part / 3 + 0xaa)
    }
}
