//! The multi-layer perceptron of the lineage.

use super::{
    layer::{Activation, Layer},
    stack::Stack,
};

/// Flatten, two hidden layers of 128 with `ReLU`, linear head: `fc_1`, `fc_2`, `fc_3`.
pub(super) fn build(input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
    const HIDDEN: usize = 128;
    let mut stack = Stack::new(input);
    for name in ["fc_1", "fc_2"] {
        stack.linear(name, HIDDEN)?.push(Layer::Act(Activation::Relu))?;
    }
    stack.linear("fc_3", classes)?;
    Ok(stack.layers)
}
