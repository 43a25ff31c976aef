//! Wide residual networks for small images.

use super::{
    layer::{Activation, Layer, Norm},
    scheme::Scheme,
    spec::number,
    stack::Stack,
    tensor_ops::Window,
};

/// WRN-`depth`-`widen` (arXiv 1605.07146, table 1): a 3x3 convolution, three stages of `(depth - 4) / 6` blocks with norm and `ReLU`
/// before the convolutions, norm, `ReLU`, mean, a linear layer. Without dropout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WideResNet {
    /// Number of convolutions of the longest way, `6 n + 4`.
    pub depth: usize,
    /// The stages have 16, 32 and 64 channels times this.
    pub widen: usize,
}

impl WideResNet {
    pub(super) const ACCEPTED: &str =
        "wrn-<depth>-<widening factor>, the depth a multiple of 6 plus 4: wrn-16-2, wrn-40-2";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        match *tokens {
            [depth, widen] => Ok(Self {
                depth: number(depth, ' ').filter(|depth| *depth > 4 && depth % 6 == 4).ok_or(depth)?,
                widen: number(widen, ' ').ok_or(widen)?,
            }),
            [] | [_] => Err(tokens.first().copied().unwrap_or_default()),
            [_, _, more, ..] => Err(more),
        }
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        vec![self.depth.to_string(), self.widen.to_string()]
    }

    /// The names of the usual port to `PyTorch`: `conv1`, `block{1..3}.layer.N.{bn1,conv1,bn2,conv2,convShortcut}`, `bn1`, `fc`. Taps:
    /// `block1..block3` behind the stages.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = Stack::with(input, Scheme::WIDE);
        stack.conv("conv1".into(), 16, Window::SAME3, false)?;
        for stage in 0..3 {
            for block in 0..(self.depth - 4) / 6 {
                let name = format!("block{}.layer.{block}", stage + 1);
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                self::block(&mut stack, &name, (16 * self.widen) << stage, stride)?;
            }
            stack.tap(format!("block{}", stage + 1))?;
        }
        stack.norm("bn1".into(), Norm::Batch)?.push(Layer::Act(Activation::Relu))?;
        stack.resize(1)?.linear("fc", classes)?;
        Ok(stack.layers)
    }
}

/// Where the number of channels changes, the first norm and `ReLU` come before both ways, and the short one has a 1x1 convolution.
fn block(stack: &mut Stack, name: &str, width: usize, stride: usize) -> Result<(), String> {
    let changes = stack.map()[0] != width;
    let open = |stack: &mut Stack| {
        stack.norm(format!("{name}.bn1"), Norm::Batch)?.push(Layer::Act(Activation::Relu)).map(|_| ())
    };
    if changes {
        open(stack)?;
    }
    let (mut main, mut shortcut) = (stack.branch(), stack.branch());
    if !changes {
        open(&mut main)?;
    }
    main.conv(format!("{name}.conv1"), width, Window::new(3, stride, 1), false)?;
    main.norm(format!("{name}.bn2"), Norm::Batch)?.push(Layer::Act(Activation::Relu))?;
    main.conv(format!("{name}.conv2"), width, Window::SAME3, false)?;
    if changes {
        shortcut.conv(format!("{name}.convShortcut"), width, Window::new(1, stride, 0), false)?;
    }
    stack.push(Layer::Residual { main: main.layers, shortcut: shortcut.layers })?;
    Ok(())
}
