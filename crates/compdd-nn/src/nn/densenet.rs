//! `DenseNet`.

use super::{
    layer::{Activation, Layer, Norm, PoolKind},
    scheme::Scheme,
    spec::number,
    stack::Stack,
    stem::Start,
    tensor_ops::Window,
};

/// DenseNet-121 (arXiv 1608.06993, table 1; torchvision's `densenet121`): every layer of a block sees the maps of all before it;
/// norm and `ReLU` come before the convolutions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenseNet121 {
    /// First layers: 7x7 with stride 2 and max pooling, or a 3x3 convolution at full size.
    pub start: Start,
    /// Channels that every layer adds; the first convolution has twice as many.
    pub growth: usize,
}

impl Default for DenseNet121 {
    fn default() -> Self {
        Self { start: Start::Auto, growth: 32 }
    }
}

/// Layers of each block.
const BLOCKS: [usize; 4] = [6, 12, 24, 16];

impl DenseNet121 {
    pub(super) const ACCEPTED: &str = "variants of densenet121: -cifar|-imagenet (3x3 at full size, or 7x7 with stride 2 and \
        pooling; by default chosen by the resolution), -k<growth>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let Self { start, growth } = &mut net;
        start.read(tokens, |token| {
            *growth = number(token, 'k')?;
            Some("growth")
        })?;
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let growth = (self.growth != Self::default().growth).then(|| format!("k{}", self.growth));
        [self.start.token(), growth].into_iter().flatten().collect()
    }

    /// torchvision's names: `features.{conv0,norm0}`, `features.denseblockB.denselayerL.{norm1,conv1,norm2,conv2}`,
    /// `features.transitionB.{norm,conv}`, `features.norm5`, `classifier`. Taps: `block1..block4`, and `features` behind the last
    /// norm and `ReLU`.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = Stack::with(input, Scheme::DENSE);
        let large = self.start.stride(input[1]) == 2;
        let first = if large { Window::new(7, 2, 3) } else { Window::SAME3 };
        let relu = Some(Activation::Relu);
        stack.conv_norm(["features.conv0".into(), "features.norm0".into()], 2 * self.growth, first, 1, relu)?;
        if large {
            stack.pool(PoolKind::Max, Window::new(3, 2, 1))?;
        }
        for (block, layers) in (1..).zip(BLOCKS) {
            for layer in 1..=layers {
                self.layer(&mut stack, &format!("features.denseblock{block}.denselayer{layer}"))?;
            }
            stack.tap(format!("block{block}"))?;
            if block < BLOCKS.len() {
                let half = stack.map()[0] / 2;
                norm_relu(&mut stack, format!("features.transition{block}.norm"))?;
                stack.conv(format!("features.transition{block}.conv"), half, Window::POINT, false)?;
                stack.pool(PoolKind::Average, Window::HALVE)?;
            }
        }
        norm_relu(&mut stack, "features.norm5".into())?;
        stack.tap("features".into())?.resize(1)?.linear("classifier", classes)?;
        Ok(stack.layers)
    }

    /// The maps so far, and `growth` new ones made of them through a bottleneck of four times as many.
    fn layer(&self, stack: &mut Stack, name: &str) -> Result<(), String> {
        let mut new = stack.branch();
        norm_relu(&mut new, format!("{name}.norm1"))?;
        new.conv(format!("{name}.conv1"), 4 * self.growth, Window::POINT, false)?;
        norm_relu(&mut new, format!("{name}.norm2"))?;
        new.conv(format!("{name}.conv2"), self.growth, Window::SAME3, false)?;
        stack.push(Layer::Concat(vec![Vec::new(), new.layers]))?;
        Ok(())
    }
}

fn norm_relu(stack: &mut Stack, name: String) -> Result<(), String> {
    stack.norm(name, Norm::Batch)?.push(Layer::Act(Activation::Relu))?;
    Ok(())
}
