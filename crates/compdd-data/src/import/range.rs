//! What the numbers of a set can be, and whether they look like it.

use std::path::Path;

use compdd_core::record::{PixelSpaceRecord, RecordError};

use super::{ImportError, ImportOptions, looks::Looks};

/// What the numbers in a file of tensors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoredAs {
    /// Network input: normalised, or whitened if the options say so. What MTT, DATM, EDF and DC save.
    #[default]
    Normalised,
    /// Pixels from 0 to 1.
    Unit,
    /// Pixels from 0 to 255.
    Bytes,
    /// Pixels from -1 to 1.
    Signed,
}

impl StoredAs {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normalised => "normalised",
            Self::Unit => "unit",
            Self::Bytes => "bytes",
            Self::Signed => "signed",
        }
    }

    /// For sentences: `values that look like ...`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Normalised => "normalised",
            Self::Unit => "0..1",
            Self::Bytes => "0..255",
            Self::Signed => "-1..1",
        }
    }
}

impl std::str::FromStr for StoredAs {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Normalised, Self::Unit, Self::Bytes, Self::Signed].into_iter().find(|s| s.word() == text).ok_or_else(
            || RecordError::UnknownWord {
                what: "pixel range",
                found: text.to_owned(),
                known: "normalised, unit, bytes, signed",
            },
        )
    }
}

/// Normalised images beyond this are not images; learned ones reach perhaps 10.
const PLAUSIBLE: f32 = 50.0;
/// How far outside the range of real pixels a value may lie before it is remarked upon, in standard deviations.
const SLACK: f32 = 0.05;
/// Largest believable mean of a channel over a whole normalised set, in standard deviations.
const MEAN_LIMIT: f64 = 1.5;
/// Rounding allowed at the ends of 0..1 and 0..255.
const ROUNDING: f32 = 1e-4;

/// Refuses values that are not in the declared space and remarks on unusual ones.
pub(super) fn check(
    path: &Path,
    images: &[f32],
    shape: [usize; 4],
    options: &ImportOptions,
    remarks: &mut Vec<String>,
) -> Result<(), ImportError> {
    let size: usize = shape[1..].iter().product();
    if let Some(at) = images.iter().position(|v| !v.is_finite()) {
        return Err(ImportError::NotFinite { path: path.to_owned(), image: at / size.max(1), value: images[at] });
    }
    let low = images.iter().copied().fold(f32::INFINITY, f32::min);
    let high = images.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let declared = options.stored_as;
    let inside = |least: f32, most: f32| low >= least - ROUNDING && high <= most + ROUNDING;
    let looks = if low >= -ROUNDING && high > PLAUSIBLE && high <= 255.0 + ROUNDING {
        StoredAs::Bytes
    } else if inside(0.0, 1.0) {
        StoredAs::Unit
    } else if declared == StoredAs::Signed && inside(-1.0, 1.0) {
        StoredAs::Signed
    } else {
        StoredAs::Normalised
    };
    if looks != declared {
        return Err(ImportError::Range { path: path.to_owned(), low, high, looks, declared });
    }
    if declared == StoredAs::Normalised {
        if low < -PLAUSIBLE || high > PLAUSIBLE {
            return Err(ImportError::Implausible { path: path.to_owned(), low, high, declared });
        }
        remark(images, shape, options, remarks);
        let whitened = matches!(options.space, PixelSpaceRecord::Zca { .. });
        remarks.extend(Looks::of(images, shape).doubt(whitened, inside(-1.0, 1.0)));
    }
    Ok(())
}

/// Says what is unusual about normalised values.
fn remark(images: &[f32], shape: [usize; 4], options: &ImportOptions, remarks: &mut Vec<String>) {
    let plane = shape[2] * shape[3];
    let [mut sums, mut counts, mut outside] = [[0.0_f64; 3], [0.0_f64; 3], [0.0_f64; 3]];
    let (mean, std) = options.space.channels();
    for (i, block) in images.chunks_exact(plane.max(1)).enumerate() {
        let c = i % 3;
        let (least, most) = (-mean[c] / std[c] - SLACK, (1.0 - mean[c]) / std[c] + SLACK);
        sums[c] += block.iter().map(|v| f64::from(*v)).sum::<f64>();
        counts[c] += block.len() as f64;
        outside[c] += block.iter().filter(|v| !(least..=most).contains(*v)).count() as f64;
    }
    let means: Vec<f64> = (0..3).map(|c| sums[c] / counts[c].max(1.0)).collect();
    if means.iter().any(|m| m.abs() > MEAN_LIMIT) {
        remarks.push(format!(
            "channel means {:.2}, {:.2}, {:.2} are far from 0: is this the normalisation of the set?",
            means[0], means[1], means[2]
        ));
    }
    if matches!(options.space, PixelSpaceRecord::Normalised { .. }) {
        let share = outside.iter().sum::<f64>() / counts.iter().sum::<f64>().max(1.0);
        if share > 0.0 {
            remarks.push(format!("{:.1} % of the values lie outside the range of real pixels", share * 100.0));
        }
    }
}

/// Brings declared pixels into the channel normalisation of the options.
pub(super) fn normalise(images: &mut [f32], shape: [usize; 4], options: &ImportOptions) {
    let (scale, shift) = match options.stored_as {
        StoredAs::Normalised => return,
        StoredAs::Unit => (1.0, 0.0),
        StoredAs::Bytes => (1.0 / 255.0, 0.0),
        StoredAs::Signed => (0.5, 0.5),
    };
    let plane = (shape[2] * shape[3]).max(1);
    let (mean, std) = options.space.channels();
    for (i, block) in images.chunks_exact_mut(plane).enumerate() {
        let c = i % 3;
        for value in block {
            *value = (*value * scale + shift - mean[c]) / std[c];
        }
    }
}
