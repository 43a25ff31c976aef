//! PNG: every colour type and depth, interlaced or not; of an animation the picture that stands for it.

use std::io::Cursor;

use png::{ColorType, Decoder, Transformations};

use super::{bounded, cleared, one_line, spread_grey};

/// Decodes a whole file into interleaved `rgb`; returns width and height. `other` is scratch.
pub(super) fn decode(bytes: &[u8], rgb: &mut Vec<u8>, other: &mut Vec<u8>) -> Result<(usize, usize), String> {
    let reason = |error: png::DecodingError| one_line(&error.to_string());
    let mut decoder = Decoder::new(Cursor::new(bytes));
    // Palettes and small depths to whole bytes; of 16 bits the high byte, as Pillow does for colour.
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(reason)?;
    let (width, height) = (header.width as usize, header.height as usize);
    bounded(width, height)?;
    let mut reader = decoder.read_info().map_err(reason)?;
    let (colour, _) = reader.output_color_type();
    let channels = colour.samples();
    let buffer = if colour == ColorType::Rgb { &mut *rgb } else { &mut *other };
    reader.next_frame(cleared(buffer, width * height * channels)).map_err(reason)?;
    match colour {
        ColorType::Grayscale | ColorType::GrayscaleAlpha => spread_grey(other, channels, rgb),
        ColorType::Rgba => {
            rgb.clear();
            rgb.extend(other.as_chunks::<4>().0.iter().flat_map(|&[red, green, blue, _]| [red, green, blue]));
        }
        ColorType::Rgb => {}
        ColorType::Indexed => return Err("the palette of the PNG image was not resolved".into()),
    }
    Ok((width, height))
}
