//! `EfficientNet` of the first size.

use super::{
    layer::{Activation, Layer},
    multiple,
    scheme::Scheme,
    stack::Stack,
    stem::Start,
    tensor_ops::Window,
};

/// EfficientNet-B0 (arXiv 1905.11946, table 1; torchvision's `efficientnet_b0`): inverted residual blocks with `SiLU`, a
/// squeeze-and-excitation gate, and stochastic depth that grows to a fifth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EfficientNetB0 {
    /// Stride of the first convolution; the later strides stay.
    pub start: Start,
    /// Channels as hundredths of the published ones, rounded to multiples of eight.
    pub width: usize,
}

impl Default for EfficientNetB0 {
    fn default() -> Self {
        Self { start: Start::Auto, width: 100 }
    }
}

/// Expansion, kernel, stride, channels and blocks of the stages.
const STAGES: [[usize; 5]; 7] = [
    [1, 3, 1, 16, 1],
    [6, 3, 2, 24, 2],
    [6, 5, 2, 40, 2],
    [6, 3, 2, 80, 3],
    [6, 5, 1, 112, 3],
    [6, 5, 2, 192, 4],
    [6, 3, 1, 320, 1],
];
/// Blocks of all stages.
const BLOCKS: usize = 16;
/// Rate of stochastic depth behind the last block, and of the dropout under the head.
const DROP: f32 = 0.2;

impl EfficientNetB0 {
    pub(super) const ACCEPTED: &str = "variants of efficientnet-b0: -cifar|-imagenet (stride 1 or 2 of the first convolution; by \
        default chosen by the resolution), -x<multiple of the channels, as x0.5>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let Self { start, width } = &mut net;
        start.read(tokens, |token| {
            *width = multiple::parse(token)?;
            Some("width")
        })?;
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let width = (self.width != 100).then(|| multiple::token(self.width));
        [self.start.token(), width].into_iter().flatten().collect()
    }

    /// torchvision's names: `features.N`, in the stages `features.N.B.block.*`, `classifier.1`. Taps: `stage1..stage7`, and
    /// `features` behind the last convolution.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let silu = Some(Activation::Silu);
        let ends = |name: &str| [format!("{name}.0"), format!("{name}.1")];
        let channels = |full| multiple::channels(full, self.width);
        let mut stack = Stack::with(input, Scheme::EFFICIENT);
        stack.conv_norm(ends("features.0"), channels(32), Window::new(3, self.start.stride(input[1]), 1), 1, silu)?;
        let mut index = 0;
        for (stage, [expansion, kernel, stride, outputs, blocks]) in (1..).zip(STAGES) {
            for block in 0..blocks {
                let window = Window::new(kernel, if block == 0 { stride } else { 1 }, kernel / 2);
                let drop = DROP * index as f32 / BLOCKS as f32;
                let name = format!("features.{stage}.{block}.block");
                self::block(&mut stack, &name, expansion, window, channels(outputs), drop)?;
                index += 1;
            }
            stack.tap(format!("stage{stage}"))?;
        }
        stack.conv_norm(ends("features.8"), 4 * channels(320), Window::POINT, 1, silu)?;
        stack.tap("features".into())?.resize(1)?.push(Layer::Flatten)?.push(Layer::Dropout { rate: DROP })?;
        stack.linear("classifier.1", classes)?;
        Ok(stack.layers)
    }
}

/// 1x1 to `expansion` times the channels, depthwise, a gate of a quarter of the block's input channels, 1x1.
fn block(
    stack: &mut Stack,
    name: &str,
    expansion: usize,
    window: Window,
    outputs: usize,
    drop: f32,
) -> Result<(), String> {
    let inputs = stack.map()[0];
    let hidden = inputs * expansion;
    let silu = Some(Activation::Silu);
    let mut place = 0..;
    let mut next = || format!("{name}.{}", place.next().unwrap_or(0));
    let ends = |own: &str| [format!("{own}.0"), format!("{own}.1")];
    let mut main = stack.branch();
    if expansion != 1 {
        main.conv_norm(ends(&next()), hidden, Window::POINT, 1, silu)?;
    }
    main.conv_norm(ends(&next()), hidden, window, hidden, silu)?;
    let (own, mut gate) = (next(), main.branch());
    gate.resize(1)?.conv(format!("{own}.fc1"), (inputs / 4).max(1), Window::POINT, true)?;
    gate.push(Layer::Act(Activation::Silu))?.conv(format!("{own}.fc2"), hidden, Window::POINT, true)?;
    gate.push(Layer::Act(Activation::Sigmoid))?;
    main.push(Layer::Gate(gate.layers))?;
    main.conv_norm(ends(&next()), outputs, Window::POINT, 1, None)?;
    let residual = window.stride == 1 && inputs == outputs;
    if residual && drop > 0.0 {
        main.push(Layer::StochasticDepth { rate: drop })?;
    }
    stack.extend(main, residual)
}
