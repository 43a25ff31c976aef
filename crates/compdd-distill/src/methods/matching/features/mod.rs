//! Feature matching: class means of what networks make of images. DM (arXiv 2110.04181, eq. 6), `DataDAM` (2310.00093, eqs.
//! 2-4) and its pixel baseline, IDM (2307.09742).

mod effect;
mod queue;
mod recipe;
mod run;
#[cfg(test)]
mod run_tests;
mod statistics;
mod terms;
#[cfg(test)]
mod tests;
mod unfold;
mod zca_init;

pub use effect::Effects;
pub use recipe::FeatureRecipe;
pub use statistics::{Embedding, Extractor, MapKind, MapNorm, Maps, Statistics};
pub use terms::{Distance, Matched, Matcher, Terms, Weights};
