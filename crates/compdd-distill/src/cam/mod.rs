//! Activation maps: where a network looks for a class, and what is made of it.
//!
//! A [`CamModel`] is a trained network with a place in it, its tap. [`CamModel::maps`] gives one map in `[0, 1]` per image
//! by one of the methods of [`CamMethod`]; [`resize`] brings maps to the size of the images, [`dae_weights`] turns them
//! into factors of a pixel gradient (EDF's discriminative area enhancement), [`complexity()`] into the score that ranks
//! classes in Comp-DD. [`CamModel::look`] gives the answers of the network with the maps. [`Targets`] and [`ClassMap`] say which output of the model is asked for. What may enter this room:
//! functions of maps and the models behind them. What may not: loops over data sets, files of maps, pictures. No gradient
//! flows through a map.
//!
//! Sources: EDF (Wang et al., arXiv 2410.17193) and the released EDF, which uses torch-cam 0.4. See `docs/cam.md`.

mod complexity;
mod dae;
mod error;
mod evidence;
mod head;
mod look;
mod map;
mod model;
mod targets;
mod train;

pub use complexity::complexity;
pub use dae::{Threshold, dae_weights, due, enhanced_share, enhanced_shares, refreshes};
pub use error::CamError;
pub use evidence::Evidence;
pub use look::{Look, TargetClass};
pub use map::{normalise, resize};
pub use model::{CamModel, Noise, default_tap, seeds};
pub use targets::{ClassMap, Targets};
pub use train::{Training, train};

pub use compdd_data::scores::{CamMethod, CamMethodError, Comparison};

#[cfg(test)]
mod tests;
