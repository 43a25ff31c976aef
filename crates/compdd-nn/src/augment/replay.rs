//! Applying the operations that are not DSA's: those that change the size, work on bytes or mix a minibatch.
//!
//! All run through tensor operations on the device of the images, except for those on bytes. All but those are linear (affine) in the
//! images.

use burn::tensor::Tensor;

use super::{Draws, Op};

impl Draws {
    /// The operations in runs: those of DSA that follow each other together, every other one alone.
    pub(super) fn runs(&self) -> impl DoubleEndedIterator<Item = &[Op]> {
        let ops = self.ops();
        let cuts = (1..ops.len()).filter(|&i| !(ops[i - 1].is_dsa() && ops[i].is_dsa()));
        let starts: Vec<usize> = (0..ops.len().min(1)).chain(cuts).collect();
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([ops.len()]).collect();
        starts.into_iter().zip(ends).map(move |(start, end)| &ops[start..end])
    }

    /// The target probabilities of the minibatch, mixed as its images are.
    ///
    /// # Shapes
    /// `[n, classes]` to the same.
    pub fn targets(&self, targets: Tensor<2>) -> Tensor<2> {
        self.ops().iter().fold(targets, |targets, op| match op {
            Op::CutMix(mix) => mix.targets(targets),
            Op::Mixup(mix) => mix.mixed(targets),
            _ => targets,
        })
    }

    /// Whether the images of the minibatch are mixed with each other.
    pub fn mixes(&self) -> bool {
        self.ops().iter().any(|op| matches!(op, Op::CutMix(_) | Op::Mixup(_)))
    }
}

impl Op {
    /// Whether it is an operation of DSA, of which there is a direct form.
    pub(super) fn is_dsa(&self) -> bool {
        !matches!(
            self,
            Self::ResizedCrop(_)
                | Self::PadCrop(_)
                | Self::PatchShuffle(_)
                | Self::RandAugment(_)
                | Self::CutMix(_)
                | Self::Mixup(_)
        )
    }

    /// The images after the operation; those of DSA are not changed here.
    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::ResizedCrop(crop) => crop.apply(x),
            Self::PadCrop(crop) => crop.apply(x),
            Self::PatchShuffle(shuffle) => shuffle.apply(x),
            Self::RandAugment(picks) => picks.apply(x),
            Self::CutMix(mix) => mix.images(x),
            Self::Mixup(mix) => mix.mixed(x),
            _ => x,
        }
    }

    /// The transposed linear part of [`apply`](Self::apply): the derivative at zero. Operations on bytes have none: zero.
    pub(super) fn pullback(&self, cotangent: &Tensor<4>) -> Tensor<4> {
        let [n, c, h, w] = cotangent.dims();
        let [h, w] = if let Self::ResizedCrop(crop) = self { crop.from() } else { [h, w] };
        let zero = Tensor::<4>::zeros([n, c, h, w], (&cotangent.device(), cotangent.dtype()));
        if matches!(self, Self::RandAugment(_)) {
            return zero;
        }
        let x = zero.clone().autodiff().require_grad();
        let mut gradients = (self.apply(x.clone()) * cotangent.clone()).sum().backward();
        x.grad_remove(&mut gradients).unwrap_or(zero)
    }
}
