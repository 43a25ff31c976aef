//! Fresh parameters.

use std::sync::Arc;

use burn::tensor::Device;

use super::params::{Init, Layout, Params, Slot, upload};
use compdd_core::rng::Stream;

impl Params {
    /// Fresh parameters for `layout` (the framework defaults of the lineage: weights and biases uniform within
    /// `1 / sqrt(fan_in)`; norms at scale 1, shift 0; running mean 0, variance 1). Parameter `i` draws from the stream
    /// `(seed, "init", i)`, so a value depends on nothing but its place.
    pub fn init(layout: &Arc<Layout>, seed: u64, device: &Device) -> Self {
        let values = |slots: &[Slot]| {
            let numbered = slots.iter().zip(0..);
            numbered.map(|(slot, index)| upload(draw(slot, seed, index), device)).collect()
        };
        Self::new(layout, values(&layout.parameters), values(&layout.buffers))
    }
}

fn draw(slot: &Slot, seed: u64, index: u64) -> Vec<f32> {
    match slot.init {
        Init::One => vec![1.0; slot.len()],
        Init::Zero => vec![0.0; slot.len()],
        Init::Uniform(bound) => {
            let mut stream = Stream::new(seed, "init", index);
            (0..slot.len()).map(|_| stream.range(-bound, bound)).collect()
        }
    }
}
