//! Pictures as PNG.

use std::io;

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};

/// A PNG of interleaved RGB bytes `[height, width, 3]`. Equal pictures give equal bytes.
pub fn png(rgb: &[u8], [height, width]: [usize; 2]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(rgb, width as u32, height as u32, ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    Ok(bytes)
}
