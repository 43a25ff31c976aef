//! Trajectory matching.

pub mod matching;
