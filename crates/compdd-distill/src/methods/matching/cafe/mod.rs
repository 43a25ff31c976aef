//! CAFE (arXiv 2203.01531): class means of the features of every layer are aligned while a network learns from the synthetic
//! images, and the synthetic class means must tell real images apart. How long the network learns is decided by watching it.

mod loss;
mod monitor;
mod recipe;
mod run;
#[cfg(test)]
mod tests;

pub use loss::{Aligned, Alignment, AlignmentTerms, AlignmentWeights, RealFeatures};
pub use recipe::CafeRecipe;
