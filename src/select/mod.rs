//! Room: select.
