//! Augmentation: what happens to a minibatch between the images and the network, and how it is recorded and replayed.
//!
//! A [`Pipeline`] says which operations may be drawn: differentiable siamese augmentation (DSA), what every method of the trajectory
//! family trains its students with, and the crops, mirrors, shuffles and mixes of the line with stored or asked teachers. *Drawing* and
//! *applying* are two steps. [`DrawBatch::draw_batch`] (of DSA alone [`Draw::draw`]) turns named random streams into [`Draws`]: a short,
//! serialisable list of operations with one parameter per image. [`Draws::apply`] is then a pure function of the images: the same draws
//! make the same views of them, so that a teacher's labels of views can be used again. It can be differentiated, and runs on any device;
//! [`RandAugment`] alone works on bytes and has no derivative.
//!
//! DSA on plain tensors of the CPU takes a direct path over host memory and on GPUs a kernel; everything else goes through tensor operations. All
//! read the same lowered description, so a formula is written once; `tests` hold them to each other. [`Draws::pullback`] is the transpose of the
//! linear part ([`adjoint`]): a gradient's way back to the images without a graph. A [`Formation`] keeps several small
//! images in one and takes them out again. Only maps of a batch of images belong here; which of them a score uses is a protocol's matter.
//!
//! Source: DSA (Zhao and Bilen, ICML 2021) in the form the trajectory-matching line evaluates with; the others name theirs.

mod adjoint;
mod beta;
mod colour;
mod config;
mod cutmix;
mod draws;
mod formation;
mod geometry;
mod host;
mod mixup;
mod operation;
mod pad_crop;
mod patch_shuffle;
mod pipeline;
mod rand_augment;
mod replay;
mod resample;
mod resized_crop;
#[cfg(feature = "gpu")]
mod steps;

pub use compdd_core::protocol::{
    AugmentError, DsaConfig, Fill, FlipConfig, MixConfig, Mode, Operation, PadCropConfig, PatchShuffleConfig, Pipeline,
    RandAugmentConfig, ResizedCropConfig, Strategy, Token,
};
pub use config::{Draw, Sampling};
pub use cutmix::CutMix;
pub use draws::Draws;
pub use formation::{Formation, mosaic};
pub use mixup::Mixup;
pub use operation::{Kind, Op};
pub use pad_crop::PadCrop;
pub use patch_shuffle::PatchShuffle;
pub use pipeline::{BatchSpec, DrawBatch};
pub use rand_augment::{ByteKind, Pick, RandAugment};
pub use resized_crop::{CropBox, ResizedCrop};

#[cfg(test)]
mod adjoint_tests;
#[cfg(test)]
mod formation_tests;
#[cfg(test)]
mod pipeline_tests;
#[cfg(test)]
mod tests;
