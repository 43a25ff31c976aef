//! Distillation: students, teachers, experts, methods, and the engine that drives a run.
//!
//! What may enter: whatever trains a network or makes a distilled set. What may not: tables, charts, command-line flags.
//!
//! | room | what it is for |
//! |---|---|
//! | [`agreement`] | what a device computes beside the CPU, case by case |
//! | [`attack`] | images near test images that students take for something else |
//! | [`cam`] | where a network looks: activation maps, gradient weights, complexity |
//! | [`complexity`] | how complex the scenes of a data set are: a network that is asked for the scores of images |
//! | [`embed`] | images as points of a plane: features of a network, t-SNE |
//! | [`eval`] | students: how a distilled set is scored |
//! | [`experts`] | networks trained on real images, epoch by epoch: the buffers of trajectory matching |
//! | [`feature_network`] | networks trained so that images can be chosen by what they make of them |
//! | [`methods`] | one module per method, one trait, one registry |
//! | [`prune`] | which training images are worth distilling: scores of images, and what is left of a task |
//! | [`run`] | the engine that drives a method: steps, checkpoints, resume, progress |
//! | [`select`] | which real images: coresets, crops, what pruning keeps |
//! | [`statistics`] | what teachers see inside of real images: moments of the inputs of layers |
//! | [`teachers`] | networks trained or imported to be asked: parameters with a card |

pub mod agreement;
pub mod attack;
pub mod cam;
pub mod complexity;
pub mod embed;
pub mod eval;
pub mod experts;
pub mod feature_network;
mod lanes;
pub mod methods;
pub mod prune;
pub mod run;
pub mod select;
pub mod statistics;
pub mod teachers;
