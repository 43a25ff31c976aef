//! The `compdd` command.
fn main() {}
