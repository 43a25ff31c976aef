//! Room: record.
