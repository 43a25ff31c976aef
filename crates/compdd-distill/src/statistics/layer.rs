//! The layers of a network whose inputs are looked at.

use compdd_nn::nn::{LayerKind, Network};

/// What is measured of an input, in the order of [`moments`](super::moments()); of batch norms the first two.
pub(super) const KEYS: [&str; 4] = ["mean", "variance", "patch_mean", "patch_variance"];

/// A layer whose input is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookedLayer {
    /// Name of the layer: that of its parameters.
    pub name: String,
    /// What it is.
    pub kind: LayerKind,
}

/// The layers of these kinds, in the order in which a forward pass comes to them (`Taps::Inputs`).
pub fn hooked_layers(network: &Network, kinds: &[LayerKind]) -> Vec<HookedLayer> {
    let layers = network.hooked().into_iter().filter(|(kind, _)| kinds.contains(kind));
    layers.map(|(kind, name)| HookedLayer { name: name.to_owned(), kind }).collect()
}
