//! `MobileNet` of the second version.

use super::{
    layer::{Activation, Layer},
    multiple,
    scheme::Scheme,
    stack::Stack,
    stem::Start,
    tensor_ops::Window,
};

/// Inverted residual blocks (arXiv 1801.04381, table 2; torchvision's `mobilenet_v2`): a 1x1 convolution to six times the
/// channels, a depthwise 3x3, a 1x1 without activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MobileNetV2 {
    /// Stride of the first convolution. At full size it is a 3x3 convolution all the same, and the later strides stay.
    pub start: Start,
    /// Channels as hundredths of the published ones, rounded to multiples of eight; the last convolution has at least 1280.
    pub width: usize,
    /// Whether a fifth of the head's input is dropped in training.
    pub dropout: bool,
}

impl Default for MobileNetV2 {
    fn default() -> Self {
        Self { start: Start::Auto, width: 100, dropout: true }
    }
}

/// Expansion, channels, blocks and stride of the stages.
const STAGES: [[usize; 4]; 7] =
    [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]];

impl MobileNetV2 {
    pub(super) const ACCEPTED: &str = "variants of mobilenet-v2: -cifar|-imagenet (stride 1 or 2 of the first convolution; by \
        default chosen by the resolution), -x<multiple of the channels, as x0.5>, -nodrop (no dropout)";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let Self { start, width, dropout } = &mut net;
        start.read(tokens, |token| {
            if token == "nodrop" {
                *dropout = false;
                return Some("dropout");
            }
            *width = multiple::parse(token)?;
            Some("width")
        })?;
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let width = (self.width != 100).then(|| multiple::token(self.width));
        let dropout = (!self.dropout).then(|| "nodrop".to_owned());
        [self.start.token(), width, dropout].into_iter().flatten().collect()
    }

    /// torchvision's names: `features.N.conv.*`, `classifier.1`. Taps: `stage0..stage6` behind the stages, `features` behind
    /// the last convolution.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = Stack::with(input, Scheme::MOBILE);
        let first = Window::new(3, self.start.stride(input[1]), 1);
        let ends = |name: &str| [format!("{name}.0"), format!("{name}.1")];
        stack.conv_norm(ends("features.0"), self.channels(32), first, 1, Some(Activation::Relu6))?;
        let mut index = 0;
        for (stage, [expansion, channels, blocks, stride]) in STAGES.into_iter().enumerate() {
            for block in 0..blocks {
                index += 1;
                let stride = if block == 0 { stride } else { 1 };
                self::block(&mut stack, &format!("features.{index}.conv"), expansion, self.channels(channels), stride)?;
            }
            stack.tap(format!("stage{stage}"))?;
        }
        let last = multiple::channels(1280, self.width.max(100));
        stack.conv_norm(ends("features.18"), last, Window::POINT, 1, Some(Activation::Relu6))?;
        stack.tap("features".into())?.resize(1)?.push(Layer::Flatten)?;
        if self.dropout {
            stack.push(Layer::Dropout { rate: 0.2 })?;
        }
        stack.linear("classifier.1", classes)?;
        Ok(stack.layers)
    }

    fn channels(&self, full: usize) -> usize {
        multiple::channels(full, self.width)
    }
}

/// An inverted residual; the sum is taken where the shape stays.
fn block(stack: &mut Stack, name: &str, expansion: usize, outputs: usize, stride: usize) -> Result<(), String> {
    let inputs = stack.map()[0];
    let hidden = inputs * expansion;
    let relu6 = Some(Activation::Relu6);
    let mut main = stack.branch();
    let mut place = 0..;
    let mut next = || format!("{name}.{}", place.next().unwrap_or(0));
    if expansion != 1 {
        let own = next();
        main.conv_norm([format!("{own}.0"), format!("{own}.1")], hidden, Window::POINT, 1, relu6)?;
    }
    let own = next();
    main.conv_norm([format!("{own}.0"), format!("{own}.1")], hidden, Window::new(3, stride, 1), hidden, relu6)?;
    main.conv_norm([next(), next()], outputs, Window::POINT, 1, None)?;
    stack.extend(main, stride == 1 && inputs == outputs)
}
