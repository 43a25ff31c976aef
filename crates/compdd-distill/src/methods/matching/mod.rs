//! Matching: distilled images that look to networks as the real ones do, judged by gradients or by features, never by a
//! whole training.
//!
//! Two engines and a loop of its own serve the family; a method is a recipe for one of them. [`gradient`] matches the gradients that real and
//! synthetic images of a class give a network (DC, arXiv 2006.05929; DSA, 2102.08259; IDC, 2205.14959). [`features`]
//! matches class means of features, of spatial attention or of pixels (DM, arXiv 2110.04181; `DataDAM`, 2310.00093; pixel
//! MMD, from `DataDAM`'s supplement; IDM, 2307.09742). [`cafe`] aligns the features of every layer while the network learns
//! from the images (2203.01531). `real` prepares the batches of real images ahead, `first` says where
//! the images start, `pixels` is what all of them learn, `adaptive` which real
//! images of a batch take part, `left_out` how well that is judged. What may enter: losses between real and synthetic batches, and
//! what the loops around them share.

mod adaptive;
#[cfg(test)]
mod adaptive_tests;
pub mod cafe;
mod chunks;
mod family;
pub mod features;
mod first;
pub mod gradient;
mod left_out;
mod pixels;
mod real;
mod siamese;
#[cfg(test)]
pub(super) mod test_task;

pub use left_out::{Matched, RankErrors, RankTrial};

use family::Matching;

use compdd_core::recipe::catalogue;

/// The family, in the order of publication.
pub(super) static DC: Matching<gradient::GradientRecipe> = Matching::new(&catalogue::DC);
pub(super) static DSA: Matching<gradient::GradientRecipe> = Matching::new(&catalogue::DSA);
pub(super) static IDC_I: Matching<gradient::GradientRecipe> = Matching::new(&catalogue::IDC_I);
pub(super) static IDC: Matching<gradient::GradientRecipe> = Matching::new(&catalogue::IDC);
pub(super) static CAFE: Matching<cafe::CafeRecipe> = Matching::new(&catalogue::CAFE);
pub(super) static DM: Matching<features::FeatureRecipe> = Matching::new(&catalogue::DM);
pub(super) static DATADAM: Matching<features::FeatureRecipe> = Matching::new(&catalogue::DATADAM);
pub(super) static IDM: Matching<features::FeatureRecipe> = Matching::new(&catalogue::IDM);
pub(super) static MMD: Matching<features::FeatureRecipe> = Matching::new(&catalogue::MMD);
