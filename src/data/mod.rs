//! Room: data.
