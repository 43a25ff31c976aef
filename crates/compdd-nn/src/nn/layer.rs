//! A network as data: the layers, their shapes and their parameters.

use std::fmt;

use super::{
    params::{Init, Slot},
    tensor_ops::Window,
};

/// The nonlinearities of the lineage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// `x` where positive, `0.01 x` elsewhere.
    Leaky,
}

/// The normalisations of the lineage, all affine with epsilon 1e-5.
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

/// The shape of one example between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[C, H, W]`.
    Map([usize; 3]),
    /// `[F]`.
    Vector(usize),
}

impl Shape {
    /// Number of values.
    pub fn len(self) -> usize {
        match self {
            Self::Map([c, h, w]) => c * h * w,
            Self::Vector(n) => n,
        }
    }

    /// Whether there is no value at all.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map([c, h, w]) => write!(f, "{c}x{h}x{w}"),
            Self::Vector(n) => write!(f, "{n}"),
        }
    }
}

/// One layer. Parameters belong to the layers that have a `name`: `name.weight` and `name.bias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Convolution `[outputs, inputs, kernel, kernel]`.
    Conv {
        /// Name of the parameters.
        name: String,
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// Kernel, stride and padding.
        window: Window,
        /// Whether there is a bias.
        bias: bool,
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
    /// Map to vector, row-major.
    Flatten,
    /// Affine map `[outputs, inputs]`.
    Linear {
        /// Name of the parameters.
        name: String,
        /// Values in.
        inputs: usize,
        /// Values out.
        outputs: usize,
    },
    /// No operation: a place whose map can be asked for by name.
    Tap(String),
}

/// Number of groups of [`Norm::Group`].
pub(crate) const GROUPS: usize = 4;

impl Layer {
    /// Shape after this layer, or why the layer does not fit `shape`.
    pub(crate) fn output(&self, shape: Shape) -> Result<Shape, String> {
        match (self, shape) {
            (Self::Conv { inputs, outputs, window, name, .. }, Shape::Map([c, h, w])) if c == *inputs => {
                windowed([*outputs, h, w], *window, &format!("the convolution `{name}`"))
            }
            (Self::Norm { kind: Norm::Group, name, .. }, Shape::Map([c, ..])) if c % GROUPS != 0 => {
                Err(format!("the group norm `{name}` cannot split {c} channels into {GROUPS} groups"))
            }
            (Self::Norm { .. } | Self::Tap(_) | Self::Act(_), shape) => Ok(shape),
            (Self::Pool { window, .. }, Shape::Map(map)) => windowed(map, *window, "a pooling layer"),
            (Self::AdaptiveAvgPool { side }, Shape::Map([c, ..])) => Ok(Shape::Map([c, *side, *side])),
            (Self::Residual { main, shortcut }, shape) => {
                let ends = [sequence(main, shape)?, sequence(shortcut, shape)?];
                if ends[0] == ends[1] {
                    Ok(ends[0])
                } else {
                    Err(format!("the two ways of a residual block end in {} and {}", ends[0], ends[1]))
                }
            }
            (Self::Flatten, shape) => Ok(Shape::Vector(shape.len())),
            (Self::Linear { inputs, outputs, .. }, Shape::Vector(n)) if n == *inputs => Ok(Shape::Vector(*outputs)),
            (layer, shape) => Err(format!("{} cannot follow a shape of {shape}", layer.kind())),
        }
    }

    /// The word for what this layer does, as `compdd network show` prints it.
    pub fn kind(&self) -> String {
        match self {
            Self::Conv { window: Window { kernel, stride, padding }, .. } => {
                format!("conv {kernel}x{kernel} stride {stride} pad {padding}")
            }
            Self::Norm { kind, .. } => match kind {
                Norm::None => "identity".into(),
                Norm::Batch => "batch norm".into(),
                Norm::Layer => "layer norm".into(),
                Norm::Instance => "instance norm".into(),
                Norm::Group => format!("group norm ({GROUPS} groups)"),
            },
            Self::Act(Activation::Sigmoid) => "sigmoid".into(),
            Self::Act(Activation::Relu) => "relu".into(),
            Self::Act(Activation::Leaky) => "leaky relu 0.01".into(),
            Self::Pool { kind, window: Window { kernel, stride, padding } } => {
                let word = if *kind == PoolKind::Max { "max" } else { "average" };
                let pad = if *padding == 0 { String::new() } else { format!(" pad {padding}") };
                format!("{word} pool {kernel}x{kernel} stride {stride}{pad}")
            }
            Self::AdaptiveAvgPool { side } => format!("average pool to {side}x{side}"),
            Self::Residual { .. } => "residual sum".into(),
            Self::Flatten => "flatten".into(),
            Self::Linear { .. } => "linear".into(),
            Self::Tap(_) => "tap".into(),
        }
    }

