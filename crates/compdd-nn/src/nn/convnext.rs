//! `ConvNeXt`.

use super::{
    layer::{Activation, Layer},
    scheme::Scheme,
    spec::{Aspects, number},
    stack::Stack,
    tensor_ops::Window,
};

/// ConvNeXt-Tiny (arXiv 2201.03545, section 2; torchvision's `convnext_tiny`): depthwise 7x7 convolutions, layer norm of every pixel with
/// epsilon 1e-6, hidden layers of four times the channels, layer scale, stochastic depth that grows to a tenth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvNextTiny {
    /// Channels of the first stage; the others have 2, 4 and 8 times as many.
    pub width: usize,
}

impl Default for ConvNextTiny {
    fn default() -> Self {
        Self { width: 96 }
    }
}

/// Blocks of each stage, and of all.
const BLOCKS: [usize; 4] = [3, 3, 9, 3];
const ALL: usize = 18;
/// Rate of stochastic depth behind the last block.
const DROP: f32 = 0.1;
/// Epsilon of the layer norms.
const EPSILON: f64 = 1e-6;

impl ConvNextTiny {
    pub(super) const ACCEPTED: &str = "variants of convnext-tiny: -w<width of the first stage>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let mut seen = Aspects::default();
        for &token in tokens {
            net.width = number(token, 'w').ok_or(token)?;
            seen.claim("width", token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        (self.width != Self::default().width).then(|| format!("w{}", self.width)).into_iter().collect()
    }

    /// torchvision's names: `features.N`, in the stages `features.N.B.{block.*,layer_scale}`, `classifier.{0,2}`. Taps:
    /// `stage1..stage4`.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = Stack::with(input, Scheme::CONVNEXT);
        stack.conv("features.0.0".into(), self.width, Window::new(4, 4, 0), true)?;
        pixel_norm(&mut stack, "features.0.1".into())?;
        let mut index = 0;
        for (stage, blocks) in BLOCKS.into_iter().enumerate() {
            let place = 2 * stage + 1;
            for block in 0..blocks {
                let drop = DROP * index as f32 / (ALL - 1) as f32;
                self::block(&mut stack, &format!("features.{place}.{block}"), drop)?;
                index += 1;
            }
            stack.tap(format!("stage{}", stage + 1))?;
            if stage + 1 < BLOCKS.len() {
                pixel_norm(&mut stack, format!("features.{}.0", place + 1))?;
                let channels = self.width << (stage + 1);
                stack.conv(format!("features.{}.1", place + 1), channels, Window::HALVE, true)?;
            }
        }
        stack.resize(1)?;
        pixel_norm(&mut stack, "classifier.0".into())?;
        stack.linear("classifier.2", classes)?;
        Ok(stack.layers)
    }
}

/// Layer norm over the channels of every pixel.
fn pixel_norm(stack: &mut Stack, name: String) -> Result<(), String> {
    let [_, h, w] = stack.map();
    stack.push(Layer::Tokens)?.token_norm(name, EPSILON)?.push(Layer::Map { size: [h, w] })?;
    Ok(())
}

fn block(stack: &mut Stack, name: &str, drop: f32) -> Result<(), String> {
    let [channels, h, w] = stack.map();
    let mut main = stack.branch();
    main.grouped(format!("{name}.block.0"), channels, Window::new(7, 1, 3), channels, true)?.push(Layer::Tokens)?;
    main.token_norm(format!("{name}.block.2"), EPSILON)?.linear(&format!("{name}.block.3"), 4 * channels)?;
    main.push(Layer::Act(Activation::Gelu))?.linear(&format!("{name}.block.5"), channels)?;
    main.push(Layer::Map { size: [h, w] })?;
    main.push(Layer::Scale { name: format!("{name}.layer_scale"), channels, start: 1e-6 })?;
    if drop > 0.0 {
        main.push(Layer::StochasticDepth { rate: drop })?;
    }
    stack.extend(main, true)
}
