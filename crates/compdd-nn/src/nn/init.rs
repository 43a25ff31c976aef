//! Fresh parameters.

use std::sync::Arc;

use burn::tensor::Device;

use super::params::{Init, Layout, Params, Slot, split, upload};
use compdd_core::rng::Stream;

impl Params {
    /// Fresh parameters for `layout`, each as its [`Init`] says (norms at scale 1, shift 0; running mean 0, variance 1).
    /// Parameter `i` draws from the stream `(seed, "init", i)`, so a value depends on nothing but its place. They are uploaded at once.
    pub fn init(layout: &Arc<Layout>, seed: u64, device: &Device) -> Self {
        let values = |slots: &[Slot]| {
            let numbered = slots.iter().zip(0..);
            let mut drawn: Vec<f32> = numbered.flat_map(|(slot, index)| draw(slot, seed, index)).collect();
            drawn.resize(drawn.len().next_multiple_of(ALIGNED), 0.0);
            if drawn.is_empty() { Vec::new() } else { split(slots, &upload(drawn, device)) }
        };
        Self::new(layout, values(&layout.parameters), values(&layout.buffers))
    }
}

/// What lies at multiples of so many values from both ends of a tensor is seen by a GPU without being copied: 512 bytes.
const ALIGNED: usize = 128;

fn draw(slot: &Slot, seed: u64, index: u64) -> Vec<f32> {
    let mut stream = Stream::new(seed, "init", index);
    let mut fill = |value: &mut dyn FnMut(&mut Stream) -> f32| (0..slot.len()).map(|_| value(&mut stream)).collect();
    match slot.init {
        Init::One => vec![1.0; slot.len()],
        Init::Zero => vec![0.0; slot.len()],
        Init::Constant(value) => vec![value; slot.len()],
        Init::Uniform(bound) => fill(&mut |stream| stream.range(-bound, bound)),
        Init::Normal(deviation) => fill(&mut |stream| deviation * stream.normal()),
        Init::TruncatedNormal(deviation) => fill(&mut |stream| {
            loop {
                let value = deviation * stream.normal();
                if value.abs() <= TRUNCATION {
                    return value;
                }
            }
        }),
    }
}

/// Where `torch.nn.init.trunc_normal_` cuts unless told otherwise: an absolute bound, not one in deviations.
const TRUNCATION: f32 = 2.0;
