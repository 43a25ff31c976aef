//! Networks as functions of explicit parameters, and what differentiates, feeds and speeds them.
//!
//! What may enter: layers, kernels, augmentation, gradients of gradients, devices. What may not: distilled sets, students, records.
//!
//! | room | what it is for |
//! |---|---|
//! | [`augment`] | differentiable siamese augmentation, multi-formation, `CutMix` |
//! | [`device`] | which machine computes |
//! | [`feed`] | images as tensors: normalised, whitened, minibatches ahead of the device |
//! | [`grad`] | second-order gradients: duals, products, training as a function |
//! | [`nn`] | networks as functions of explicit parameters |

pub mod augment;
pub mod device;
pub mod feed;
pub mod grad;
pub mod nn;