    /// Name of the parameters, empty for layers without any.
    pub fn name(&self) -> &str {
        match self {
            Self::Conv { name, .. } | Self::Norm { name, .. } | Self::Linear { name, .. } => name,
            _ => "",
        }
    }

    /// The parameters of this layer alone (not of layers inside it), in `PyTorch` order.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let slot =
            |name: &str, what: &str, shape: Vec<usize>, init| Slot { name: format!("{name}.{what}"), shape, init };
        match self {
            Self::Conv { name, inputs, outputs, window, bias } => {
                let k = window.kernel;
                let init = Init::fan_in(inputs * k * k);
                let mut slots = vec![slot(name, "weight", vec![*outputs, *inputs, k, k], init)];
                if *bias {
                    slots.push(slot(name, "bias", vec![*outputs], init));
                }
                slots
            }
            Self::Norm { name, kind, shape } => {
                let shape = if *kind == Norm::Layer { shape.to_vec() } else { vec![shape[0]] };
                vec![slot(name, "weight", shape.clone(), Init::One), slot(name, "bias", shape, Init::Zero)]
            }
            Self::Linear { name, inputs, outputs } => {
                let init = Init::fan_in(*inputs);
                vec![slot(name, "weight", vec![*outputs, *inputs], init), slot(name, "bias", vec![*outputs], init)]
            }
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
}

/// Every layer of `layers`, those inside residual blocks included, in the order in which parameters are listed.
pub(crate) fn walk<'a>(layers: &'a [Layer], visit: &mut impl FnMut(&'a Layer)) {
    for layer in layers {
        if let Layer::Residual { main, shortcut } = layer {
            walk(main, visit);
            walk(shortcut, visit);
        }
        visit(layer);
    }
}

fn sequence(layers: &[Layer], shape: Shape) -> Result<Shape, String> {
    layers.iter().try_fold(shape, |shape, layer| layer.output(shape))
}

fn windowed([c, h, w]: [usize; 3], window: Window, what: &str) -> Result<Shape, String> {
    match (window.output(h), window.output(w)) {
        (Some(h), Some(w)) => Ok(Shape::Map([c, h, w])),
        _ => Err(format!("{what} needs a map of at least {}x{0}, but it is {h}x{w} there", window.kernel)),
    }
}

/// A list of layers under construction that knows the shape reached so far.
pub(crate) struct Stack {
    /// The layers so far.
    pub layers: Vec<Layer>,
    shape: Shape,
}

impl Stack {
    /// Nothing yet, over images `[C, H, W]`.
    pub fn new(input: [usize; 3]) -> Self {
        Self { layers: Vec::new(), shape: Shape::Map(input) }
    }

    /// A further stack that starts where this one stands.
    pub fn branch(&self) -> Self {
        Self { layers: Vec::new(), shape: self.shape }
    }

    /// The map `[C, H, W]` reached so far; a vector counts as a map of one pixel.
    pub fn map(&self) -> [usize; 3] {
        match self.shape {
            Shape::Map(map) => map,
            Shape::Vector(n) => [n, 1, 1],
        }
    }

    /// Appends a layer.
    pub fn push(&mut self, layer: Layer) -> Result<&mut Self, String> {
        self.shape = layer.output(self.shape)?;
        self.layers.push(layer);
        Ok(self)
    }

    /// Appends a convolution to `outputs` channels.
    pub fn conv(&mut self, name: String, outputs: usize, window: Window, bias: bool) -> Result<&mut Self, String> {
        let inputs = self.map()[0];
        self.push(Layer::Conv { name, inputs, outputs, window, bias })
    }

    /// Appends a normalisation, or nothing for [`Norm::None`].
    pub fn norm(&mut self, name: String, kind: Norm) -> Result<&mut Self, String> {
        let shape = self.map();
        if kind == Norm::None { Ok(self) } else { self.push(Layer::Norm { name, kind, shape }) }
    }

    /// Appends a pooling layer.
    pub fn pool(&mut self, kind: PoolKind, window: Window) -> Result<&mut Self, String> {
        self.push(Layer::Pool { kind, window })
    }

    /// Brings the map to `side x side` by average pooling, unless it has that size already.
    pub fn resize(&mut self, side: usize) -> Result<&mut Self, String> {
        let [_, h, w] = self.map();
        if [h, w] == [side, side] { Ok(self) } else { self.push(Layer::AdaptiveAvgPool { side }) }
    }

    /// Appends a linear layer, behind a flattening where the input is still a map.
    pub fn linear(&mut self, name: &str, outputs: usize) -> Result<&mut Self, String> {
        if matches!(self.shape, Shape::Map(_)) {
            self.push(Layer::Flatten)?;
        }
        let inputs = self.shape.len();
        self.push(Layer::Linear { name: name.into(), inputs, outputs })
    }

    /// Names the map at this place.
    pub fn tap(&mut self, name: String) -> Result<&mut Self, String> {
        self.push(Layer::Tap(name))
    }
}
