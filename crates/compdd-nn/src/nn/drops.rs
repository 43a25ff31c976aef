//! What dropout and stochastic depth take away, drawn beforehand, so that the same masks can be given again.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    layer::{Layer, walk},
    shapes::Shape,
};
use compdd_core::rng::Stream;

/// The masks of all dropping layers of `layers`, which start at `shape`.
pub(super) fn masks(
    layers: &[Layer],
    shape: Shape,
    images: usize,
    seed: u64,
    step: u64,
    device: &Device,
) -> Vec<Tensor<2>> {
    let mut found = Vec::new();
    dropping(layers, shape, &mut found);
    let seed = Stream::child_seed(seed, "drop", step);
    let draw = |((rate, values), index): ((f32, usize), u64)| {
        let mut stream = Stream::new(seed, "drop", index);
        let kept = 1.0 / (1.0 - rate);
        let mask = (0..images * values).map(|_| if stream.uniform() < rate { 0.0 } else { kept });
        Tensor::from_data(TensorData::new(mask.collect(), [images, values]), device)
    };
    found.into_iter().zip(0..).map(draw).collect()
}

/// How many masks `layers` take.
pub(super) fn count(layers: &[Layer]) -> usize {
    let mut found = 0;
    walk(layers, &mut |layer| {
        found += usize::from(matches!(layer, Layer::Dropout { .. } | Layer::StochasticDepth { .. }));
    });
    found
}

/// Rate and number of factors per image of every dropping layer, in the order in which they run.
fn dropping(layers: &[Layer], mut shape: Shape, found: &mut Vec<(f32, usize)>) {
    for layer in layers {
        for inner in layer.inner() {
            dropping(inner, shape, found);
        }
        match layer {
            Layer::Dropout { rate } => found.push((*rate, shape.len())),
            Layer::StochasticDepth { rate } => found.push((*rate, 1)),
            _ => {}
        }
        // Building the network has checked every shape.
        shape = layer.output(shape).unwrap_or(shape);
    }
}
