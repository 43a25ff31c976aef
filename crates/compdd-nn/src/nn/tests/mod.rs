//! Acceptance checks of the networks (E1, E3, E4, E5, E12, E16 of the evaluation specification) and their own.

mod counts;
mod drops;
mod files;
mod init;
mod inputs;
mod slugs;
mod split;
mod torchvision;
mod values;

use super::{Network, NetworkSpec};

/// The network `slug` for RGB images.
fn network(slug: &str, resolution: usize, classes: usize) -> Network {
    NetworkSpec::parse(slug).unwrap().build(3, resolution, classes).unwrap()
}
