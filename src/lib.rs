//! **compdd**: benchmark suite and leaderboard harness for dataset distillation in complex scenes.
//!
//! The rooms of the house, from the pixels to the leaderboard:
//!
//! | room | what it is for |
//! |---|---|
//! | [`data`] | where pixels come from: sources, decoding, resizing, normalisation, the built-in scenes |
//! | [`import`] | sets, experts and labels that others published, taken in |
//! | [`feed`] | images as tensors: normalised, whitened, minibatches ahead of the device |
//! | [`subset`] | which classes: the lists, their versions and errata |
//! | [`nn`] | networks as functions of explicit parameters |
//! | [`augment`] | differentiable siamese augmentation, multi-formation, `CutMix` |
//! | [`select`] | which real images: coresets, crops, what pruning keeps |
//! | [`prune`] | which training images are worth distilling: scores of images, and what is left of a task |
//! | [`cam`] | where a network looks: activation maps, gradient weights, complexity |
//! | [`complexity`] | how complex the scenes of a data set are: a network that is asked for the scores of images |
//! | [`scores`] | scores of images as files, and what is made of them: means, easy and hard lists |
//! | [`methods`] | one module per method, one trait, one registry |
//! | [`experts`] | networks trained on real images, epoch by epoch: the buffers of trajectory matching |
//! | [`grad`] | second-order gradients: duals, products, training as a function |
//! | [`protocol`] | how a distilled set is scored, as versioned data |
//! | [`eval`] | students: how a distilled set is scored |
//! | [`attack`] | images near test images that students take for something else |
//! | [`embed`] | images as points of a plane: features of a network, t-SNE |
//! | [`statistics`] | what teachers see inside of real images: moments of the inputs of layers |
//! | [`teachers`] | networks trained or imported to be asked: parameters with a card |
//! | [`run`] | the engine that drives a method: steps, checkpoints, resume, progress |
//! | [`pruning`] | which training images are left out before distillation |
//! | [`recipe`] | which methods there are, and their hyper-parameters for a cell |
//! | [`record`] | bundles and records |
//! | [`board`] | the leaderboard: which records may be compared, and in which order |
//! | [`export`] | what leaves for other tools: sets as they are released, images of a subset |
//! | [`submit`] | results of others: checked before they are shown, and scored again |
//! | [`suite`] | many cells as one command: plans, their state, executors |
//! | [`agreement`] | what a device computes beside the CPU, case by case |
//! | [`report`] | pictures and tables of results that are there already |
//! | [`files`] | whole files, locks, errors that name a path |
//! | [`limits`] | how much is taken from files of others |
//! | [`progress`] | how long work is followed and stopped |
//! | [`text`] | text of others on its way to a terminal |
//! | [`regimes`] | sets under three label regimes, side by side |
//! | [`paper`] | the tables that papers print, and what was measured for their cells |
//! | [`site`] | all of it as pages that need no server |
//!
//! The rooms live in the crates of `crates/`; this one is the front door, the command line, [`export`], [`submit`] and [`suite`]. Dependencies point one way, as
//! `docs/design.md` says in section 1.
//! The library prints nothing: it reports through [`tracing`] and return values; the binary talks.

pub use compdd_core::{files, limits, progress, protocol, pruning, recipe, record, rng, subset, text};
pub use compdd_data::{data, import, scores};
pub use compdd_distill::{
    agreement, attack, cam, complexity, embed, eval, experts, feature_network, methods, prune, run, select, statistics,
    teachers,
};
pub use compdd_nn::{augment, device, feed, grad, nn};
pub use compdd_report::{board, paper, regimes, report, site};

pub mod export;
pub mod submit;
pub mod suite;
