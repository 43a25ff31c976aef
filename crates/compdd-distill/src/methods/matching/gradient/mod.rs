//! Gradient matching: synthetic images that move a network as real ones do. DC (arXiv 2006.05929, Algorithm 1), DSA
//! (2102.08259) and IDC (2205.14959, Algorithm 1).

mod distance;
mod effect;
mod learner;
mod recipe;
mod run;
mod shown;
#[cfg(test)]
mod tests;
mod unit;

pub use distance::{Compared, GradientDistance, Metric, Tensors};
pub use effect::Effects;
pub use recipe::GradientRecipe;
