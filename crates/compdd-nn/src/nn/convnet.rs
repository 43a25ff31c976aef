//! The `ConvNet` of the lineage: blocks of convolution, normalisation, activation and pooling under a linear head.

use super::{
    kernels::Blocks,
    layer::{Activation, Layer, Norm, PoolKind},
    spec::{Aspects, number},
    stack::Stack,
    tensor_ops::Window,
};

/// `depth` blocks of [conv 3x3, norm, activation, pool 2x2], flatten, linear (Gidaris & Komodakis 2018, as used by DC
/// and everything after it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvNet {
    /// Number of blocks, 1 to 6.
    pub depth: usize,
    /// Channels of every block.
    pub width: usize,
    /// Normalisation behind every convolution.
    pub norm: Norm,
    /// Nonlinearity.
    pub activation: Activation,
    /// Pooling by two at the end of every block, or none.
    pub pooling: Option<PoolKind>,
}

impl Default for ConvNet {
    fn default() -> Self {
        Self {
            depth: 3,
            width: 128,
            norm: Norm::Instance,
            activation: Activation::Relu,
            pooling: Some(PoolKind::Average),
        }
    }
}

/// Every activation with its tokens, the canonical one first.
const ACTIVATIONS: [(Activation, &[&str]); 7] = [
    (Activation::Relu, &["relu", "ar"]),
    (Activation::Sigmoid, &["sigmoid", "as"]),
    (Activation::Leaky, &["leaky", "al"]),
    (Activation::Relu6, &["relu6"]),
    (Activation::Silu, &["silu"]),
    (Activation::Gelu, &["gelu"]),
    (Activation::HardSwish, &["hardswish"]),
];

/// Largest depth a slug may ask for.
const DEEPEST: usize = 6;

impl ConvNet {
    pub(super) const ACCEPTED: &str = "variants of convnet: -d1..-d6, -w<width>, -in|-bn|-ln|-gn|-nn (norm), \
        -relu|-sigmoid|-leaky|-relu6|-silu|-gelu|-hardswish, -avgpool|-maxpool|-nopool, -kip (width 1024, no norm)";

    pub(super) fn parse<'a>(tokens: &[&'a str]) -> Result<Self, &'a str> {
        let mut net = Self::default();
        let mut seen = Aspects::default();
        for &token in tokens {
            let aspect = match token {
                "avgpool" | "ap" => {
                    net.pooling = Some(PoolKind::Average);
                    "pooling"
                }
                "maxpool" | "mp" => {
                    net.pooling = Some(PoolKind::Max);
                    "pooling"
                }
                "nopool" | "np" => {
                    net.pooling = None;
                    "pooling"
                }
                "kip" => {
                    (net.width, net.norm) = (1024, Norm::None);
                    seen.claim("norm", token)?;
                    "width"
                }
                _ => {
                    if let Some((kind, _)) = ACTIVATIONS.iter().find(|(_, words)| words.contains(&token)) {
                        net.activation = *kind;
                        "activation"
                    } else if let Some(norm) = norm(token) {
                        net.norm = norm;
                        "norm"
                    } else if let Some(depth) = number(token, 'd').filter(|depth| *depth <= DEEPEST) {
                        net.depth = depth;
                        "depth"
                    } else {
                        net.width = number(token, 'w').ok_or(token)?;
                        "width"
                    }
                }
            };
            seen.claim(aspect, token)?;
        }
        Ok(net)
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let usual = Self::default();
        let mut tokens = vec![format!("d{}", self.depth)];
        if self.width != usual.width {
            tokens.push(format!("w{}", self.width));
        }
        if self.norm != usual.norm {
            tokens.push(norm_token(self.norm).into());
        }
        if self.activation != usual.activation {
            let word =
                ACTIVATIONS.iter().find(|(kind, _)| *kind == self.activation).map(|(_, words)| words[0].to_owned());
            tokens.extend(word);
        }
        match self.pooling {
            Some(PoolKind::Average) => {}
            Some(PoolKind::Max) => tokens.push("maxpool".into()),
            None => tokens.push("nopool".into()),
        }
        tokens
    }

    /// The lineage's names: `features.N` counts every layer of the blocks; `classifier` is the head. Taps: `relu0..`
    /// before the pooling, `feat0..` behind it.
    pub(super) fn build(&self, [channels, h, w]: [usize; 3], classes: usize) -> Result<Vec<Layer>, String> {
        // Training them is differentiated, and thousands of steps of it: the exacter blocks, which their records were made with.
        let mut stack = Stack::new([channels, h, w]).in_blocks(Blocks::Small);
        let mut index = 0..;
        let mut name = || format!("features.{}", index.next().unwrap_or(0));
        for block in 0..self.depth {
            // The lineage treats grey 28-pixel digits as 32 pixels wide.
            let padding = if block == 0 && (channels, h, w) == (1, 28, 28) { 3 } else { 1 };
            stack.conv(name(), self.width, Window::new(3, 1, padding), true)?;
            if self.norm != Norm::None {
                stack.norm(name(), self.norm)?;
            }
            stack.push(Layer::Act(self.activation))?;
            name();
            stack.tap(format!("relu{block}"))?;
            if let Some(kind) = self.pooling {
                let [_, side, _] = stack.map();
                stack.pool(kind, Window::HALVE).map_err(|_| {
                    format!("the map is {side}x{side} before the pooling of block {} of {}", block + 1, self.depth)
                })?;
                name();
            }
            stack.tap(format!("feat{block}"))?;
        }
        stack.linear("classifier", classes)?;
        Ok(stack.layers)
    }
}

/// The norm a token stands for.
pub(super) fn norm(token: &str) -> Option<Norm> {
    Some(match token {
        "nn" => Norm::None,
        "bn" => Norm::Batch,
        "ln" => Norm::Layer,
        "in" => Norm::Instance,
        "gn" => Norm::Group,
        _ => return None,
    })
}

/// The token that stands for a norm.
pub(super) fn norm_token(norm: Norm) -> &'static str {
    match norm {
        Norm::None => "nn",
        Norm::Batch => "bn",
        Norm::Layer => "ln",
        Norm::Instance => "in",
        Norm::Group => "gn",
    }
}
