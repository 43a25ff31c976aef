//! From a pipeline and named random streams to recorded draws.

use super::{
    AugmentError, CutMix, Draw as _, Draws, Fill, Mixup, Op, Operation, PadCrop, PadCropConfig, PatchShuffle, Pipeline,
    RandAugment, ResizedCrop, Sampling,
};
use compdd_core::rng::Stream;

/// What is known of a minibatch before anything is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchSpec {
    /// Number of images.
    pub images: usize,
    /// `[channels, height, width]` of an image.
    pub shape: [usize; 3],
    /// Mean and standard deviation of each channel with which bytes were normalised, on the scale 0..1; none where the images are
    /// anything else.
    pub normalisation: Option<([f32; 3], [f32; 3])>,
    /// Whether the images share their parameters.
    pub sampling: Sampling,
}

/// Drawing what a [`Pipeline`] allows.
pub trait DrawBatch {
    /// Draws the operations for minibatch number `step` of a run `seed`, each from a stream of its own name. An operation therefore draws
    /// the same whatever stands beside it, unless the sizes differ.
    ///
    /// # Errors
    /// When an operation needs bytes and the images are none; when an image is too small for a grid.
    fn draw_batch(&self, batch: &BatchSpec, seed: u64, step: u64) -> Result<Draws, AugmentError>;
}

impl DrawBatch for Pipeline {
    fn draw_batch(&self, batch: &BatchSpec, seed: u64, step: u64) -> Result<Draws, AugmentError> {
        let mut ops = Vec::new();
        let mut shape = batch.shape;
        for operation in self.operations() {
            let mut stream = Stream::new(seed, operation.name(), step);
            ops.extend(draw(operation, &mut stream, &BatchSpec { shape, ..*batch })?);
            shape = operation.output(shape);
        }
        Ok(Draws::new(ops))
    }
}

/// What one operation draws: several operations of DSA, none by chance, one otherwise.
fn draw(operation: &Operation, stream: &mut Stream, batch: &BatchSpec) -> Result<Vec<Op>, AugmentError> {
    let BatchSpec { images: n, shape, sampling, .. } = *batch;
    let [_, h, w] = shape;
    let normalisation = || batch.normalisation.ok_or(AugmentError::NoBytes { operation: operation.name() });
    Ok(match operation {
        Operation::Dsa(config) => config.draw(stream, n, shape, sampling).into_ops(),
        Operation::RandomResizedCrop(config) => {
            vec![Op::ResizedCrop(ResizedCrop::draw(config, stream, n, [h, w], sampling))]
        }
        Operation::PadCrop(PadCropConfig { padding, fill }) => {
            let mut shift = || stream.below(2 * padding + 1) as i32 - *padding as i32;
            let (rows, columns) = sampling.each(n, || (shift(), shift())).into_iter().unzip();
            vec![match fill {
                Fill::Mean => Op::Crop { rows, columns },
                Fill::Black => {
                    let (mean, std) = normalisation()?;
                    let black = mean.iter().zip(std).map(|(mean, std)| (0.0 - mean) / std).collect();
                    Op::PadCrop(PadCrop::new(rows, columns, black))
                }
            }]
        }
        Operation::Flip(config) => {
            vec![Op::Flip { mirrored: sampling.each(n, || stream.uniform() < config.probability) }]
        }
        Operation::PatchShuffle(config) => {
            vec![Op::PatchShuffle(PatchShuffle::draw(config.grid, stream, n, [h, w], sampling)?)]
        }
        Operation::RandAugment(config) => {
            vec![Op::RandAugment(RandAugment::draw(config, stream, n, [h, w], normalisation()?, sampling))]
        }
        Operation::CutMix(config) => CutMix::draw(config, stream, n, [h, w]).map(Op::CutMix).into_iter().collect(),
        Operation::Mixup(config) => Mixup::draw(config, stream, n).map(Op::Mixup).into_iter().collect(),
    })
}
