//! Room: methods.
