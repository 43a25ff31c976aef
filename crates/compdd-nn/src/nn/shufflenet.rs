//! `ShuffleNet` of the second version.

use super::{
    layer::{Activation, Layer, PoolKind},
    spec::number,
    stack::Stack,
    stem::Start,
    tensor_ops::Window,
};

/// Blocks that work on one half of the channels and shuffle both (arXiv 1807.11164, table 5; torchvision's `shufflenet_v2_*`);
/// depthwise convolutions have no activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShuffleNetV2 {
    /// First layers: stride 2 and max pooling, or full size without pooling.
    pub start: Start,
    /// Channels of the first convolution, of the three stages (even) and of the last convolution.
    pub channels: [usize; 5],
}

/// The published sizes.
const SIZES: [(&str, [usize; 5]); 2] = [("x0.5", [24, 48, 96, 192, 1024]), ("x1.0", [24, 116, 232, 464, 1024])];
/// Blocks of each stage.
const BLOCKS: [usize; 3] = [4, 8, 4];

/// The channels that a token stands for.
fn size(token: &str) -> Option<[usize; 5]> {
    if let Some((_, channels)) = SIZES.iter().find(|(size, _)| *size == token) {
        return Some(*channels);
    }
    let counts: Option<Vec<usize>> = token.strip_prefix('c')?.split('.').map(|count| number(count, ' ')).collect();
    let even = |channels: &[usize; 5]| channels[1..4].iter().all(|count| count % 2 == 0);
    counts?.try_into().ok().filter(even)
}

impl ShuffleNetV2 {
    pub(super) const ACCEPTED: &str = "variants of shufflenet-v2: -x0.5|-x1.0 (size), -cifar|-imagenet (full size, or stride 2 and \
        pooling, in the first layers; by default chosen by the resolution), -c<five channel counts joined by dots, \
        even ones for the three stages>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self { start: Start::Auto, channels: SIZES[1].1 };
        let Self { start, channels } = &mut net;
        start.read(tokens, |token| {
            *channels = size(token)?;
            Some("size")
        })?;
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let size = SIZES.iter().find(|(_, channels)| *channels == self.channels).map(|(size, _)| (*size).to_owned());
        let size = size.unwrap_or_else(|| format!("c{}", self.channels.map(|c| c.to_string()).join(".")));
        std::iter::once(size).chain(self.start.token()).collect()
    }

    /// torchvision's names: `conv1`, `stage{2..4}.N.{branch1,branch2}`, `conv5`, `fc`. Taps: `stage2..stage4`, and `conv5` behind
    /// the last convolution.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let [first, .., last] = self.channels;
        let relu = Some(Activation::Relu);
        let mut stack = Stack::new(input);
        let stride = self.start.stride(input[1]);
        stack.conv_norm(["conv1.0".into(), "conv1.1".into()], first, Window::new(3, stride, 1), 1, relu)?;
        if stride == 2 {
            stack.pool(PoolKind::Max, Window::new(3, 2, 1))?;
        }
        for (stage, (blocks, &channels)) in BLOCKS.into_iter().zip(&self.channels[1..4]).enumerate() {
            let stage = stage + 2;
            for block in 0..blocks {
                self::block(&mut stack, &format!("stage{stage}.{block}"), channels / 2, block == 0)?;
            }
            stack.tap(format!("stage{stage}"))?;
        }
        stack.conv_norm(["conv5.0".into(), "conv5.1".into()], last, Window::POINT, 1, relu)?;
        stack.tap("conv5".into())?.resize(1)?.linear("fc", classes)?;
        Ok(stack.layers)
    }
}

/// A block that ends with twice `half` channels. One that goes `down` halves the map and sees all channels in both branches; the others
/// leave the first half as it is.
fn block(stack: &mut Stack, name: &str, half: usize, down: bool) -> Result<(), String> {
    let relu = Some(Activation::Relu);
    let spatial = Window::new(3, if down { 2 } else { 1 }, 1);
    let names = |branch: usize, at: usize| [at, at + 1].map(|at| format!("{name}.branch{branch}.{at}"));
    let (mut left, mut right) = (stack.branch(), stack.branch());
    if down {
        let inputs = stack.map()[0];
        left.conv_norm(names(1, 0), inputs, spatial, inputs, None)?;
        left.conv_norm(names(1, 2), half, Window::POINT, 1, relu)?;
    } else {
        left.push(Layer::Channels { start: 0, count: half })?;
        right.push(Layer::Channels { start: half, count: half })?;
    }
    right.conv_norm(names(2, 0), half, Window::POINT, 1, relu)?;
    right.conv_norm(names(2, 3), half, spatial, half, None)?;
    right.conv_norm(names(2, 5), half, Window::POINT, 1, relu)?;
    stack.push(Layer::Concat(vec![left.layers, right.layers]))?.push(Layer::Shuffle { groups: 2 })?;
    Ok(())
}
