//! [`PixelSpace`]: how bytes become network input, and back for a preview.

use std::sync::Arc;

use rayon::prelude::*;

use super::{error::DataError, image_set::ImageSet, zca::Zca};
use compdd_core::record::PixelSpaceRecord;

/// The space a network sees and a distilled image lives in.
#[derive(Clone, Debug)]
pub enum PixelSpace {
    /// `(byte / 255 - mean) / std`, per channel.
    Normalised {
        /// Mean of each channel, on the scale 0..1.
        mean: [f32; 3],
        /// Standard deviation of each channel, on the scale 0..1.
        std: [f32; 3],
    },
    /// As `Normalised`, then whitened. The lineage whitens plain 0..1 images: mean 0, std 1 (MTT and DATM leave their
    /// normalisation out when they whiten).
    Zca {
        /// Mean of each channel, on the scale 0..1.
        mean: [f32; 3],
        /// Standard deviation of each channel, on the scale 0..1.
        std: [f32; 3],
        /// The whitening, fitted on training images.
        whitening: Arc<Zca>,
    },
}

impl PixelSpace {
    /// The space that a bundle was stored in, so that test images are treated alike.
    ///
    /// # Errors
    /// When the whitening does not fit images of `shape` (channels, height, width).
    pub fn from_record(record: &PixelSpaceRecord, shape: [usize; 3]) -> Result<Self, DataError> {
        Ok(match record {
            PixelSpaceRecord::Normalised { mean, std } => Self::Normalised { mean: *mean, std: *std },
            PixelSpaceRecord::Zca { mean, std, epsilon, zca_mean, transform, inverse } => {
                let whitening = Zca::from_parts(zca_mean.clone(), transform.clone(), inverse.clone(), shape, *epsilon)?;
                Self::Zca { mean: *mean, std: *std, whitening: Arc::new(whitening) }
            }
        })
    }

    /// The space as bundles store it, whitening included.
    pub fn record(&self) -> PixelSpaceRecord {
        let (mean, std) = self.statistics();
        match self {
            Self::Normalised { .. } => PixelSpaceRecord::Normalised { mean, std },
            Self::Zca { whitening, .. } => PixelSpaceRecord::Zca {
                mean,
                std,
                epsilon: whitening.epsilon(),
                zca_mean: whitening.mean().to_vec(),
                transform: whitening.transform().to_vec(),
                inverse: whitening.inverse().to_vec(),
            },
        }
    }

    /// The images at `indices`, normalised and not whitened, `[n, C, H, W]`.
    pub fn normalised(&self, set: &ImageSet, indices: &[usize]) -> Vec<f32> {
        let size = set.image_size();
        let area = size / set.shape()[0];
        let table = self.table();
        let mut values = vec![0.0; indices.len() * size];
        values.par_chunks_exact_mut(size).zip(indices.par_iter()).for_each(|(target, &i)| {
            table.apply(set.image(i), area, target);
        });
        values
    }

    /// As [`normalised`](Self::normalised), on the calling thread alone, so that it takes no core from a pool.
    pub fn normalised_in_line(&self, set: &ImageSet, indices: &[usize]) -> Vec<f32> {
        let size = set.image_size();
        let area = size / set.shape()[0];
        let table = self.table();
        let mut values = vec![0.0; indices.len() * size];
        for (target, &i) in values.chunks_exact_mut(size).zip(indices) {
            table.apply(set.image(i), area, target);
        }
        values
    }

    /// What each byte becomes, per channel, in the order of operations of the lineage: divide, subtract, divide.
    fn table(&self) -> Table {
        let (mean, std) = self.statistics();
        Table(std::array::from_fn(|channel| {
            std::array::from_fn(|byte| (byte as f32 / 255.0 - mean[channel]) / std[channel])
        }))
    }

    /// Mean and standard deviation of the normalisation.
    pub fn statistics(&self) -> ([f32; 3], [f32; 3]) {
        match self {
            Self::Normalised { mean, std } | Self::Zca { mean, std, .. } => (*mean, *std),
        }
    }

    /// The whitening, where there is one.
    pub fn whitening(&self) -> Option<&Arc<Zca>> {
        match self {
            Self::Normalised { .. } => None,
            Self::Zca { whitening, .. } => Some(whitening),
        }
    }

    /// `normalised` or `zca`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Normalised { .. } => "normalised",
            Self::Zca { .. } => "zca",
        }
    }

    /// blake3 (hex) over everything that determines the mapping, the whitening matrix included.
    pub fn hash(&self) -> String {
        let (mean, std) = self.statistics();
        let mut hasher = blake3::Hasher::new_derive_key("compdd pixel space v1");
        hasher.update(self.name().as_bytes());
        for value in mean.into_iter().chain(std) {
            hasher.update(&value.to_le_bytes());
        }
        if let Self::Zca { whitening, .. } = self {
            hasher.update(whitening.hash().as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The value of every byte in each of three channels.
struct Table([[f32; 256]; 3]);

impl Table {
    /// The values of one image of planes of `area` bytes.
    fn apply(&self, image: &[u8], area: usize, target: &mut [f32]) {
        let planes = image.chunks_exact(area).zip(target.chunks_exact_mut(area));
        for ((bytes, values), table) in planes.zip(self.0.iter().cycle()) {
            for (value, &byte) in values.iter_mut().zip(bytes) {
                *value = table[usize::from(byte)];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> ImageSet {
        let mut stream = compdd_core::rng::Stream::new(2, "space test", 0);
        let pixels = (0..6 * 48).map(|_| stream.below(256) as u8).collect();
        ImageSet::new(pixels, vec![0; 6], [3, 4, 4], vec!["a".into()]).unwrap()
    }

    const CIFAR: PixelSpace = PixelSpace::Normalised { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.2010] };

    #[test]
    fn normalises_per_channel_and_comes_back() {
        let set = set();
        let values = CIFAR.normalised(&set, &[4, 1]);
        assert_eq!(values, CIFAR.normalised_in_line(&set, &[4, 1]));
        let expected = (f32::from(set.image(1)[16]) / 255.0 - 0.4822) / 0.1994;
        assert!((values[48 + 16] - expected).abs() < 1e-6);
        let rgb = CIFAR.record().to_rgb(&values[48..], [3, 4, 4]);
        for (at, &byte) in set.image(1).iter().enumerate() {
            assert_eq!(rgb[at % 16 * 3 + at / 16], byte);
        }
    }

    #[test]
    fn previews_are_clamped() {
        let wild: Vec<f32> = [-1e9, 1e9, 0.0].into_iter().flat_map(|v| [v; 16]).collect();
        assert_eq!(CIFAR.record().to_rgb(&wild, [3, 4, 4])[..3], [0, 255, 114]);
    }

    #[test]
    fn hashes_tell_spaces_apart() {
        let set = set();
        let plain = PixelSpace::Normalised { mean: [0.0; 3], std: [1.0; 3] };
        let all: Vec<usize> = (0..6).collect();
        let fit = |epsilon| Zca::fit_matrix(&plain.normalised(&set, &all), 6, [3, 4, 4], epsilon).unwrap();
        let space = |epsilon| PixelSpace::Zca { mean: [0.0; 3], std: [1.0; 3], whitening: Arc::new(fit(epsilon)) };
        assert_eq!(space(0.1).hash(), space(0.1).hash());
        assert_ne!(space(0.1).hash(), space(0.2).hash());
        assert_ne!(plain.hash(), CIFAR.hash());
        assert_eq!((plain.name(), space(0.1).name()), ("normalised", "zca"));
    }
}
