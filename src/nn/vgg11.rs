//! VGG11 as the lineage has it.

use super::{
    layer::{Activation, Layer, Norm, PoolKind, Stack},
    numbers::Window,
    spec::{Aspects, number},
};

/// Eight 3x3 convolutions with normalisation and `ReLU`, five max poolings, a linear head.
///
/// At 32 px the last map is 1x1. At other sizes it is averaged over its pixels, because the released head fits 32 px
/// only (and its 64 px variant throws three quarters of the map away).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vgg11 {
    /// Channels of the first convolution; the others have 2, 4, 4, 8, 8, 8 and 8 times as many.
    pub width: usize,
    /// Normalisation behind every convolution: instance or batch.
    pub norm: Norm,
}

impl Default for Vgg11 {
    fn default() -> Self {
        Self { width: 64, norm: Norm::Instance }
    }
}

/// Multiples of the width; a zero is a pooling.
const PLAN: [usize; 13] = [1, 0, 2, 0, 4, 4, 0, 8, 8, 0, 8, 8, 0];

impl Vgg11 {
    pub(super) const ACCEPTED: &str = "variants of vgg11: -in|-bn (norm), -w<width of the first layer>";

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
        let norm = (self.norm == Norm::Batch).then(|| "bn".to_owned());
        let width = (self.width != Self::default().width).then(|| format!("w{}", self.width));
        [norm, width].into_iter().flatten().collect()
    }

    /// The lineage's names: `features.N` counts every layer; `classifier` is the head. Taps: `relu0..relu4` before the
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
                index += 3;
            }
        }
        stack.resize(1)?.linear("classifier", classes)?;
        Ok(stack.layers)
    }
}
