//! One image file to the planar RGB bytes of an [`ImageSet`](super::ImageSet).

use std::{fs, io::Cursor, path::Path};

use image::{DynamicImage, ImageFormat, ImageReader};
use serde::{Deserialize, Serialize};

use super::{
    error::DataError,
    resize::{self, ResizeMode},
};

/// How files become pixels; part of every content hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Decode {
    /// Side of the square images, in pixels.
    pub resolution: usize,
    /// How other shapes become square.
    pub resize: ResizeMode,
    /// Whether shrinking averages over all pixels it covers (`true`, torchvision 0.17 and later) or reads the nearest four.
    pub antialias: bool,
}

impl Decode {
    /// Smallest side that is accepted.
    pub const SMALLEST: usize = 4;
    /// Largest side that is accepted.
    pub const LARGEST: usize = 1024;

    /// Checks the resolution.
    pub fn checked(self) -> Result<Self, DataError> {
        if (Self::SMALLEST..=Self::LARGEST).contains(&self.resolution) {
            Ok(self)
        } else {
            Err(DataError::Resolution { resolution: self.resolution })
        }
    }

    /// Shape of a decoded image: channels, height, width.
    pub fn shape(&self) -> [usize; 3] {
        [3, self.resolution, self.resolution]
    }

    /// The settings in words, as they enter the content hash.
    pub fn describe(&self) -> String {
        let mode = match self.resize {
            ResizeMode::Squash => "squash",
            ResizeMode::CentreCrop => "centre-crop",
        };
        format!("rgb8 {0}x{0} {mode} bilinear antialias={1}", self.resolution, self.antialias)
    }

    /// Reads and decodes one file; the error is the reason in one line.
    ///
    /// The format is recognised by content, not by name. Greyscale, palette, CMYK, 16-bit and transparent images become
    /// 8-bit RGB (alpha is dropped); orientation tags are ignored, as the lineage's loader does.
    pub fn file(&self, path: &Path) -> Result<Vec<u8>, String> {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        self.bytes(&bytes)
    }

    /// As [`file`](Self::file), from the bytes of a file.
    pub fn bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        if bytes.is_empty() {
            return Err("the file is empty".into());
        }
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
        match reader.format() {
            Some(ImageFormat::Jpeg) => jpeg_is_whole(bytes)?,
            Some(ImageFormat::Png) => {}
            _ => return Err("neither a JPEG nor a PNG image".into()),
        }
        let decoded = reader.decode().map_err(|error| one_line(&error.to_string()))?;
        let rgb = match decoded {
            DynamicImage::ImageRgb8(rgb) => rgb,
            other => other.into_rgb8(),
        };
        let (width, height) = (rgb.width() as usize, rgb.height() as usize);
        if width == 0 || height == 0 {
            return Err("the image has no pixels".into());
        }
        Ok(resize::to_square(rgb.as_raw(), width, height, self))
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Walks the markers of a JPEG file to its end-of-image marker.
///
/// The decoder is lenient: it paints what a cut-short file lacks in grey and reports success. Inside the coded data the byte
/// `FF` is followed by `00`, by a restart marker or by a real marker, so the end is found without decoding.
fn jpeg_is_whole(bytes: &[u8]) -> Result<(), String> {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: u8 = 0xD9;
    let cut = || "the JPEG data stop before the end of the image".to_owned();
    let mut at = 2;
    let mut in_scan = false;
    loop {
        let next = bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == 0xFF)).ok_or_else(cut)?;
        at += next;
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

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba};

    use super::*;

    const SETTINGS: Decode = Decode { resolution: 16, resize: ResizeMode::Squash, antialias: true };

    fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn photograph() -> RgbImage {
        RgbImage::from_fn(40, 30, |x, y| Rgb([(x * 6) as u8, (y * 8) as u8, (x * y) as u8]))
    }

    /// The colour of the pixel at the middle of the upper left quarter.
    fn sample(planar: &[u8]) -> [u8; 3] {
        [planar[68], planar[68 + 256], planar[68 + 512]]
    }

    #[test]
    fn every_kind_of_image_becomes_rgb() {
        let png = ImageFormat::Png;
        let cases: [(Vec<u8>, [u8; 3]); 6] = [
            (encoded(GrayImage::from_pixel(16, 16, Luma([90])), png), [90; 3]),
            (encoded(ImageBuffer::from_pixel(16, 16, Luma([90_u16 * 257])), png), [90; 3]),
            (encoded(ImageBuffer::from_pixel(16, 16, LumaA([90_u8, 3])), png), [90; 3]),
            (encoded(ImageBuffer::from_pixel(16, 16, Rgba([1_u8, 2, 3, 0])), png), [1, 2, 3]),
            (encoded(ImageBuffer::from_pixel(16, 16, Rgb([257_u16, 514, 65535])), png), [1, 2, 255]),
            (include_bytes!("../../tests/fixtures/cmyk.jpg").to_vec(), [200, 40, 60]),
        ];
        for (i, (bytes, colour)) in cases.into_iter().enumerate() {
            assert_eq!(sample(&SETTINGS.bytes(&bytes).unwrap()), colour, "case {i}");
        }
        let grey = encoded(GrayImage::from_pixel(16, 16, Luma([90])), ImageFormat::Jpeg);
        assert_eq!(sample(&SETTINGS.bytes(&grey).unwrap()), [90; 3]);
    }

    #[test]
    fn cut_short_files_never_pass() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            let whole = encoded(photograph(), format);
            assert!(SETTINGS.bytes(&whole).is_ok());
            for length in (0..whole.len() - 12).step_by(7) {
                assert!(SETTINGS.bytes(&whole[..length]).is_err(), "{format:?} cut at {length}");
            }
        }
        let jpeg = encoded(photograph(), ImageFormat::Jpeg);
        assert!(SETTINGS.bytes(&jpeg[..jpeg.len() - 2]).is_err());
    }

    #[test]
    fn what_is_no_image_is_refused_in_one_line() {
        for (bytes, reason) in
            [(b"".as_slice(), "empty"), (b"hello", "neither"), (b"GIF89a\x01\0\x01\0\0\0\0", "neither")]
        {
            let error = SETTINGS.bytes(bytes).unwrap_err();
            assert!(error.contains(reason) && !error.contains('\n'), "{error}");
        }
        let mut damaged = encoded(photograph(), ImageFormat::Png);
        damaged[60] ^= 0xFF;
        assert!(SETTINGS.bytes(&damaged).is_err());
    }

    #[test]
    fn trailing_bytes_and_wrong_endings_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut jpeg = encoded(photograph(), ImageFormat::Jpeg);
        let expected = SETTINGS.bytes(&jpeg).unwrap();
        jpeg.extend_from_slice(b"trailing");
        fs::write(&path, jpeg).unwrap();
        assert_eq!(SETTINGS.file(&path).unwrap(), expected);
    }

    #[test]
    fn resolutions_have_bounds() {
        assert!(Decode { resolution: 0, ..SETTINGS }.checked().is_err());
        assert!(Decode { resolution: 1 << 20, ..SETTINGS }.checked().is_err());
        assert!(SETTINGS.checked().is_ok());
    }
}
