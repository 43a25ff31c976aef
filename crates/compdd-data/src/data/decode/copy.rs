//! An image as it comes back from a JPEG file.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use super::jpeg;

/// The pixels `[height, width, 3]` that a JPEG file gives back when they are written with a quality of 1 to 100, the standard tables and chroma
/// of half the size, as Pillow and libjpeg do unasked.
///
/// # Errors
/// When the sizes do not fit the pixels or a JPEG file, as a sentence.
pub fn jpeg_copy(rgb: &[u8], [height, width]: [usize; 2], quality: u8) -> Result<Vec<u8>, String> {
    let side = |side: usize| u16::try_from(side).map_err(|_| format!("{side} pixels are too many for a JPEG file"));
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.encode(rgb, side(width)?, side(height)?, ColorType::Rgb).map_err(|error| error.to_string())?;
    let (mut copy, mut grey) = (Vec::new(), Vec::new());
    jpeg::decode(&file, &mut copy, &mut grey)?;
    Ok(copy)
}
