//! How stored values relate to pixels.

use super::RecordError;

/// The map from bytes to network input under which a set's images are stored, with everything needed to apply it to test
/// images and to undo it for a picture.
#[derive(Debug, Clone, PartialEq)]
pub enum PixelSpaceRecord {
    /// `x = (byte / 255 - mean) / std`, channel by channel.
    Normalised {
        /// Channel means.
        mean: [f32; 3],
        /// Channel standard deviations.
        std: [f32; 3],
    },
    /// The normalised image, flattened to a row `x` of `D = C*H*W` values, then `(x - zca_mean) transform`.
    Zca {
        /// Channel means of the normalisation that comes first (zeros in the lineage).
        mean: [f32; 3],
        /// Channel standard deviations of the same (ones in the lineage).
        std: [f32; 3],
        /// Added to the eigenvalues when the transform was fitted.
        epsilon: f32,
        /// `[D]`, mean of the training images.
        zca_mean: Vec<f32>,
        /// `[D, D]`, symmetric.
        transform: Vec<f32>,
        /// `[D, D]`, inverse of `transform`. Only pictures need it; empty when it is not stored.
        inverse: Vec<f32>,
    },
}

impl PixelSpaceRecord {
    /// `normalised` or `zca`, the word in manifests.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Normalised { .. } => "normalised",
            Self::Zca { .. } => "zca",
        }
    }

    /// Channel mean and std.
    pub fn channels(&self) -> ([f32; 3], [f32; 3]) {
        match self {
            Self::Normalised { mean, std } | Self::Zca { mean, std, .. } => (*mean, *std),
        }
    }

    /// Checks that the space fits images of `values` numbers each.
    pub fn check(&self, values: usize) -> Result<(), RecordError> {
        let (mean, std) = self.channels();
        if std.iter().any(|s| *s <= 0.0) || std.iter().chain(&mean).any(|v| !v.is_finite()) {
            return Err(RecordError::Inconsistent(format!(
                "impossible channel statistics: mean {mean:?}, std {std:?}"
            )));
        }
        if let Self::Zca { zca_mean, transform, inverse, .. } = self {
            let square = values * values;
            let fits = zca_mean.len() == values
                && transform.len() == square
                && (inverse.is_empty() || inverse.len() == square);
            if !fits {
                return Err(RecordError::Inconsistent(format!("the whitening is not for images of {values} values")));
            }
        }
        Ok(())
    }

    /// One stored image as RGB bytes, height by width by channel, clamped. A whitened image whose inverse is not stored
    /// is shown stretched to its own range.
    ///
    /// # Shapes
    /// `image`: `[C, H, W]` with `shape = [C, H, W]` and three channels.
    pub fn to_rgb(&self, image: &[f32], shape: [usize; 3]) -> Vec<u8> {
        let [channels, height, width] = shape;
        let (mean, std) = self.channels();
        let plane = height * width;
        let unit: Vec<f32> = match self {
            Self::Zca { inverse, .. } if inverse.is_empty() => stretch(image),
            Self::Zca { zca_mean, inverse, .. } => denormalise(&unwhiten(image, zca_mean, inverse), plane, mean, std),
            Self::Normalised { .. } => denormalise(image, plane, mean, std),
        };
        let mut rgb = Vec::with_capacity(plane * channels);
        for at in 0..plane {
            rgb.extend((0..channels).map(|c| (unit[c * plane + at] * 255.0).round().clamp(0.0, 255.0) as u8));
        }
        rgb
    }
}

fn denormalise(image: &[f32], plane: usize, mean: [f32; 3], std: [f32; 3]) -> Vec<f32> {
    image.iter().enumerate().map(|(i, v)| v * std[(i / plane) % 3] + mean[(i / plane) % 3]).collect()
}

fn unwhiten(image: &[f32], mean: &[f32], inverse: &[f32]) -> Vec<f32> {
    let mut out = mean.to_vec();
    for (value, row) in image.iter().zip(inverse.chunks_exact(mean.len())) {
        for (o, r) in out.iter_mut().zip(row) {
            *o += value * r;
        }
    }
    out
}

fn stretch(image: &[f32]) -> Vec<f32> {
    let low = image.iter().copied().fold(f32::INFINITY, f32::min);
    let high = image.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let span = (high - low).max(f32::MIN_POSITIVE);
    image.iter().map(|v| (v - low) / span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_invert_the_normalisation() {
        let space = PixelSpaceRecord::Normalised { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.5] };
        let bytes = [10_u8, 100, 255, 0, 30, 77];
        let stored: Vec<f32> = [10.0_f32, 0.0, 100.0, 30.0, 255.0, 77.0]
            .iter()
            .enumerate()
            .map(|(i, b)| (b / 255.0 - [0.5, 0.4, 0.3][i / 2]) / [0.2, 0.25, 0.5][i / 2])
            .collect();
        assert_eq!(space.to_rgb(&stored, [3, 1, 2]), bytes);
    }

    #[test]
    fn whitening_is_undone_with_its_inverse() {
        let mut transform = vec![0.0; 9];
        let mut inverse = vec![0.0; 9];
        for i in 0..3 {
            transform[i * 4] = 2.0;
            inverse[i * 4] = 0.5;
        }
        let space = PixelSpaceRecord::Zca {
            mean: [0.0; 3],
            std: [1.0; 3],
            epsilon: 0.1,
            zca_mean: vec![0.5, 0.5, 0.5],
            transform,
            inverse,
        };
        assert!(space.check(3).is_ok());
        assert!(space.check(4).is_err());
        assert_eq!(space.to_rgb(&[-1.0, 0.0, 1.0], [3, 1, 1]), [0, 128, 255]);
    }
}
