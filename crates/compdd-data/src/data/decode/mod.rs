//! One image file to the planar RGB bytes of an [`ImageSet`](super::ImageSet): JPEG and PNG of every kind, as Pillow's
//! `convert("RGB")` sees them (the exceptions are named in `docs/data.md`).
//!
//! What may enter: recognising a format, decoding it to interleaved RGB, limits. Bringing that to a square is
//! [`resize`]'s.

mod copy;
mod jpeg;
mod png;

use std::{cell::RefCell, io::Read, path::Path};

use compdd_core::{files::plain, limits};
use serde::{Deserialize, Serialize};

use super::{
    error::DataError,
    parse::caught::caught,
    resize::{self, ResizeMode},
};

pub use copy::jpeg_copy;

/// Version of the rules of this folder, part of every content hash: raised whenever a pixel may change.
const RULES: u32 = 2;
/// The crates that make pixels of files, with their versions; a test holds this against `Cargo.lock`.
const DECODERS: &str = "zune-jpeg 0.5.15, png 0.18.1";

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

/// Buffers of one thread, used for one image after the other.
#[derive(Default)]
struct Scratch {
    /// The file.
    file: Vec<u8>,
    /// Interleaved RGB.
    rgb: Vec<u8>,
    /// What the decoder delivers where that is not RGB.
    other: Vec<u8>,
    /// A row in resampling.
    row: Vec<f32>,
}

impl Scratch {
    /// Gives back what an unusually large image took.
    fn trim(&mut self) {
        const KEPT: usize = 16 << 20;
        for buffer in [&mut self.file, &mut self.rgb, &mut self.other] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Decode {
    /// Smallest side that is accepted.
    pub const SMALLEST: usize = 4;
    /// Largest side that is accepted.
    pub const LARGEST: usize = 1024;
    /// Most pixels a file may hold: where Pillow begins to warn of decompression bombs. 256 MiB as RGB.
    pub const MOST_PIXELS: u64 = 89_478_485;
    /// Largest file that is read, in bytes.
    pub const LARGEST_FILE: u64 = limits::WHOLE_BYTES.most;

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

    /// The settings in words, as they enter the content hash: with the decoders and their versions, since another decoder
    /// gives other pixels.
    pub fn describe(&self) -> String {
        let mode = match self.resize {
            ResizeMode::Squash => "squash",
            ResizeMode::CentreCrop => "centre-crop",
        };
        format!(
            "rgb8 {0}x{0} {mode} bilinear antialias={1}; {DECODERS}, decode rules {RULES}, resize rules {2}",
            self.resolution,
            self.antialias,
            resize::RULES
        )
    }

    /// Reads and decodes one file; the error is the reason in one line.
    ///
    /// The format is recognised by content, not by name. Greyscale, palette, CMYK, 16-bit and transparent images become
    /// 8-bit RGB (alpha is dropped, of 16 bits the high byte is kept); orientation tags, colour profiles and gamma are
    /// ignored, as the lineage's loader does. Files above [`LARGEST_FILE`](Self::LARGEST_FILE) and images above
    /// [`MOST_PIXELS`](Self::MOST_PIXELS) are refused before memory is taken for them.
    pub fn file(&self, path: &Path) -> Result<Vec<u8>, String> {
        self.owned(|target| self.file_into(path, target))
    }

    /// As [`file`](Self::file), into `target`, `[3, resolution, resolution]`.
    pub fn file_into(&self, path: &Path, target: &mut [u8]) -> Result<(), String> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut bytes = std::mem::take(&mut scratch.file);
            let outcome = read(path, &mut bytes).and_then(|()| self.decode(&bytes, scratch, target));
            scratch.file = bytes;
            scratch.trim();
            outcome
        })
    }

    /// As [`file`](Self::file), from the bytes of a file.
    pub fn bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        self.owned(|target| self.bytes_into(bytes, target))
    }

    /// As [`bytes`](Self::bytes), into `target`, `[3, resolution, resolution]`.
    pub fn bytes_into(&self, bytes: &[u8], target: &mut [u8]) -> Result<(), String> {
        SCRATCH.with_borrow_mut(|scratch| {
            let outcome = self.decode(bytes, scratch, target);
            scratch.trim();
            outcome
        })
    }

    fn owned(&self, fill: impl FnOnce(&mut [u8]) -> Result<(), String>) -> Result<Vec<u8>, String> {
        let mut target = vec![0; self.shape().iter().product()];
        fill(&mut target)?;
        Ok(target)
    }

    fn decode(&self, bytes: &[u8], scratch: &mut Scratch, target: &mut [u8]) -> Result<(), String> {
        let Scratch { rgb, other, row, .. } = scratch;
        let size = interleaved(bytes, rgb, other)?;
        resize::into_square(rgb, size, self, row, target);
        Ok(())
    }
}

/// The bytes of a file as interleaved RGB of its own size, with width and height; the error is the reason in one line.
pub fn rgb(bytes: &[u8]) -> Result<(Vec<u8>, (usize, usize)), String> {
    let mut rgb = Vec::new();
    let size = interleaved(bytes, &mut rgb, &mut Vec::new())?;
    Ok((rgb, size))
}

/// Decodes a whole file into interleaved `rgb`; returns width and height. `other` is scratch.
fn interleaved(bytes: &[u8], rgb: &mut Vec<u8>, other: &mut Vec<u8>) -> Result<(usize, usize), String> {
    // The decoders panic on some bytes, such as a palette whose last colour is cut off.
    let size = caught(|| match bytes {
        [] => Err("the file is empty".into()),
        [0xFF, 0xD8, 0xFF, ..] => jpeg::decode(bytes, rgb, other),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => png::decode(bytes, rgb, other),
        _ => Err("neither a JPEG nor a PNG image".into()),
    });
    size.unwrap_or_else(|| Err("the image is damaged".into()))
}

/// Reads a whole file into a buffer that is used again.
fn read(path: &Path, bytes: &mut Vec<u8>) -> Result<(), String> {
    let mut file = plain::open_regular(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    if length > Decode::LARGEST_FILE {
        return Err(format!("a file of {length} bytes; images above 1 GiB are not read: shrink it or leave it out"));
    }
    bytes.clear();
    bytes.reserve(length as usize);
    file.read_to_end(bytes).map_err(|error| error.to_string())?;
    Ok(())
}

/// Refuses what would take too much memory, by the size that a header claims.
fn bounded(width: usize, height: usize) -> Result<(), String> {
    if width == 0 || height == 0 {
        return Err("the image has no pixels".into());
    }
    if width as u64 * height as u64 > Decode::MOST_PIXELS {
        return Err(format!(
            "{width} x {height} pixels are more than the {} that are read: shrink the image or leave it out",
            Decode::MOST_PIXELS
        ));
    }
    Ok(())
}

/// Greyscale or grey with alpha, `channels` bytes a pixel, to RGB.
fn spread_grey(grey: &[u8], channels: usize, rgb: &mut Vec<u8>) {
    rgb.clear();
    rgb.extend(grey.chunks_exact(channels).flat_map(|pixel| [pixel[0]; 3]));
}

/// `size` zeros in a buffer that is used again: what a damaged file leaves unpainted does not depend on the file before it.
fn cleared(buffer: &mut Vec<u8>, size: usize) -> &mut [u8] {
    buffer.clear();
    buffer.resize(size, 0);
    buffer
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
