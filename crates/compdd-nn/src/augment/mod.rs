//! Differentiable siamese augmentation (DSA), what every method of the trajectory family trains its students with, and its
//! neighbours of the matching family: multi-formation and `CutMix`.
//!
//! *Drawing* and *applying* are two steps. [`Draw::draw`] turns a named random stream into [`Draws`]: a short,
//! serialisable list of operations with one parameter per image. [`Draws::apply`] is then a pure, linear (affine)
//! function of the images: it can be replayed, differentiated, and run on any device. A call on plain tensors of the CPU
//! takes a direct path over host memory; everything else goes through tensor operations. Both read the same lowered
//! description, so a formula is written once; `tests` hold them to each other. [`Draws::pullback`] is the transpose of the
//! linear part ([`adjoint`]): a gradient's way back to the images without a graph. A [`Formation`] keeps several small
//! images in one and takes them out again; a [`CutMix`] exchanges parts of the images of a minibatch. Only maps of a batch of images that are differentiable in the pixels belong here.
//!
//! Source: DSA (Zhao and Bilen, ICML 2021) in the form the trajectory-matching line evaluates with.

mod adjoint;
mod colour;
mod config;
mod cutmix;
mod draws;
mod formation;
mod geometry;
mod host;
mod operation;
mod resample;

pub use compdd_core::protocol::{AugmentError, DsaConfig, Mode, Strategy, Token};
pub use config::{Draw, Sampling};
pub use cutmix::CutMix;
pub use draws::Draws;
pub use formation::Formation;
pub use operation::{Kind, Op};

#[cfg(test)]
mod adjoint_tests;
#[cfg(test)]
mod formation_tests;
#[cfg(test)]
mod tests;
