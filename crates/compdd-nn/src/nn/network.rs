//! A network built for an image size and a number of classes.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::{
    NetworkError, NetworkSpec, Primal, Split,
    describe::{self, Row},
    drops,
    interpret::{self, Run, Taps, Values},
    layer::{Layer, LayerKind, Norm, walk},
    params::{Layout, Params},
    shapes::Shape,
    tensor_ops::TensorOps,
};

/// Whether batch norms use the statistics of the batch or the running ones, and whether given masks drop anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Statistics of the batch; running statistics are updated; masks are applied.
    Train,
    /// Running statistics, unchanged; nothing is dropped.
    Eval,
}

/// What a forward pass on tensors yields.
#[derive(Clone, Debug)]
pub struct Output {
    /// Scores before softmax `[N, classes]`.
    pub logits: Tensor<2>,
    /// Input of the head, flattened `[N, F]`.
    pub features: Tensor<2>,
    /// The named maps that were asked for, in the order in which they appear.
    pub taps: Vec<(String, Tensor<4>)>,
    /// Running statistics after this batch; as they were in eval mode. Give them to [`Params::with_buffers`].
    pub buffers: Vec<Tensor<1>>,
}

impl From<Run<Primal>> for Output {
    fn from(Run { logits, features, taps, buffers }: Run<Primal>) -> Self {
        Self { logits, features, taps, buffers }
    }
}

impl Output {
    /// The map called `name`, if it was asked for and exists.
    pub fn tap(&self, name: &str) -> Option<&Tensor<4>> {
        self.taps.iter().find(|(own, _)| own == name).map(|(_, map)| map)
    }
}

/// A network: a list of layers, without its parameters.
#[derive(Clone, Debug)]
pub struct Network {
    spec: NetworkSpec,
    layers: Vec<Layer>,
    layout: Arc<Layout>,
    input: [usize; 3],
    classes: usize,
}

impl Network {
    pub(super) fn new(spec: NetworkSpec, layers: Vec<Layer>, input: [usize; 3], classes: usize) -> Self {
        let mut layout = Layout { parameters: Vec::new(), buffers: Vec::new() };
        walk(&layers, &mut |layer| {
            layout.parameters.extend(layer.slots());
            layout.buffers.extend(layer.buffers());
        });
        Self { spec, layers, layout: Arc::new(layout), input, classes }
    }

    /// What this network was built from.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Names and shapes of the parameters, in the order in which the layers use them: `PyTorch`'s, but for free parameters
    /// and patch merging, which `PyTorch` lists before the layers around them.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Shape `[C, H, W]` of one input image.
    pub fn input(&self) -> [usize; 3] {
        self.input
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Number of values of the head's input.
    pub fn features(&self) -> usize {
        self.layers
            .iter()
            .rev()
            .find_map(|l| if let Layer::Linear { inputs, .. } = l { Some(*inputs) } else { None })
            .unwrap_or(self.classes)
    }

    /// Number of parameters (running statistics not counted).
    pub fn parameter_count(&self) -> usize {
        self.layout.parameters.iter().map(super::Slot::len).sum()
    }

    /// Whether the images of a batch depend on each other in train mode: batch norm.
    pub fn couples_images(&self) -> bool {
        let mut found = false;
        walk(&self.layers, &mut |layer| found |= matches!(layer, Layer::Norm { kind: Norm::Batch, .. }));
        found
    }

    /// Names of the maps a forward pass can hand out.
    pub fn tap_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        walk(&self.layers, &mut |layer| {
            if let Layer::Tap(name) = layer {
                names.push(name.as_str());
            }
        });
        names
    }

    /// The layers whose inputs a forward pass can hand out (`Taps::Inputs`), in its order: their kind and their name.
    pub fn hooked(&self) -> Vec<(LayerKind, &str)> {
        let mut found = Vec::new();
        walk(&self.layers, &mut |layer| found.extend(layer.hooked().map(|kind| (kind, layer.name()))));
        found
    }

    /// Fresh parameters, drawn as the architecture does it. Parameter `i` draws from the stream `(seed, "init", i)`.
    pub fn init(&self, seed: u64, device: &Device) -> Params {
        Params::init(&self.layout, seed, device)
    }

    /// What dropout and stochastic depth take away from minibatch number `step` of `images` images: one factor for every
    /// value that a dropping layer sees (for every image, in stochastic depth), in the order of the layers; none where
    /// the network drops nothing. Layer `i` draws from the stream `(child of seed and step, "drop", i)`.
    ///
    /// # Shapes
    /// `[images, F]` or `[images, 1]`.
    pub fn masks(&self, images: usize, seed: u64, step: u64, device: &Device) -> Vec<Tensor<2>> {
        drops::masks(&self.layers, Shape::Map(self.input), images, seed, step, device)
    }

    /// Logits, head features and running statistics of a batch; nothing is dropped.
    ///
    /// # Shapes
    /// `x [N, C, H, W]` -> logits `[N, classes]`, features `[N, F]`.
    ///
    /// # Panics
    /// When `params` belongs to another network.
    pub fn forward(&self, params: &Params, x: Tensor<4>, mode: Mode) -> Output {
        self.forward_with(params, x, mode, Taps::None)
    }

    /// [`forward`](Self::forward) that also hands out named maps.
    ///
    /// # Panics
    /// When `params` belongs to another network.
    pub fn forward_with(&self, params: &Params, x: Tensor<4>, mode: Mode, taps: Taps<'_>) -> Output {
        let values = Values { parameters: params.values(), buffers: params.buffers(), masks: &[] };
        self.run::<Primal>(&values, x, mode, taps).into()
    }

    /// [`forward`](Self::forward) in train mode, with the [`masks`](Self::masks) of its minibatch.
    ///
    /// # Panics
    /// When `params` belongs to another network, or the masks to another network or batch.
    pub fn forward_dropping(&self, params: &Params, x: Tensor<4>, masks: &[Tensor<2>]) -> Output {
        let values = Values { parameters: params.values(), buffers: params.buffers(), masks };
        self.run::<Primal>(&values, x, Mode::Train, Taps::None).into()
    }

    /// The same network on any [`TensorOps`].
    ///
    /// # Panics
    /// When `values` belongs to another network.
    pub fn run<N: TensorOps>(&self, values: &Values<'_, N>, x: N::T<4>, mode: Mode, taps: Taps<'_>) -> Run<N> {
        interpret::run(&self.layers, self.layout.slots(), values, x, mode, taps)
    }

    /// The network cut in two at the map called `tap`, so that the layers behind it can be run on their own.
    ///
    /// # Errors
    /// When there is no such tap, or when it lies inside of another layer, where the network cannot be cut.
    pub fn split(&self, tap: &str) -> Result<Split<'_>, NetworkError> {
        Split::new(self, tap)
    }

    /// The layers as lines of a table; taps are left out, layers inside others come before them.
    pub fn describe(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        describe::describe(&self.layers, Shape::Map(self.input), 0, &mut rows);
        rows
    }

    /// Multiply-accumulates of one image's way through the network: the parameters of every layer times the positions that they are applied at.
    pub fn multiply_accumulates(&self) -> f64 {
        let positions = |shape: &Shape| match *shape {
            Shape::Map([_, h, w]) => h * w,
            Shape::Tokens([tokens, _]) => tokens,
            Shape::Vector(_) => 1,
        };
        self.describe().iter().map(|row| (row.parameters * positions(&row.output)) as f64).sum()
    }
}
