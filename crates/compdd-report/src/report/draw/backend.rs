//! A page as a back end of `plotters`, which counts in whole numbers: hundredths of a pixel. Its text is that of the one `font`, so that what
//! `plotters` measures is what is drawn.
//!
//! What may enter: what a back end must know to draw. What may not: axes, series, or anything else that `plotters` describes.

use std::convert::Infallible;

use plotters::style::{FontFamily, FontStyle, FontTransform, IntoFont as _, RGBColor, ShapeStyle, TextStyle};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, Pos, VPos},
};

use super::{
    font,
    page::{Anchor, Label, Page},
    path::Path,
    style::Colour,
};

/// Units of `plotters` in a pixel.
pub(in crate::report) const UNIT: f64 = 100.0;
/// How far the end of a leaning line lies beside its place, as a share of the height of capitals: so the middle of its height meets the place.
pub(in crate::report) const LEAN: f64 = 0.35;

/// What drawing on a page gives: it cannot fail.
pub(in crate::report) type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Units of a length in pixels.
pub(in crate::report) fn units(pixels: f64) -> i32 {
    (pixels * UNIT).round() as i32
}

/// The place in pixels of one in units.
pub(in crate::report) fn pixels((x, y): BackendCoord) -> [f64; 2] {
    [x, y].map(|place| f64::from(place) / UNIT)
}

/// Lines of a colour and of a width in pixels; filled where asked for.
pub(in crate::report) fn ink([red, green, blue]: Colour, width: f64) -> ShapeStyle {
    ShapeStyle::from(RGBColor(red, green, blue)).stroke_width(units(width) as u32)
}

/// Text of a size in pixels; which part of it stands at its place.
pub(in crate::report) fn words([red, green, blue]: Colour, size: f64, across: HPos, up: VPos) -> TextStyle<'static> {
    let font = (FontFamily::SansSerif, size * UNIT).into_font();
    font.color(&RGBColor(red, green, blue)).pos(Pos::new(across, up))
}

impl DrawingBackend for Page {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let [width, height] = self.size().map(|side| units(side) as u32);
        (width, height)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Drawn {
        self.draw_rect(at, (at.0 + 1, at.1 + 1), &colour, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, filled: bool) -> Drawn {
        let path = Path::rectangle(pixels(from), pixels(to));
        if filled {
            self.area(path, colour(style.color()));
        } else {
            self.stroke(path, style);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Drawn {
        self.stroke(Path::through(points.into_iter().map(pixels)), style);
        Ok(())
    }

    /// The height of a text is that of its capitals. The oblique style is one whose lines lean, their ends below the place.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let (size, [x, y]) = (style.size() / UNIT, pixels(at));
        let (high, colour) = (size * font::CAPITAL, colour(style.color()));
        if matches!(style.style(), FontStyle::Oblique) {
            let at = [x + high * LEAN, y + high * (1.0 - LEAN)];
            self.text(Label::new(text, at, size, Anchor::End).turned(-45.0).coloured(colour));
            return Ok(());
        }
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let down = match style.anchor().v_pos {
            VPos::Top => high,
            VPos::Center => high / 2.0,
            VPos::Bottom => 0.0,
        };
        let (turn, at) = match style.transform() {
            FontTransform::None => (0.0, [x, y + down]),
            FontTransform::Rotate90 => (90.0, [x - down, y]),
            FontTransform::Rotate180 => (180.0, [x, y - down]),
            FontTransform::Rotate270 => (-90.0, [x + down, y]),
        };
        self.text(Label::new(text, at, size, anchor).turned(turn).coloured(colour));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((font::width(text, style.size()).ceil() as u32, (style.size() * font::CAPITAL).ceil() as u32))
    }
}

impl Page {
    /// Nothing where a style is transparent.
    fn stroke(&mut self, path: Path, style: &impl BackendStyle) {
        if style.color().alpha > 0.0 {
            self.line(path, colour(style.color()), f64::from(style.stroke_width()) / UNIT, &[]);
        }
    }
}

fn colour(style: BackendColor) -> Colour {
    let (red, green, blue) = style.rgb;
    [red, green, blue]
}
