//! A network as lines of a table: what `compdd network show` prints.

use super::{
    layer::{Activation, GROUPS, Layer, Norm, PoolKind, Scores},
    params::Slot,
    shapes::Shape,
    tensor_ops::Window,
};

/// One line of the description of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name of the parameters (`features.0`), empty for layers without any.
    pub name: String,
    /// What the layer does.
    pub kind: String,
    /// Shape of one example behind it.
    pub output: Shape,
    /// Number of parameters (running statistics are not parameters).
    pub parameters: usize,
    /// How many other layers (residual blocks, joined branches, gates) the layer is inside of.
    pub depth: usize,
}

/// Appends the rows of `layers`, which start at `shape` and are inside of `depth` others.
pub(super) fn describe(layers: &[Layer], mut shape: Shape, depth: usize, rows: &mut Vec<Row>) {
    for layer in layers {
        for inner in layer.inner() {
            describe(inner, shape, depth + 1, rows);
        }
        // Building the network has checked every shape.
        shape = layer.output(shape).unwrap_or(shape);
        if !matches!(layer, Layer::Tap(_)) {
            let parameters = layer.slots().iter().map(Slot::len).sum();
            rows.push(Row { name: layer.name().into(), kind: layer.kind(), output: shape, parameters, depth });
        }
    }
}

impl Activation {
    /// The word for it.
    fn word(self) -> &'static str {
        match self {
            Self::Sigmoid => "sigmoid",
            Self::Relu => "relu",
            Self::Leaky => "leaky relu 0.01",
            Self::Relu6 => "relu6",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::HardSwish => "hard swish",
        }
    }
}

impl Layer {
    /// The word for what this layer does, as `compdd network show` prints it.
    pub fn kind(&self) -> String {
        match self {
            Self::Conv { window: Window { kernel, stride, padding }, groups, .. } => {
                let groups = if *groups == 1 { String::new() } else { format!(" groups {groups}") };
                format!("conv {kernel}x{kernel} stride {stride} pad {padding}{groups}")
            }
            Self::Norm { kind, .. } => match kind {
                Norm::None => "identity".into(),
                Norm::Batch => "batch norm".into(),
                Norm::Layer => "layer norm".into(),
                Norm::Instance => "instance norm".into(),
                Norm::Group => format!("group norm ({GROUPS} groups)"),
            },
            Self::TokenNorm { .. } => "layer norm of tokens".into(),
            Self::Act(activation) => activation.word().into(),
            Self::Pool { kind, window: Window { kernel, stride, padding } } => {
                let word = if *kind == PoolKind::Max { "max" } else { "average" };
                let pad = if *padding == 0 { String::new() } else { format!(" pad {padding}") };
                format!("{word} pool {kernel}x{kernel} stride {stride}{pad}")
            }
            Self::AdaptiveAvgPool { side } => format!("average pool to {side}x{side}"),
            Self::Residual { .. } => "residual sum".into(),
            Self::Concat(_) => "concatenation".into(),
            Self::Gate(_) => "gate".into(),
            Self::Channels { start, count } => format!("channels {start} to {}", start + count),
            Self::Shuffle { groups } => format!("channel shuffle ({groups} groups)"),
            Self::Scale { .. } => "layer scale".into(),
            Self::Dropout { rate } => format!("dropout {rate}"),
            Self::StochasticDepth { rate } => format!("stochastic depth {rate:.3}"),
            Self::Tokens => "tokens".into(),
            Self::Map { .. } => "map".into(),
            Self::Fit { size: [height, width] } => format!("padded or cut to {height}x{width}"),
            Self::KeylessBias { .. } => "bias of queries and values".into(),
            Self::SpaceToDepth => "space to depth".into(),
            Self::ClassToken { .. } => "class token".into(),
            Self::Positions { .. } => "positions".into(),
            Self::Attention { heads, windows: None } => format!("attention ({heads} heads)"),
            Self::Attention { heads, windows: Some(windows) } => {
                let cosine = if matches!(windows.scores, Scores::Cosine(_)) { "cosine " } else { "" };
                format!(
                    "{cosine}attention ({heads} heads) in windows of {0}x{0}, shift {1}",
                    windows.side, windows.shift
                )
            }
            Self::FirstToken => "first token".into(),
            Self::Flatten => "flatten".into(),
            Self::Linear { .. } => "linear".into(),
            Self::Tap(_) => "tap".into(),
        }
    }
}
