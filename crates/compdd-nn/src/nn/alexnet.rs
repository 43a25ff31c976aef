//! `AlexNet` as the lineage has it: no normalisation, no dropout, one linear layer on a 4x4 map.

use super::{
    layer::{Activation, Layer, PoolKind, Stack},
    spec::{Aspects, number},
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
}

impl Default for AlexNet {
    fn default() -> Self {
        Self { channels: [128, 192, 256, 192, 192], tiny: false }
    }
}

/// Side of the map under the head.
const HEAD: usize = 4;

impl AlexNet {
    pub(super) const ACCEPTED: &str =
        "variants of alexnet: -tiny (stride 2 in the first layer), -c<five channel counts joined by dots>";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let mut seen = Aspects::default();
        for &token in tokens {
            let aspect = if token == "tiny" {
                net.tiny = true;
                "stem"
            } else {
                let counts = token.strip_prefix('c').ok_or(token)?.split('.');
                let counts: Option<Vec<usize>> = counts.map(|count| number(count, ' ')).collect();
                net.channels = counts.and_then(|counts| counts.try_into().ok()).ok_or(token)?;
                "channels"
            };
            seen.claim(aspect, token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let tiny = self.tiny.then(|| "tiny".to_owned());
        let counts = || format!("c{}", self.channels.map(|c| c.to_string()).join("."));
        let channels = (self.channels != Self::default().channels).then(counts);
        [tiny, channels].into_iter().flatten().collect()
    }

    /// Names as in the golden files: `features.{0,3,6,8,10}`, `fc`. Taps: `feat0..feat2` behind the poolings.
    pub(super) fn build(&self, input: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        let stride = if self.tiny { 2 } else { 1 };
        let windows = [Window::new(5, stride, 2), Window::new(5, 1, 2), Window::SAME3, Window::SAME3, Window::SAME3];
        let names = [0, 3, 6, 8, 10];
        let mut stack = Stack::new(input);
        let mut pooled = 0;
        for (layer, ((outputs, window), name)) in self.channels.into_iter().zip(windows).zip(names).enumerate() {
            stack.conv(format!("features.{name}"), outputs, window, true)?.push(Layer::Act(Activation::Relu))?;
            if matches!(layer, 0 | 1 | 4) {
                stack.pool(PoolKind::Max, Window::HALVE)?.tap(format!("feat{pooled}"))?;
                pooled += 1;
            }
        }
        stack.resize(HEAD)?.linear("fc", classes)?;
        Ok(stack.layers)
    }
}
