//! How recovered images are written down: what a bundle holds is what a file of the published sets would.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::methods::MethodError;
use compdd_data::data::{PixelSpace, decode::jpeg_copy};

/// The kind of file that the images pass through.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Storage {
    /// JPEG of quality 75 with halved chroma, as imaging libraries write it unasked.
    Jpeg,
    /// Bytes: PNG.
    Png,
    /// The values themselves.
    Exact,
}

/// The quality of the published sets.
const QUALITY: u8 = 75;

impl Storage {
    /// What is read back of normalised images `[n, 3, height, width]`; the way to bytes truncates, as the released code does.
    pub fn round_trip(
        self,
        images: &mut [f32],
        [channels, height, width]: [usize; 3],
        space: &PixelSpace,
    ) -> Result<(), MethodError> {
        if self == Self::Exact {
            return Ok(());
        }
        let (mean, std) = space.statistics();
        let plane = height * width;
        images.par_chunks_exact_mut(channels * plane).try_for_each(|image| {
            let value = |pixel: usize, c: usize| (image[c * plane + pixel] * std[c] + mean[c]).clamp(0.0, 1.0) * 255.0;
            let bytes: Vec<u8> = (0..plane)
                .flat_map(|pixel| (0..channels).map(move |c| (pixel, c)))
                .map(|(pixel, c)| value(pixel, c) as u8)
                .collect();
            let bytes = if self == Self::Jpeg {
                jpeg_copy(&bytes, [height, width], QUALITY).map_err(|reason| MethodError::Storage { reason })?
            } else {
                bytes
            };
            for (at, byte) in bytes.into_iter().enumerate() {
                let c = at % channels;
                image[c * plane + at / channels] = (f32::from(byte) / 255.0 - mean[c]) / std[c];
            }
            Ok(())
        })
    }
}
