//! Multi-formation of a whole set, class by class.

use burn::tensor::Tensor;

use compdd_data::data::PixelSpace;
use compdd_nn::augment::{AugmentError, Formation};

/// From stored images to those that networks are shown: several of each, in class order.
pub(super) struct Unfold {
    formation: Formation,
    classes: usize,
}

impl Unfold {
    /// Of sets of `classes` classes whose stored images of `side` pixels in `space` hold `factor` by `factor` others. Beyond the
    /// edge, tiles read mid-grey, as they do for students.
    pub fn new(factor: usize, side: usize, space: &PixelSpace, classes: usize) -> Result<Self, AugmentError> {
        Ok(Self { formation: Formation::new(factor, side)?.padded_with_grey(space.statistics()), classes })
    }

    /// Images that one stored image holds.
    pub fn images(&self) -> usize {
        self.formation.images()
    }

    /// The images that a set holds.
    ///
    /// # Shapes
    /// `[classes * n, c, h, w]` to `[classes * images * n, c, h, w]`, both class by class.
    pub fn of(&self, stored: Tensor<4>) -> Tensor<4> {
        let tiles = self.images();
        self.regrouped(self.formation.decode(stored), [tiles, self.classes])
    }

    /// The gradient with respect to the stored images, from that with respect to the images they hold.
    pub fn pullback(&self, cotangent: Tensor<4>) -> Tensor<4> {
        let tiles = self.images();
        self.formation.pullback(self.regrouped(cotangent, [self.classes, tiles]))
    }

    /// `a` groups of `b` blocks of images as `b` groups of `a` blocks.
    fn regrouped(&self, images: Tensor<4>, [a, b]: [usize; 2]) -> Tensor<4> {
        if self.images() == 1 {
            return images;
        }
        let [n, channels, height, width] = images.dims();
        let blocks: Tensor<3> = images.reshape([a, b, n / (a * b) * channels * height * width]);
        blocks.swap_dims(0, 1).reshape([n, channels, height, width])
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    const PLAIN: PixelSpace = PixelSpace::Normalised { mean: [0.0; 3], std: [1.0; 3] };

    fn ramp(n: usize) -> Tensor<4> {
        let values: Vec<f32> = (0..n * 3 * 64).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect();
        Tensor::from_data(TensorData::new(values, [n, 3, 8, 8]), &Device::flex())
    }

    #[test]
    fn every_class_keeps_its_own_images() {
        let unfold = Unfold::new(2, 8, &PLAIN, 3).unwrap();
        let stored = ramp(6);
        let all = unfold.of(stored.clone());
        assert_eq!(all.dims(), [24, 3, 8, 8]);
        for class in 0..3 {
            let own = Formation::new(2, 8).unwrap().decode(stored.clone().narrow(0, class * 2, 2));
            assert_eq!(all.clone().narrow(0, class * 8, 8).into_data(), own.into_data());
        }
    }

    #[test]
    fn gradients_go_back_to_every_stored_pixel() {
        let unfold = Unfold::new(2, 8, &PLAIN, 3).unwrap();
        let (stored, cotangent) = (ramp(6), ramp(24).flip([0]));
        let there = (unfold.of(stored.clone()) * cotangent.clone()).sum().into_scalar::<f32>();
        let back = unfold.pullback(cotangent);
        let everywhere = unfold.pullback(Tensor::ones([24, 3, 8, 8], &Device::flex()));
        let here = (stored * back).sum().into_scalar::<f32>();
        assert!((there - here).abs() < 1e-4 * there.abs().max(1.0), "{there} against {here}");
        assert!(everywhere.into_data().iter::<f32>().all(|value| value > 0.0));
    }
}
