//! Room: eval.
