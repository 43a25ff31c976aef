//! A network as data: the layers and their parameters. What shape each makes is in [`shapes`](super::shapes), what it is
//! called in [`describe`](super::describe).

use std::f32::consts::LN_10;

use super::{
    kernels::{Blocks, Rectifier},
    params::{Init, Slot},
    tensor_ops::Window,
};

/// The nonlinearities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// `x` where positive, `0.01 x` elsewhere.
    Leaky,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x / (1 + exp(-x))`.
    Silu,
    /// `x` times the distribution function of the standard normal: the exact form.
    Gelu,
    /// `x min(max(x + 3, 0), 6) / 6`.
    HardSwish,
}

impl From<Rectifier> for Activation {
    fn from(rectifier: Rectifier) -> Self {
        match rectifier {
            Rectifier::Relu => Self::Relu,
            Rectifier::Relu6 => Self::Relu6,
        }
    }
}

/// The normalisations of maps, all affine with epsilon 1e-5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norm {
    /// No normalisation.
    None,
    /// Over the batch and the map; running statistics (momentum 0.1) in eval mode.
    Batch,
    /// Over the whole image, one scale and shift per value.
    Layer,
    /// Over the map of every image and channel (group norm with as many groups as channels).
    #[default]
    Instance,
    /// Over four groups of channels.
    Group,
}

/// How a window becomes one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value.
    Max,
    /// The mean value.
    Average,
}

/// One layer. Parameters belong to the layers that have a `name`: `name.weight` and `name.bias`, or `name` itself where
/// the parameter is a free one.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Convolution `[outputs, inputs / groups, kernel, kernel]`.
    Conv {
        /// Name of the parameters.
        name: String,
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// Kernel, stride and padding.
        window: Window,
        /// Groups of channels that do not see each other; as many as channels for a depthwise one.
        groups: usize,
        /// How a CPU computes it.
        blocks: Blocks,
        /// Whether there is a bias.
        bias: bool,
        /// How fresh weights and biases are drawn.
        init: [Init; 2],
    },
    /// Normalisation with a scale and a shift.
    Norm {
        /// Name of the parameters.
        name: String,
        /// Over what the values are standardised.
        kind: Norm,
        /// Shape `[C, H, W]` of one example.
        shape: [usize; 3],
    },
    /// Every token standardised over its channels, with a scale and a shift per channel.
    TokenNorm {
        /// Name of the parameters.
        name: String,
        /// Channels of a token.
        channels: usize,
        /// What is added to the variance.
        epsilon: f64,
    },
    /// Nonlinearity.
    Act(Activation),
    /// Pooling over windows.
    Pool {
        /// Maximum or mean.
        kind: PoolKind,
        /// Kernel, stride and padding.
        window: Window,
    },
    /// Average pooling to a fixed side.
    AdaptiveAvgPool {
        /// Side of the output map.
        side: usize,
    },
    /// `main(x) + shortcut(x)`; an empty shortcut is the identity.
    Residual {
        /// The layers of the long way.
        main: Vec<Layer>,
        /// The layers of the short way.
        shortcut: Vec<Layer>,
    },
    /// What each list of layers makes of the same map, channels one behind the other; an empty list is the identity.
    Concat(Vec<Vec<Layer>>),
    /// `x g(x)`, where `g` ends with one value per channel: squeeze and excitation.
    Gate(Vec<Layer>),
    /// Some of the channels.
    Channels {
        /// The first one.
        start: usize,
        /// How many.
        count: usize,
    },
    /// Channels as a table of so many rows, read by columns.
    Shuffle {
        /// Number of rows.
        groups: usize,
    },
    /// A factor per channel of a map: layer scale `[C, 1, 1]`.
    Scale {
        /// Name of the parameter.
        name: String,
        /// Channels.
        channels: usize,
        /// Value of a fresh one.
        start: f32,
    },
    /// Values are zero with probability `rate`, the others grow by `1 / (1 - rate)`; in train mode, with given masks.
    Dropout {
        /// Probability of a zero.
        rate: f32,
    },
    /// The same for whole images: stochastic depth at the end of a residual way.
    StochasticDepth {
        /// Probability of a zero.
        rate: f32,
    },
    /// Map to tokens: one per pixel, row by row, with the channels as its values.
    Tokens,
    /// Tokens to the map that they came from.
    Map {
        /// Height and width.
        size: [usize; 2],
    },
    /// A map brought to a size: zeros at the bottom and at the right, or what is beyond it cut off.
    Fit {
        /// Height and width.
        size: [usize; 2],
    },
    /// A learned vector added to the queries and to the values, but not to the keys, of tokens that hold all three one behind the other.
    KeylessBias {
        /// Name of the parameter `[3C]`.
        name: String,
        /// Channels of a token, all three together.
        channels: usize,
    },
    /// Even and odd rows and columns as channels: `[C, H, W]` to `[4C, H/2, W/2]`, in the order of Swin's patch merging
    /// (row parity runs faster than column parity, channels fastest).
    SpaceToDepth,
    /// A learned token before the others.
    ClassToken {
        /// Name of the parameter `[1, 1, C]`.
        name: String,
        /// Channels of a token.
        channels: usize,
        /// How a fresh one is drawn.
        init: Init,
    },
    /// A learned vector added to every token.
    Positions {
        /// Name of the parameter `[1, T, C]`.
        name: String,
        /// Number of tokens and channels.
        shape: [usize; 2],
        /// How fresh ones are drawn.
        init: Init,
    },
    /// Multi-head attention of tokens that hold queries, keys and values one behind the other.
    Attention {
        /// Number of heads.
        heads: usize,
        /// Windows of a map that attend to themselves; all tokens together without.
        windows: Option<Windows>,
    },
    /// The first token as a vector.
    FirstToken,
    /// Map or tokens to vector, row-major.
    Flatten,
    /// Affine map `[outputs, inputs]` of a vector or of every token.
    Linear {
        /// Name of the parameters.
        name: String,
        /// Values in.
        inputs: usize,
        /// Values out.
        outputs: usize,
        /// Whether there is a bias.
        bias: bool,
        /// How fresh weights and biases are drawn.
        init: [Init; 2],
    },
    /// No operation: a place whose map can be asked for by name.
    Tap(String),
}

/// The layers whose inputs a forward pass can hand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// Convolutions.
    Conv,
    /// Batch norms of maps.
    BatchNorm,
}

/// How windowed attention scores pairs of pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scores {
    /// Products of queries and keys, plus an entry for the relative position of a table of this name, `[(2 side - 1)^2, heads]`.
    Table(String),
    /// Cosines with a learned scale for each head, plus what a small network makes of the relative position; their parameters are `name.logit_scale` and
    /// `name.cpb_mlp.*` (Swin V2, arXiv 2111.09883, sections 3.3 and 3.4).
    Cosine(String),
}

impl Scores {
    /// Units between the two layers of the network of [`Scores::Cosine`].
    pub(super) const HIDDEN: usize = 512;

    fn name(&self) -> &str {
        let (Self::Table(name) | Self::Cosine(name)) = self;
        name
    }
}

/// How a map is cut for windowed attention (Swin, arXiv 2103.14030, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How the scores of pairs of pixels come about.
    pub scores: Scores,
    /// Height and width of the map.
    pub map: [usize; 2],
    /// Side of a window; divides both.
    pub side: usize,
    /// By how many pixels the windows are shifted, rows and columns alike.
    pub shift: usize,
}

/// Number of groups of [`Norm::Group`].
pub(crate) const GROUPS: usize = 4;

impl Layer {
    /// Name of the parameters, empty for layers without any.
    pub fn name(&self) -> &str {
        match self {
            Self::Conv { name, .. }
            | Self::Norm { name, .. }
            | Self::TokenNorm { name, .. }
            | Self::Linear { name, .. }
            | Self::Scale { name, .. }
            | Self::ClassToken { name, .. }
            | Self::Positions { name, .. }
            | Self::KeylessBias { name, .. } => name,
            Self::Attention { windows: Some(Windows { scores, .. }), .. } => scores.name(),
            _ => "",
        }
    }

    /// Which of the layers it is whose inputs can be asked for, if it is one.
    pub fn hooked(&self) -> Option<LayerKind> {
        match self {
            Self::Conv { .. } => Some(LayerKind::Conv),
            Self::Norm { kind: Norm::Batch, .. } => Some(LayerKind::BatchNorm),
            _ => None,
        }
    }

    /// The parameters of this layer alone (not of layers inside it), weight before bias.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let slot =
            |name: &str, what: &str, shape: Vec<usize>, init| Slot { name: format!("{name}.{what}"), shape, init };
        let pair = |name: &str, shape: Vec<usize>, outputs: usize, bias: bool, init: [Init; 2]| {
            let bias = bias.then(|| slot(name, "bias", vec![outputs], init[1]));
            [slot(name, "weight", shape, init[0])].into_iter().chain(bias).collect()
        };
        let free = |name: &String, shape: Vec<usize>, init| vec![Slot { name: name.clone(), shape, init }];
        match self {
            Self::Conv { name, inputs, outputs, window, groups, bias, init, .. } => {
                let k = window.kernel;
                pair(name, vec![*outputs, *inputs / *groups, k, k], *outputs, *bias, *init)
            }
            Self::Norm { name, kind, shape } => {
                let shape = if *kind == Norm::Layer { shape.to_vec() } else { vec![shape[0]] };
                vec![slot(name, "weight", shape.clone(), Init::One), slot(name, "bias", shape, Init::Zero)]
            }
            Self::TokenNorm { name, channels, .. } => {
                pair(name, vec![*channels], *channels, true, [Init::One, Init::Zero])
            }
            Self::Linear { name, inputs, outputs, bias, init } => {
                pair(name, vec![*outputs, *inputs], *outputs, *bias, *init)
            }
            Self::Scale { name, channels, start } => free(name, vec![*channels, 1, 1], Init::Constant(*start)),
            Self::ClassToken { name, channels, init } => free(name, vec![1, 1, *channels], *init),
            Self::Positions { name, shape: [tokens, channels], init } => free(name, vec![1, *tokens, *channels], *init),
            Self::KeylessBias { name, channels } => free(name, vec![*channels], Init::Zero),
            Self::Attention { heads, windows: Some(Windows { scores, side, .. }) } => match scores {
                Scores::Table(name) => free(name, vec![(2 * side - 1).pow(2), *heads], Init::TruncatedNormal(0.02)),
                Scores::Cosine(name) => {
                    let (hidden, drawn) = (Scores::HIDDEN, Init::TruncatedNormal(0.02));
                    vec![
                        slot(name, "logit_scale", vec![*heads, 1, 1], Init::Constant(LN_10)),
                        slot(name, "cpb_mlp.0.weight", vec![hidden, 2], drawn),
                        slot(name, "cpb_mlp.0.bias", vec![hidden], Init::Zero),
                        slot(name, "cpb_mlp.2.weight", vec![*heads, hidden], drawn),
                    ]
                }
            },
            _ => Vec::new(),
        }
    }

    /// The running statistics of this layer alone: mean, then variance.
    pub(crate) fn buffers(&self) -> Vec<Slot> {
        match self {
            Self::Norm { name, kind: Norm::Batch, shape } => vec![
                Slot { name: format!("{name}.running_mean"), shape: vec![shape[0]], init: Init::Zero },
                Slot { name: format!("{name}.running_var"), shape: vec![shape[0]], init: Init::One },
            ],
            _ => Vec::new(),
        }
    }

    /// The lists of layers inside this one, in the order in which they run.
    pub(crate) fn inner(&self) -> Vec<&[Layer]> {
        match self {
            Self::Residual { main, shortcut } => vec![main, shortcut],
            Self::Concat(branches) => branches.iter().map(Vec::as_slice).collect(),
            Self::Gate(layers) => vec![layers],
            _ => Vec::new(),
        }
    }
}

/// Every layer of `layers`, those inside others included, in the order in which parameters are listed.
pub(crate) fn walk<'a>(layers: &'a [Layer], visit: &mut impl FnMut(&'a Layer)) {
    for layer in layers {
        for inner in layer.inner() {
            walk(inner, visit);
        }
        visit(layer);
    }
}
