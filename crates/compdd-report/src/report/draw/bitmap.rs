//! Pixels: a page drawn at a scale, pictures put beside it, and both as PNG.

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use tiny_skia::{FillRule, LineJoin, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

use super::{
    super::ReportError,
    font,
    page::{Label, Page, Shape},
    path::{Path, Step},
    style::{Colour, PAPER},
};

/// Interleaved RGB `[height, width, 3]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rgb {
    /// Bytes, row after row.
    pub bytes: Vec<u8>,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Rgb {
    /// Puts a picture over this one, each of its pixels as a square of `scale`. What lies outside is left out.
    pub(in crate::report) fn put(&mut self, picture: &Self, [left, top]: [usize; 2], scale: usize) {
        let rows = (picture.height * scale).min(self.height.saturating_sub(top));
        let columns = (picture.width * scale).min(self.width.saturating_sub(left));
        for y in 0..rows {
            for x in 0..columns {
                let from = ((y / scale) * picture.width + x / scale) * 3;
                let to = ((top + y) * self.width + left + x) * 3;
                self.bytes[to..to + 3].copy_from_slice(&picture.bytes[from..from + 3]);
            }
        }
    }

    /// As PNG. Equal pictures give equal bytes.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new(&mut bytes);
        encoder.write_image(&self.bytes, self.width as u32, self.height as u32, ExtendedColorType::Rgb8)?;
        Ok(bytes)
    }
}

/// Draws a page with `scale` pixels for each of its own.
pub(in crate::report) fn draw(page: &Page, scale: u32) -> Result<Rgb, ReportError> {
    let [width, height] = page.size().map(|side| (side * f64::from(scale)).ceil() as u32);
    let mut canvas = Pixmap::new(width, height).ok_or(ReportError::Size { width, height })?;
    let [red, green, blue] = PAPER;
    canvas.fill(tiny_skia::Color::from_rgba8(red, green, blue, 0xff));
    let scaled = Transform::from_scale(scale as f32, scale as f32);
    for shape in &page.shapes {
        match shape {
            Shape::Area { path, colour } => fill(&mut canvas, path, *colour, scaled),
            Shape::Line { path, colour, width, dash } => {
                let lengths = dash.iter().map(|length| *length as f32).collect();
                let dash = StrokeDash::new(lengths, 0.0);
                let stroke = Stroke { width: *width as f32, line_join: LineJoin::Round, dash, ..Stroke::default() };
                if let Some(path) = outline(path) {
                    canvas.stroke_path(&path, &paint(*colour), &stroke, scaled, None);
                }
            }
            Shape::Text(label) => words(&mut canvas, label, scaled),
        }
    }
    let bytes = canvas.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    Ok(Rgb { bytes, width: width as usize, height: height as usize })
}

fn words(canvas: &mut Pixmap, label: &Label, scaled: Transform) {
    let scale = (label.size / font::units()) as f32;
    let [x, y] = label.at.map(|place| place as f32);
    let at = scaled.pre_translate(x, y).pre_concat(Transform::from_rotate(label.turn as f32));
    let at = at.pre_translate(-label.lead() as f32, 0.0).pre_scale(scale, -scale);
    for (glyph, along) in font::line(&label.text).0 {
        fill(canvas, &font::outline(glyph), label.colour, at.pre_translate(along as f32, 0.0));
    }
}

fn fill(canvas: &mut Pixmap, path: &Path, colour: Colour, at: Transform) {
    if let Some(path) = outline(path) {
        canvas.fill_path(&path, &paint(colour), FillRule::Winding, at, None);
    }
}

fn paint([red, green, blue]: Colour) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, 0xff);
    paint
}

/// None for a path that leaves no trace.
fn outline(path: &Path) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for step in &path.0 {
        match step {
            Step::Move([x, y]) => builder.move_to(*x as f32, *y as f32),
            Step::Line([x, y]) => builder.line_to(*x as f32, *y as f32),
            Step::Curve([a, b], [x, y]) => builder.quad_to(*a as f32, *b as f32, *x as f32, *y as f32),
            Step::Close => builder.close(),
        }
    }
    builder.finish()
}
