//! Which layer fits which shape, and what shape it makes: building a network checks every one.

use std::fmt;

use super::{
    layer::{GROUPS, Layer, Norm, Windows},
    tensor_ops::Window,
};

/// The shape of one example between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[C, H, W]`.
    Map([usize; 3]),
    /// `[T, C]`: so many tokens of so many channels.
    Tokens([usize; 2]),
    /// `[F]`.
    Vector(usize),
}

impl Shape {
    /// Number of values.
    pub fn len(self) -> usize {
        match self {
            Self::Map([c, h, w]) => c * h * w,
            Self::Tokens([t, c]) => t * c,
            Self::Vector(n) => n,
        }
    }

    /// Whether there is no value at all.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// As a map: tokens are a column of pixels, a vector is one pixel.
    pub(crate) fn map(self) -> [usize; 3] {
        match self {
            Self::Map(map) => map,
            Self::Tokens([t, c]) => [c, t, 1],
            Self::Vector(n) => [n, 1, 1],
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map([c, h, w]) => write!(f, "{c}x{h}x{w}"),
            Self::Tokens([t, c]) => write!(f, "{t} tokens of {c}"),
            Self::Vector(n) => write!(f, "{n}"),
        }
    }
}

impl Layer {
    /// Shape after this layer, or why the layer does not fit `shape`.
    pub(crate) fn output(&self, shape: Shape) -> Result<Shape, String> {
        use Shape::{Map, Tokens, Vector};
        match (self, shape) {
            (Self::Conv { inputs, outputs, window, name, .. }, Map([c, h, w])) if c == *inputs => {
                windowed([*outputs, h, w], *window, &format!("the convolution `{name}`"))
            }
            (Self::Norm { kind: Norm::Group, name, .. }, Map([c, ..])) if c % GROUPS != 0 => {
                Err(format!("the group norm `{name}` cannot split {c} channels into {GROUPS} groups"))
            }
            (
                Self::Norm { .. }
                | Self::Tap(_)
                | Self::Act(_)
                | Self::Scale { .. }
                | Self::Dropout { .. }
                | Self::StochasticDepth { .. },
                shape,
            ) => Ok(shape),
            (Self::Pool { window, .. }, Map(map)) => windowed(map, *window, "a pooling layer"),
            (Self::AdaptiveAvgPool { side }, Map([c, ..])) => Ok(Map([c, *side, *side])),
            (Self::Residual { main, shortcut }, shape) => {
                let ends = [sequence(main, shape)?, sequence(shortcut, shape)?];
                if ends[0] == ends[1] {
                    Ok(ends[0])
                } else {
                    Err(format!("the two ways of a residual block end in {} and {}", ends[0], ends[1]))
                }
            }
            (Self::Concat(branches), shape) => joined(branches, shape),
            (Self::Gate(layers), Map([c, ..])) => match sequence(layers, shape)? {
                Map(end) if end == [c, 1, 1] => Ok(shape),
                end => Err(format!("a gate of {c} channels ends in {end}")),
            },
            (Self::Channels { start, count }, Map([c, h, w])) if start + count <= c => Ok(Map([*count, h, w])),
            (Self::Shuffle { groups }, Map([c, ..])) if c % groups == 0 => Ok(shape),
            (Self::SpaceToDepth, Map([c, h, w])) if h % 2 == 0 && w % 2 == 0 => Ok(Map([4 * c, h / 2, w / 2])),
            (Self::Fit { size: [h, w] }, Map([c, ..])) => Ok(Map([c, *h, *w])),
            (Self::KeylessBias { channels, .. }, Tokens([_, c])) if c == *channels && c % 3 == 0 => Ok(shape),
            (Self::Tokens, Map([c, h, w])) => Ok(Tokens([h * w, c])),
            (Self::Map { size: [h, w] }, Tokens([t, c])) if h * w == t => Ok(Map([c, *h, *w])),
            (Self::TokenNorm { channels, .. }, Tokens([_, c])) if c == *channels => Ok(shape),
            (Self::ClassToken { channels, .. }, Tokens([t, c])) if c == *channels => Ok(Tokens([t + 1, c])),
            (Self::Positions { shape: own, .. }, Tokens(tokens)) if *own == tokens => Ok(shape),
            (Self::Attention { heads, windows }, Tokens([t, c]))
                if c % (3 * heads) == 0 && fits(windows.as_ref(), t) =>
            {
                Ok(Tokens([t, c / 3]))
            }
            (Self::FirstToken, Tokens([_, c])) => Ok(Vector(c)),
            (Self::Flatten, shape) => Ok(Vector(shape.len())),
            (Self::Linear { inputs, outputs, .. }, Vector(n)) if n == *inputs => Ok(Vector(*outputs)),
            (Self::Linear { inputs, outputs, .. }, Tokens([t, c])) if c == *inputs => Ok(Tokens([t, *outputs])),
            (layer, shape) => Err(format!("{} cannot follow a shape of {shape}", layer.kind())),
        }
    }
}

/// Whether `tokens` tokens are a map that the windows cut without rest.
fn fits(windows: Option<&Windows>, tokens: usize) -> bool {
    windows.is_none_or(|Windows { map: [h, w], side, shift, .. }| {
        h * w == tokens && h % side == 0 && w % side == 0 && shift < side
    })
}

/// Shape behind a list of layers.
pub(crate) fn sequence(layers: &[Layer], shape: Shape) -> Result<Shape, String> {
    layers.iter().try_fold(shape, |shape, layer| layer.output(shape))
}

/// Shape of the maps of all branches, one behind the other.
fn joined(branches: &[Vec<Layer>], shape: Shape) -> Result<Shape, String> {
    let mut total: Option<[usize; 3]> = None;
    for branch in branches {
        let [c, h, w] = sequence(branch, shape)?.map();
        total = match total {
            None => Some([c, h, w]),
            Some([sum, height, width]) if [height, width] == [h, w] => Some([sum + c, h, w]),
            Some([_, height, width]) => {
                return Err(format!("maps of {height}x{width} and {h}x{w} cannot be joined"));
            }
        };
    }
    total.map(Shape::Map).ok_or_else(|| "there is nothing to join".into())
}

fn windowed([c, h, w]: [usize; 3], window: Window, what: &str) -> Result<Shape, String> {
    match (window.output(h), window.output(w)) {
        (Some(h), Some(w)) => Ok(Shape::Map([c, h, w])),
        _ => Err(format!("{what} needs a map of at least {}x{0}, but it is {h}x{w} there", window.kernel)),
    }
}
