//! Pictures in rows, as one PNG.

use image::{ExtendedColorType, ImageEncoder as _, ImageError, codecs::png::PngEncoder};

const GAP: usize = 2;
/// Small images are enlarged by a whole factor until they are at least this wide.
const WANTED_SIDE: usize = 64;
const BACKGROUND: u8 = 255;

/// A PNG of rows of pictures, each interleaved RGB `[height, width, 3]`. Equal pictures give equal bytes.
pub fn png(rows: &[Vec<Vec<u8>>], [width, height]: [usize; 2]) -> Result<Vec<u8>, ImageError> {
    let scale = if width < WANTED_SIDE { WANTED_SIDE / width } else { 1 };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(1);
    let side = |count: usize, length: usize| GAP + count * (length * scale + GAP);
    let mut canvas = Canvas::new(side(columns, width), side(rows.len(), height));
    for (y, row) in rows.iter().enumerate() {
        for (x, rgb) in row.iter().enumerate() {
            canvas.paste(rgb, [width, height], scale, [side(x, width), side(y, height)]);
        }
    }
    canvas.encode()
}

struct Canvas {
    rgb: Vec<u8>,
    width: usize,
    height: usize,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { rgb: vec![BACKGROUND; width * height * 3], width, height }
    }

    fn paste(&mut self, rgb: &[u8], [width, height]: [usize; 2], scale: usize, [left, top]: [usize; 2]) {
        for y in 0..height * scale {
            for x in 0..width * scale {
                let from = ((y / scale) * width + x / scale) * 3;
                let to = ((top + y) * self.width + left + x) * 3;
                self.rgb[to..to + 3].copy_from_slice(&rgb[from..from + 3]);
            }
        }
    }

    fn encode(&self) -> Result<Vec<u8>, ImageError> {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes).write_image(
            &self.rgb,
            self.width as u32,
            self.height as u32,
            ExtendedColorType::Rgb8,
        )?;
        Ok(bytes)
    }
}
