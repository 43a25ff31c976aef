//! What a network sees of the stored images of a class, and the way of a gradient back to them.

use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

use crate::methods::matching::siamese::Siamese;
use compdd_core::rng::Stream;
use compdd_data::data::PixelSpace;
use compdd_nn::augment::{AugmentError, Draws, Formation};

/// From stored images to those a network is shown: taken apart, some of them chosen, augmented.
pub(super) struct Showing {
    formation: Formation,
    /// Most images of a class.
    most: usize,
    siamese: Siamese,
    seed: u64,
    classes: usize,
}

/// The images of a class in one step, and how they came about.
pub(super) struct Shown<'f> {
    /// `[shown, channels, height, width]`.
    pub images: Tensor<4>,
    formation: &'f Formation,
    /// Images that the stored ones hold, and which of them are shown, if not all.
    chosen: Option<(usize, Tensor<1, Int>)>,
    draws: Draws,
}

impl Showing {
    /// Of stored images of `side` pixels in `space` that hold `factor` by `factor` images each; at most `most` of a class at a
    /// time, 0 for all.
    pub fn new(
        [factor, most, side]: [usize; 3],
        space: &PixelSpace,
        siamese: Siamese,
        seed: u64,
        classes: usize,
    ) -> Result<Self, AugmentError> {
        let formation = Formation::new(factor, side)?.padded_with_grey(space.statistics());
        Ok(Self { formation, most: if most == 0 { usize::MAX } else { most }, siamese, seed, classes })
    }

    /// How images are stored.
    pub fn formation(&self) -> &Formation {
        &self.formation
    }

    /// What is shown of the stored images `[ipc, channels, height, width]` of a class.
    pub fn of(&self, stored: &Tensor<4>, step: u64, class: usize) -> Shown<'_> {
        let decoded = self.formation.decode(stored.clone());
        let [held, channels, height, width] = decoded.dims();
        let chosen = (held > self.most).then(|| {
            let mut stream = Stream::new(self.seed, "shown", step * self.classes as u64 + class as u64);
            let rows: Vec<i32> = stream.permutation(held)[..self.most].iter().map(|&row| row as i32).collect();
            (held, Tensor::from_data(TensorData::new(rows, [self.most]), &stored.device()))
        });
        let images = match &chosen {
            Some((_, rows)) => decoded.select(0, rows.clone()),
            None => decoded,
        };
        let draws = self.siamese.draw(step, class, images.dims()[0], [channels, height, width]);
        Shown { images: draws.apply(images), formation: &self.formation, chosen, draws }
    }
}

impl Shown<'_> {
    /// The gradient with respect to the stored images, from that with respect to the shown ones.
    pub fn pullback(&self, cotangent: Tensor<4>) -> Tensor<4> {
        let cotangent = self.draws.pullback(cotangent);
        self.formation.pullback(match &self.chosen {
            Some((held, rows)) => {
                let [_, channels, height, width] = cotangent.dims();
                let none = Tensor::zeros([*held, channels, height, width], &cotangent.device());
                none.select_assign(0, rows.clone(), cotangent, IndexingUpdateOp::Add)
            }
            None => cotangent,
        })
    }
}
