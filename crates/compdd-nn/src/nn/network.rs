//! A network built for an image size and a number of classes.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::{
    NetworkError, NetworkSpec, Primal, Split,
    interpret::{self, Run, Taps, Values},
    layer::{Layer, Norm, Shape, walk},
    params::{Layout, Params},
    tensor_ops::TensorOps,
};

/// Whether batch norms use the statistics of the batch or the running ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Statistics of the batch; running statistics are updated.
    Train,
    /// Running statistics, unchanged.
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

impl Output {
    /// The map called `name`, if it was asked for and exists.
    pub fn tap(&self, name: &str) -> Option<&Tensor<4>> {
        self.taps.iter().find(|(own, _)| own == name).map(|(_, map)| map)
    }
}

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
    /// How many residual blocks the layer is inside of.
    pub depth: usize,
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

    /// Names and shapes of the parameters, in `PyTorch` order.
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

    /// Fresh parameters: weights and biases uniform within `1 / sqrt(fan_in)`, norms at 1 and 0. Parameter `i` draws
    /// from the stream `(seed, "init", i)`.
    pub fn init(&self, seed: u64, device: &Device) -> Params {
        Params::init(&self.layout, seed, device)
    }

    /// Logits, head features and running statistics of a batch.
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
        let values = Values { parameters: params.values(), buffers: params.buffers() };
        let Run { logits, features, taps, buffers } = self.run::<Primal>(&values, x, mode, taps);
        Output { logits, features, taps, buffers }
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
    /// When there is no such tap, or when it lies inside a residual block, where the network cannot be cut.
    pub fn split(&self, tap: &str) -> Result<Split<'_>, NetworkError> {
        Split::new(self, tap)
    }

    /// The layers as lines of a table; taps are left out, the layers of a residual block come before its sum.
    pub fn describe(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        describe(&self.layers, Shape::Map(self.input), 0, &mut rows);
        rows
    }
}

fn describe(layers: &[Layer], mut shape: Shape, depth: usize, rows: &mut Vec<Row>) -> Shape {
    for layer in layers {
        if let Layer::Residual { main, shortcut } = layer {
            describe(main, shape, depth + 1, rows);
            describe(shortcut, shape, depth + 1, rows);
        }
        // Building the network has checked every shape.
        shape = layer.output(shape).unwrap_or(shape);
        if !matches!(layer, Layer::Tap(_)) {
            let parameters = layer.slots().iter().map(super::Slot::len).sum();
            rows.push(Row { name: layer.name().into(), kind: layer.kind(), output: shape, parameters, depth });
        }
    }
    shape
}
