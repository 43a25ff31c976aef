//! A network under construction.

use super::{
    kernels::Blocks,
    layer::{Activation, Layer, Norm, PoolKind},
    scheme::{Rule, Scheme},
    shapes::Shape,
    tensor_ops::Window,
};

/// A list of layers under construction that knows the shape reached so far, and how fresh weights are drawn.
pub(crate) struct Stack {
    /// The layers so far.
    pub layers: Vec<Layer>,
    shape: Shape,
    scheme: Scheme,
    blocks: Blocks,
}

impl Stack {
    /// Nothing yet, over images `[C, H, W]`, with the framework's default weights.
    pub fn new(input: [usize; 3]) -> Self {
        Self::with(input, Scheme::DEFAULT)
    }

    /// Nothing yet, over images `[C, H, W]`.
    pub fn with(input: [usize; 3], scheme: Scheme) -> Self {
        Self { layers: Vec::new(), shape: Shape::Map(input), scheme, blocks: Blocks::Large }
    }

    /// The same whose convolutions are computed in blocks of another size.
    pub fn in_blocks(self, blocks: Blocks) -> Self {
        Self { blocks, ..self }
    }

    /// A further stack that starts where this one stands.
    pub fn branch(&self) -> Self {
        Self { layers: Vec::new(), ..*self }
    }

    /// The map `[C, H, W]` reached so far; a vector counts as a map of one pixel.
    pub fn map(&self) -> [usize; 3] {
        self.shape.map()
    }

    /// Appends a layer.
    pub fn push(&mut self, layer: Layer) -> Result<&mut Self, String> {
        self.shape = layer.output(self.shape)?;
        self.layers.push(layer);
        Ok(self)
    }

    /// Appends a convolution to `outputs` channels.
    pub fn conv(&mut self, name: String, outputs: usize, window: Window, bias: bool) -> Result<&mut Self, String> {
        self.grouped(name, outputs, window, 1, bias)
    }

    /// Appends a convolution to `outputs` channels whose channels are in `groups`.
    pub fn grouped(
        &mut self,
        name: String,
        outputs: usize,
        window: Window,
        groups: usize,
        bias: bool,
    ) -> Result<&mut Self, String> {
        let (inputs, pixels) = (self.map()[0], window.kernel * window.kernel);
        let blocks = self.blocks;
        let init = (self.scheme.conv)(inputs / groups * pixels, outputs * pixels);
        self.push(Layer::Conv { name, inputs, outputs, window, groups, blocks, bias, init })
    }

    /// Appends a convolution without bias, batch norm and an activation; `names` are those of the two.
    pub fn conv_norm(
        &mut self,
        [conv, norm]: [String; 2],
        outputs: usize,
        window: Window,
        groups: usize,
        activation: Option<Activation>,
    ) -> Result<&mut Self, String> {
        self.grouped(conv, outputs, window, groups, false)?.norm(norm, Norm::Batch)?;
        match activation {
            Some(activation) => self.push(Layer::Act(activation)),
            None => Ok(self),
        }
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
        self.linear_by(name, outputs, true, self.scheme.linear)
    }

    /// [`linear`](Self::linear), with or without a bias, whose fresh weights follow another rule.
    pub fn linear_by(&mut self, name: &str, outputs: usize, bias: bool, rule: Rule) -> Result<&mut Self, String> {
        if matches!(self.shape, Shape::Map(_)) {
            self.push(Layer::Flatten)?;
        }
        let [inputs, ..] = self.map();
        let init = rule(inputs, outputs);
        self.push(Layer::Linear { name: name.into(), inputs, outputs, bias, init })
    }

    /// Appends a layer norm of tokens.
    pub fn token_norm(&mut self, name: String, epsilon: f64) -> Result<&mut Self, String> {
        let [channels, ..] = self.map();
        self.push(Layer::TokenNorm { name, channels, epsilon })
    }

    /// Appends the layers of a branch, as the long way of a residual block where `residual`.
    pub fn extend(&mut self, branch: Self, residual: bool) -> Result<(), String> {
        if residual {
            self.push(Layer::Residual { main: branch.layers, shortcut: Vec::new() })?;
        } else {
            for layer in branch.layers {
                self.push(layer)?;
            }
        }
        Ok(())
    }

    /// Names the map at this place.
    pub fn tap(&mut self, name: String) -> Result<&mut Self, String> {
        self.push(Layer::Tap(name))
    }
}
