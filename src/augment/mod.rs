//! Room: augment.
