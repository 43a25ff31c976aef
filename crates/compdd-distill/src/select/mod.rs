//! Which real images stand for a class: coresets over matrices of features or gradients, crops by what an observer makes of them, and the images that
//! pruning keeps.
//!
//! A coreset is a pure function from the features (or the gradients of the last layer) of *one class* to an ordered list of distinct row numbers. Features
//! are `[n, d]`, row-major; sums run in `f64`, so the answer depends neither on the batch size the features were computed
//! with nor on the number of threads; ties go to the smallest index. Training the network behind the features is the
//! caller's business (`eval`), and so is looping over classes.

mod coreset;
mod craig;
mod glister;
mod gradients;
mod gradmatch;
mod patches;
mod pruned;
mod rows;
mod running;
mod tails;

pub use coreset::{SelectError, herding, k_center, random};
pub use craig::{Cover, craig};
pub use glister::{Candidates, Choice, Validation, glister};
pub use gradients::{bias_gradients, own_class_gradients};
pub use gradmatch::{Pursuit, Target, gradmatch};
pub use patches::{ranking, realism};
pub use pruned::{kept, smoothing};
pub use running::RunningScores;
pub use tails::{RunningMoments, Survivors, rank_error};

#[cfg(test)]
mod gradient_tests;
#[cfg(test)]
mod pruned_tests;
#[cfg(test)]
mod tests;
