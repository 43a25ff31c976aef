//! Which real images stand for a class: coresets over feature matrices, and crops by what an observer makes of them.
//!
//! A coreset is a pure function from the features of *one class* to an ordered list of distinct row numbers. Features
//! are `[n, d]`, row-major; sums run in `f64`, so the answer depends neither on the batch size the features were computed
//! with nor on the number of threads; ties go to the smallest index. Training the network behind the features is the
//! caller's business (`eval`), and so is looping over classes.

mod coreset;
mod patches;

pub use coreset::{SelectError, herding, k_center, random};
pub use patches::{ranking, realism};

#[cfg(test)]
mod tests;
