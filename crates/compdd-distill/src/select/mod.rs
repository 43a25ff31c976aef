//! Which real images stand for a class: coresets over feature matrices.
//!
//! Everything here is a pure function from the features of *one class* to an ordered list of distinct row numbers. Features
//! are `[n, d]`, row-major; sums run in `f64`, so the answer depends neither on the batch size the features were computed
//! with nor on the number of threads; ties go to the smallest index. Training the network behind the features is the
//! caller's business (`eval`), and so is looping over classes.

mod coreset;

pub use coreset::{SelectError, herding, k_center, random};

#[cfg(test)]
mod tests;
