//! `AlexNet` as the lineage has it (no normalisation, no dropout, one linear layer on a 4x4 map), and torchvision's.

use super::{
    layer::{Activation, Layer, PoolKind},
    spec::{Aspects, number},
    stack::Stack,
    tensor_ops::Window,
};

/// Five convolutions and a head on the 4x4 map.
///
/// At 32 px the map is 4x4 by itself. At other sizes it is average-pooled to 4x4, because the released head fits 32 px
/// only; `tiny` is the released variant for 64 px, whose first convolution has stride 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlexNet {
    /// Channels of the five convolutions.
    pub channels: [usize; 5],
    /// Whether the first convolution has stride 2.
    pub tiny: bool,
    /// Whether it is torchvision's `alexnet` (arXiv 1404.5997) instead: larger strides, three linear layers, dropout of one half.
    pub imagenet: bool,
}

impl Default for AlexNet {
    fn default() -> Self {
        Self { channels: LINEAGE, tiny: false, imagenet: false }
    }
}

/// Channels as the lineage has them, and as torchvision does.
const LINEAGE: [usize; 5] = [128, 192, 256, 192, 192];
const IMAGENET: [usize; 5] = [64, 192, 384, 256, 256];
/// Side of the map under the head.
const HEAD: usize = 4;

impl AlexNet {
    pub(super) const ACCEPTED: &str = "variants of alexnet: -tiny (stride 2 in the first layer), -imagenet (torchvision's), -c<five channel counts joined by dots>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self { imagenet: tokens.contains(&"imagenet"), ..Self::default() };
        net.channels = net.usual();
        let mut seen = Aspects::default();
        for &token in tokens {
            let aspect = match token {
                "tiny" | "imagenet" => {
                    net.tiny |= token == "tiny";
                    "stem"
                }
                _ => {
                    let counts = token.strip_prefix('c').ok_or(token)?.split('.');
                    let counts: Option<Vec<usize>> = counts.map(|count| number(count, ' ')).collect();
                    net.channels = counts.and_then(|counts| counts.try_into().ok()).ok_or(token)?;
                    "channels"
                }
            };
            seen.claim(aspect, token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let stem = [(self.tiny, "tiny"), (self.imagenet, "imagenet")];
        let stem = stem.into_iter().find(|(yes, _)| *yes).map(|(_, word)| word.to_owned());
        let counts = || format!("c{}", self.channels.map(|c| c.to_string()).join("."));
        let channels = (self.channels != self.usual()).then(counts);
        [stem, channels].into_iter().flatten().collect()
    }

    /// The channels unless a slug says otherwise.
    fn usual(&self) -> [usize; 5] {
        if self.imagenet { IMAGENET } else { LINEAGE }
    }

    /// Names as in the golden files, which are torchvision's: `features.{0,3,6,8,10}`, `fc` or `classifier.{1,4,6}`. Taps:
    /// `feat0..feat2` behind the poolings.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let (first, pool) = match (self.imagenet, self.tiny) {
            (true, _) => (Window::new(11, 4, 2), Window::new(3, 2, 0)),
            (false, tiny) => (Window::new(5, if tiny { 2 } else { 1 }, 2), Window::HALVE),
        };
        let windows = [first, Window::new(5, 1, 2), Window::SAME3, Window::SAME3, Window::SAME3];
        let names = [0, 3, 6, 8, 10];
        let mut stack = Stack::new(input);
        let mut pooled = 0;
        for (layer, ((outputs, window), name)) in self.channels.into_iter().zip(windows).zip(names).enumerate() {
            stack.conv(format!("features.{name}"), outputs, window, true)?.push(Layer::Act(Activation::Relu))?;
            if matches!(layer, 0 | 1 | 4) {
                stack.pool(PoolKind::Max, pool)?.tap(format!("feat{pooled}"))?;
                pooled += 1;
            }
        }
        if self.imagenet {
            stack.resize(6)?.push(Layer::Flatten)?;
            for name in ["classifier.1", "classifier.4"] {
                stack.push(Layer::Dropout { rate: 0.5 })?.linear(name, 16 * self.channels[4])?;
                stack.push(Layer::Act(Activation::Relu))?;
            }
            stack.linear("classifier.6", classes)?;
        } else {
            stack.resize(HEAD)?.linear("fc", classes)?;
        }
        Ok(stack.layers)
    }
}
