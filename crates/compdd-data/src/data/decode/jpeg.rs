//! JPEG: baseline and progressive, any sampling, grey, RGB, CMYK and YCCK.

use memchr::memchr;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use super::{bounded, cleared, one_line, spread_grey};

/// Decodes a whole file into interleaved `rgb`; returns width and height. `grey` is scratch.
pub(super) fn decode(bytes: &[u8], rgb: &mut Vec<u8>, grey: &mut Vec<u8>) -> Result<(usize, usize), String> {
    is_whole(bytes)?;
    let reason = |error: zune_jpeg::errors::DecodeErrors| one_line(&error.to_string());
    let options = DecoderOptions::default().set_strict_mode(false).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(reason)?;
    let (width, height) = decoder.dimensions().ok_or("the JPEG file names no size")?;
    bounded(width, height)?;
    // CMYK and YCCK become RGB in the decoder, inverted as Adobe and Pillow take every such file to be.
    let (target, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        Some(ColorSpace::YCbCr | ColorSpace::RGB | ColorSpace::CMYK | ColorSpace::YCCK) => (ColorSpace::RGB, 3),
        _ => return Err("a JPEG image of neither one, three nor four components".into()),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(target));
    let pixels = cleared(if channels == 1 { &mut *grey } else { &mut *rgb }, width * height * channels);
    decoder.decode_into(pixels).map_err(reason)?;
    if channels == 1 {
        spread_grey(grey, 1, rgb);
    }
    Ok((width, height))
}

/// Walks the markers of a JPEG file to its end-of-image marker.
///
/// The decoder is lenient: it paints what a cut-short file lacks in grey and reports success. Inside the coded data the byte
/// `FF` is followed by `00`, by a restart marker or by a real marker, so the end is found without decoding.
fn is_whole(bytes: &[u8]) -> Result<(), String> {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: u8 = 0xD9;
    let cut = || "the JPEG data stop before the end of the image".to_owned();
    let mut at = 2;
    let mut in_scan = false;
    loop {
        at += bytes.get(at..).and_then(|rest| memchr(0xFF, rest)).ok_or_else(cut)?;
        let marker = loop {
            at += 1;
            match *bytes.get(at).ok_or_else(cut)? {
                0xFF => {}
                marker => break marker,
            }
        };
        at += 1;
        match marker {
            END_OF_IMAGE if in_scan => return Ok(()),
            END_OF_IMAGE => return Err("the JPEG file holds no image data".into()),
            // Stuffed bytes, restart markers and markers without a length.
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            _ => {
                let length = bytes.get(at..at + 2).ok_or_else(cut)?;
                at += usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                in_scan |= marker == START_OF_SCAN;
            }
        }
    }
}
