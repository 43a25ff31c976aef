//! What a network sees of a batch in an iteration: one random crop or window and mirroring of all its images, then one circular shift.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use compdd_core::{
    protocol::{AugmentError, Fill, FlipConfig, Operation, PadCropConfig, Pipeline, ResizedCropConfig},
    rng::Stream,
};
use compdd_nn::augment::{BatchSpec, DrawBatch as _, Sampling};

/// How the smallest crop moves from the whole image to its final size (CDA, arXiv 2311.18838, section 3).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Curriculum {
    /// It stands at its final size.
    #[default]
    None,
    /// Along half a cosine period.
    Cosine,
    /// In a straight line.
    Linear,
    /// In one step, at the milestone.
    Step,
}

impl Curriculum {
    /// The smallest share of an image's area that a crop has in iteration `t` of `iterations`: 1 in the first one, `least` from
    /// `milestone * iterations` on. The largest is always 1.
    pub fn least_area(self, least: f64, milestone: f64, iterations: usize, t: usize) -> f64 {
        let passed = t as f64 / (milestone * iterations as f64);
        let left = match self {
            Self::None => return least,
            // A milestone of zero: there was no curriculum.
            _ if passed.is_nan() || passed >= 1.0 => return least,
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * passed).cos()),
            Self::Linear => 1.0 - passed,
            Self::Step => 1.0,
        };
        least + (1.0 - least) * left
    }
}

/// The views of a run.
#[derive(Clone, Debug)]
pub struct Views {
    /// Whether images are cropped and mirrored at all.
    pub crop: bool,
    /// Smallest share of an image's area that a crop has in the end.
    pub min_area: f32,
    /// Pixels added on every side, out of which a window of the image's size is taken, where images are not cropped; they are mirrored then as
    /// well. 0: nothing is added.
    pub pad: usize,
    /// How it gets there.
    pub curriculum: Curriculum,
    /// When it is there, as a share of the iterations.
    pub milestone: f64,
    /// Iterations of a batch.
    pub iterations: usize,
    /// Smallest and largest circular shift in pixels, both included, drawn for rows and columns alike.
    pub roll: [i64; 2],
}

impl Views {
    /// The views of a batch in iteration `t`, from streams of `seed`. Differentiable.
    ///
    /// # Shapes
    /// `x [n, c, h, w]` -> the same.
    ///
    /// # Errors
    /// When a crop cannot be drawn.
    pub fn apply(&self, x: Tensor<4>, seed: u64, t: usize) -> Result<Tensor<4>, AugmentError> {
        let x = if self.crop || self.pad > 0 { self.cropped(x, seed, t)? } else { x };
        let [first, last] = self.roll;
        let mut stream = Stream::new(seed, "roll", t as u64);
        let mut shift = || first + stream.below((last - first + 1) as usize) as i64;
        let shifts = [shift(), shift()];
        Ok(x.roll(&shifts, &[2, 3]))
    }

    fn cropped(&self, x: Tensor<4>, seed: u64, t: usize) -> Result<Tensor<4>, AugmentError> {
        let least = self.curriculum.least_area(f64::from(self.min_area), self.milestone, self.iterations, t) as f32;
        let crop = if self.crop {
            Operation::RandomResizedCrop(ResizedCropConfig {
                scale: [least, 1.0],
                ratio: [0.75, 4.0 / 3.0],
                size: None,
                antialias: false,
            })
        } else {
            Operation::PadCrop(PadCropConfig { padding: self.pad, fill: Fill::Mean })
        };
        let [images, channels, height, width] = x.dims();
        let batch =
            BatchSpec { images, shape: [channels, height, width], normalisation: None, sampling: Sampling::Siamese };
        let flip = Operation::Flip(FlipConfig { probability: 0.5 });
        let pipeline = Pipeline::new(vec![crop, flip]);
        Ok(pipeline.draw_batch(&batch, seed, t as u64)?.apply(x))
    }
}
