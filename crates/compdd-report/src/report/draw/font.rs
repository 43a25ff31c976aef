//! The one font of all pictures, as outlines: `DejaVu` Sans, embedded, so that a picture needs no font where it is made or seen.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::path::Path;

static FACE: LazyLock<Face<'static>> = LazyLock::new(|| {
    Face::parse(dejavu::sans::regular(), 0).expect("the embedded font is well-formed: a test draws with it")
});

/// Height of capital letters, as a share of the size.
pub(in crate::report) const CAPITAL: f64 = 0.729;

/// Units of the outlines in one size.
pub(in crate::report) fn units() -> f64 {
    f64::from(FACE.units_per_em())
}

/// The glyph of every letter with its place along the line, in units, and the length of the whole. What the font lacks becomes a box.
pub(in crate::report) fn line(text: &str) -> (Vec<(GlyphId, f64)>, f64) {
    let mut at = 0.0;
    let place = |letter: char| {
        let glyph = FACE.glyph_index(letter).unwrap_or(GlyphId(0));
        let own = (glyph, at);
        at += f64::from(FACE.glyph_hor_advance(glyph).unwrap_or(0));
        own
    };
    let glyphs = text.chars().map(place).collect();
    (glyphs, at)
}

/// Length of a line of text in pixels.
pub(in crate::report) fn width(text: &str, size: f64) -> f64 {
    line(text).1 * size / units()
}

/// The text, shortened with an ellipsis until it is at most so long.
pub(in crate::report) fn fitting(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let short: String = letters.iter().collect::<String>().trim_end().to_owned() + "…";
        if width(&short, size) <= room {
            return short;
        }
    }
    String::new()
}

/// The text in lines of at most this length, broken between words.
pub(in crate::report) fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitting(word, size, room)),
        }
    }
    lines
}

/// The outline of a glyph in units, `y` growing upwards.
pub(in crate::report) fn outline(glyph: GlyphId) -> Path {
    let mut pen = Pen(Path::default());
    FACE.outline_glyph(glyph, &mut pen);
    pen.0
}

struct Pen(Path);

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x.into(), y.into());
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x.into(), y.into());
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.curve_to([x1.into(), y1.into()], [x.into(), y.into()]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        // This font has quadratic curves only; a cubic one would be drawn by the quadratic one that leaves in the same direction.
        let control = [f32::midpoint(x1, x2).into(), f32::midpoint(y1, y2).into()];
        self.0.curve_to(control, [x.into(), y.into()]);
    }

    fn close(&mut self) {
        self.0.close();
    }
}
