//! Feature matching: class means of what networks make of images. DM (arXiv 2110.04181, eq. 6), DataDAM (2310.00093, eqs.
//! 2-4) and its pixel baseline.

mod recipe;
mod run;
mod statistics;
mod terms;
#[cfg(test)]
mod tests;

pub use recipe::FeatureRecipe;
pub use statistics::{Embedding, Extractor, MapKind, MapNorm, Maps, Statistics};
pub use terms::{Distance, Matched, Matcher, Terms, Weights};
