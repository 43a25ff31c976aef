//! `LeNet` as the lineage has it, at any resolution.

use super::{
    layer::{Activation, Layer, PoolKind},
    stack::Stack,
    tensor_ops::Window,
};

/// Two 5x5 convolutions (6 and 16 channels) with `ReLU` and max pooling, then linear layers of 120, 84 and the classes.
/// Only grey images are padded. The first linear layer takes the map as large as it comes.
pub(super) fn build(input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
    let mut stack = Stack::new(input);
    let padding = if input[0] == 1 { 2 } else { 0 };
    for (block, (name, outputs, padding)) in [("features.0", 6, padding), ("features.3", 16, 0)].into_iter().enumerate()
    {
        stack.conv(name.into(), outputs, Window::new(5, 1, padding), true)?;
        stack.push(Layer::Act(Activation::Relu))?.pool(PoolKind::Max, Window::HALVE)?.tap(format!("feat{block}"))?;
    }
    for (name, outputs) in [("fc_1", 120), ("fc_2", 84)] {
        stack.linear(name, outputs)?.push(Layer::Act(Activation::Relu))?;
    }
    stack.linear("fc_3", classes)?;
    Ok(stack.layers)
}
