//! Room: subset.
