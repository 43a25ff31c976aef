//! `CutMix`: a box of every image is replaced by the same box of another image of the minibatch, and the labels follow.
//!
//! Source: `CutMix` (Yun et al., ICCV 2019), with one box and one permutation a minibatch.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    MixConfig, beta,
    mixup::{exchanged, mixed},
};
use compdd_core::rng::Stream;

/// One drawn mix of a minibatch: recorded, replayed, applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutMix {
    /// Which image each one receives its box from.
    partners: Vec<usize>,
    /// First row and column inside the box, and the first ones beyond it, in pixels.
    window: [usize; 4],
    /// Share of the area that stays.
    kept: f32,
}

impl CutMix {
    /// A mix with recorded draws, for images of `h` by `w` pixels. The box has sides of `floor(h sqrt(1 - lam))` and
    /// `floor(w sqrt(1 - lam))` pixels about `centre` (row, column) and is clipped at the edges; the labels mix by the area
    /// that is left, not by `lam`.
    pub fn new(lam: f32, centre: [usize; 2], partners: Vec<usize>, [h, w]: [usize; 2]) -> Self {
        let share = (1.0 - f64::from(lam)).max(0.0).sqrt();
        let span = |side: usize, centre: usize| {
            let half = (side as f64 * share) as usize / 2;
            [centre.saturating_sub(half), (centre + half).min(side)]
        };
        let ([top, bottom], [left, right]) = (span(h, centre[0]), span(w, centre[1]));
        Self::within([top, left, bottom, right], partners, [h, w])
    }

    /// A mix of a recorded box: first row and column inside, first row and column beyond, in images of `h` by `w` pixels.
    pub fn within(window: [usize; 4], partners: Vec<usize>, [h, w]: [usize; 2]) -> Self {
        let [top, left, bottom, right] = window;
        let cut = (bottom - top) * (right - left);
        Self { partners, window, kept: (1.0 - cut as f64 / (h * w) as f64) as f32 }
    }

    /// The mix of a minibatch of `n` images of `h` by `w` pixels, or none, by chance: `lam` from Beta(alpha, alpha), a centre and a
    /// permutation. Nothing is drawn when the probability is zero.
    pub fn draw(config: &MixConfig, stream: &mut Stream, n: usize, [h, w]: [usize; 2]) -> Option<Self> {
        let lam = beta::share(config, stream)?;
        let centre = [stream.below(h), stream.below(w)];
        Some(Self::new(lam, centre, stream.permutation(n), [h, w]))
    }

    /// Which image each one receives its box from.
    pub fn partners(&self) -> &[usize] {
        &self.partners
    }

    /// The box: first row and column inside, first row and column beyond.
    pub fn window(&self) -> [usize; 4] {
        self.window
    }

    /// Share of an image's area, and so of its label, that stays.
    pub fn kept(&self) -> f32 {
        self.kept
    }

    /// Number of images the mix was drawn for.
    pub(super) fn len(&self) -> usize {
        self.partners.len()
    }

    /// The mixed images.
    ///
    /// # Shapes
    /// `[n, c, h, w]` with the `n`, `h` and `w` the mix was drawn for, and so is the result.
    pub fn images(&self, images: Tensor<4>) -> Tensor<4> {
        let [top, left, bottom, right] = self.window;
        if top == bottom || left == right {
            return images;
        }
        let [n, c, _, _] = images.dims();
        let window = [0..n, 0..c, top..bottom, left..right];
        let patch = exchanged(&self.partners, images.clone().slice(window.clone()));
        images.slice_assign(window, patch)
    }

    /// The mixed target probabilities: each row and its partner's, in shares of the area.
    ///
    /// # Shapes
    /// `[n, classes]` to the same.
    pub fn targets(&self, targets: Tensor<2>) -> Tensor<2> {
        mixed(self.kept, &self.partners, targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::tests::{distance, noise, values};

    #[test]
    fn the_box_is_clipped_and_the_labels_follow_its_area() {
        let all = CutMix::new(1.0, [3, 3], vec![1, 0], [8, 8]);
        assert!((all.kept() - 1.0).abs() < 1e-9);
        let x = noise(1, 2, [3, 8, 8]);
        assert_eq!(values(all.images(x.clone())), values(x.clone()));
        // lam 0 at a corner: a quarter of the image.
        let corner = CutMix::new(0.0, [0, 0], vec![1, 0], [8, 8]);
        assert_eq!((corner.window(), corner.kept()), ([0, 0, 4, 4], 0.75));
        let mixed = corner.images(x.clone());
        let part = |x: &Tensor<4>, i: usize, rows: std::ops::Range<usize>| {
            values(x.clone().slice([i..i + 1, 0..3, rows, 0..4]))
        };
        assert_eq!(part(&mixed, 0, 0..4), part(&x, 1, 0..4));
        assert_eq!(part(&mixed, 0, 4..8), part(&x, 0, 4..8));
        let targets = Tensor::<2>::from_data([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], &x.device());
        let rows: Vec<f32> = corner.targets(targets).into_data().iter::<f32>().collect();
        assert!(distance(&rows, &[0.75, 0.0, 0.25, 0.25, 0.0, 0.75]) < 1e-6);
    }

    #[test]
    fn half_of_the_minibatches_are_mixed_and_none_without_a_probability() {
        let draw = |probability, index| {
            let config = MixConfig { alpha: 1.0, probability };
            CutMix::draw(&config, &mut Stream::new(0, "cutmix", index), 4, [32, 32])
        };
        assert!((0..100).all(|index| draw(0.0, index).is_none() && draw(1.0, index).is_some()));
        let mixes: Vec<CutMix> = (0..4000).filter_map(|index| draw(0.5, index)).collect();
        assert!((1850..2150).contains(&mixes.len()), "{}", mixes.len());
        assert!(mixes.iter().all(|mix| (0.0..=1.0).contains(&mix.kept()) && mix.partners.len() == 4));
        // With s^2 uniform and a uniform centre, the mean of (s - s^2/4)^2 is 0.32: what is cut, clipped at the edges.
        let mean = mixes.iter().map(CutMix::kept).sum::<f32>() / mixes.len() as f32;
        assert!((mean - 0.68).abs() < 0.03, "{mean}");
    }
}
