//! Tests of what is made of scores, on plain values.

mod lists;
mod method;
