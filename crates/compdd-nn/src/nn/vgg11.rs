//! VGG11 as the lineage has it.

use super::{
    layer::{Activation, Layer, Norm, PoolKind},
    spec::{Aspects, number},
    stack::Stack,
    tensor_ops::Window,
};

/// Eight 3x3 convolutions with normalisation and `ReLU`, five max poolings, a linear head, or torchvision's of three layers.
///
/// At 32 px the last map is 1x1. At other sizes it is averaged over its pixels, because the released head fits 32 px
/// only (and its 64 px variant throws three quarters of the map away).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vgg11 {
    /// Channels of the first convolution; the others have 2, 4, 4, 8, 8, 8 and 8 times as many.
    pub width: usize,
    /// Normalisation behind every convolution: instance, batch or none.
    pub norm: Norm,
    /// What stands on the last map.
    pub head: VggHead,
}

/// The end of a [`Vgg11`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VggHead {
    /// One linear layer on the mean of the last map.
    Linear,
    /// torchvision's: the last map at 7x7, two hidden layers of 64 times the width, a linear layer. The dropout between
    /// them is left out: it does nothing in eval mode.
    ImageNet,
}

impl Default for Vgg11 {
    fn default() -> Self {
        Self { width: 64, norm: Norm::Instance, head: VggHead::Linear }
    }
}

/// Multiples of the width; a zero is a pooling.
const PLAN: [usize; 13] = [1, 0, 2, 0, 4, 4, 0, 8, 8, 0, 8, 8, 0];

impl Vgg11 {
    pub(super) const ACCEPTED: &str = "variants of vgg11: -imagenet (torchvision's head), -in|-bn|-nn (norm), -w<width of the \
        first layer>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let mut seen = Aspects::default();
        for &token in tokens {
            let aspect = match token {
                "in" => {
                    net.norm = Norm::Instance;
                    "norm"
                }
                "bn" => {
                    net.norm = Norm::Batch;
                    "norm"
                }
                "nn" => {
                    net.norm = Norm::None;
                    "norm"
                }
                "imagenet" => {
                    net.head = VggHead::ImageNet;
                    "head"
                }
                _ => {
                    net.width = number(token, 'w').ok_or(token)?;
                    "width"
                }
            };
            seen.claim(aspect, token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let head = (self.head == VggHead::ImageNet).then(|| "imagenet".to_owned());
        let norm = match self.norm {
            Norm::Batch => Some("bn".to_owned()),
            Norm::None => Some("nn".to_owned()),
            _ => None,
        };
        let width = (self.width != Self::default().width).then(|| format!("w{}", self.width));
        [head, norm, width].into_iter().flatten().collect()
    }

    /// The names of the lineage and of torchvision: `features.N` counts every layer; `classifier` is the head, or
    /// `classifier.0`, `.3` and `.6` are. Taps: `relu0..relu4` before the
    /// poolings, `feat0..feat4` behind them.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let mut stack = Stack::new(input);
        let (mut index, mut pooled) = (0, 0);
        for multiple in PLAN {
            if multiple == 0 {
                stack.tap(format!("relu{pooled}"))?;
                stack.pool(PoolKind::Max, Window::HALVE)?.tap(format!("feat{pooled}"))?;
                (index, pooled) = (index + 1, pooled + 1);
            } else {
                stack.conv(format!("features.{index}"), multiple * self.width, Window::SAME3, true)?;
                stack.norm(format!("features.{}", index + 1), self.norm)?.push(Layer::Act(Activation::Relu))?;
                index += if self.norm == Norm::None { 2 } else { 3 };
            }
        }
        match self.head {
            VggHead::Linear => stack.resize(1)?.linear("classifier", classes)?,
            VggHead::ImageNet => {
                stack.resize(7)?;
                for name in ["classifier.0", "classifier.3"] {
                    stack.linear(name, 64 * self.width)?.push(Layer::Act(Activation::Relu))?;
                }
                stack.linear("classifier.6", classes)?
            }
        };
        Ok(stack.layers)
    }
}
