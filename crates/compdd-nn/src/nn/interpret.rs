//! The one interpreter of networks, generic over the numbers it computes with.

use std::slice::Iter;

use burn::tensor::Tensor;

use super::{
    attention::{COSINE_LIMIT, attention, constant, cosine_table, keyless, windowed},
    drops,
    flow::Flow,
    kernels::Rectifier,
    layer::{Activation, GROUPS, Layer, LayerKind, Norm, PoolKind, Scores, Windows},
    moves,
    network::Mode,
    params::{Slot, Slots},
    tensor_ops::{Moments, TensorOps, Window},
};

/// Momentum of the running statistics: `new = 0.9 old + 0.1 measured`.
const MOMENTUM: f64 = 0.1;

/// Which maps a forward pass hands out beside the logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taps<'a> {
    /// None: the fastest.
    #[default]
    None,
    /// Those with these names.
    Named(&'a [&'a str]),
    /// All of them.
    All,
    /// The inputs of all layers of these kinds instead, under the names of the layers.
    Inputs(&'a [LayerKind]),
}

impl Taps<'_> {
    fn wants(self, name: &str) -> bool {
        match self {
            Self::None | Self::Inputs(_) => false,
            Self::Named(names) => names.contains(&name),
            Self::All => true,
        }
    }

    fn wants_input(self, layer: &Layer) -> bool {
        matches!((self, layer.hooked()), (Self::Inputs(kinds), Some(kind)) if kinds.contains(&kind))
    }
}

/// The numbers a network is run with.
pub struct Values<'a, N: TensorOps> {
    /// One flat value per parameter, in the order of the layout.
    pub parameters: &'a [N::T<1>],
    /// Running statistics, in the order of the layout: mean and variance of every batch norm.
    pub buffers: &'a [Tensor<1>],
    /// One factor for every value that a dropping layer sees, in the order of [`Network::masks`](super::Network::masks);
    /// none at all where nothing is dropped.
    pub masks: &'a [Tensor<2>],
}

/// What a run yields.
pub struct Run<N: TensorOps> {
    /// Scores before softmax `[N, classes]`.
    pub logits: N::T<2>,
    /// Input of the last linear layer `[N, F]`.
    pub features: N::T<2>,
    /// The maps that were asked for, in the order in which they appear.
    pub taps: Vec<(String, N::T<4>)>,
    /// Running statistics after this batch (train mode), or as they were (eval mode).
    pub buffers: Vec<Tensor<1>>,
}

/// One pass over the layers: the cursors into the parameters and what has been collected so far.
struct Pass<'a, N: TensorOps> {
    parameters: std::iter::Zip<Iter<'a, N::T<1>>, Iter<'a, Slot>>,
    running: Iter<'a, Tensor<1>>,
    masks: Iter<'a, Tensor<2>>,
    mode: Mode,
    wanted: Taps<'a>,
    taps: Vec<(String, N::T<4>)>,
    features: Option<N::T<2>>,
    buffers: Vec<Tensor<1>>,
}

/// Runs `layers`, a whole network or a part of one, on a batch; `slots` are the parameters of just these layers.
///
/// # Shapes
/// `x [N, C, H, W]`, the input of the first layer -> logits `[N, F]`, the output of the last one, flattened.
///
/// # Panics
/// When `values` does not belong to these layers (the framework reports the shapes), masks that are not one for each
/// dropping layer included.
pub(super) fn run<N: TensorOps>(
    layers: &[Layer],
    slots: Slots<'_>,
    values: &Values<'_, N>,
    x: N::T<4>,
    mode: Mode,
    wanted: Taps<'_>,
) -> Run<N> {
    assert_eq!(values.parameters.len(), slots.parameters.len(), "parameters of another network");
    assert_eq!(values.buffers.len(), slots.buffers.len(), "running statistics of another network");
    let masks = values.masks.len();
    assert!(masks == 0 || masks == drops::count(layers), "masks of another network");
    let mut pass = Pass::<N> {
        parameters: values.parameters.iter().zip(slots.parameters),
        running: values.buffers.iter(),
        masks: values.masks.iter(),
        mode,
        wanted,
        taps: Vec::new(),
        features: None,
        buffers: Vec::with_capacity(values.buffers.len()),
    };
    let logits = pass.sequence(layers, Flow::Map(x)).vector();
    let features = pass.features.unwrap_or_else(|| logits.clone());
    Run { logits, features, taps: pass.taps, buffers: pass.buffers }
}

impl<N: TensorOps> Pass<'_, N> {
    /// The next parameter, in rank `D`. The cursor follows the order of [`super::layer::walk`].
    fn next<const D: usize>(&mut self) -> N::T<D> {
        let (value, slot) = self.parameters.next().expect("the layout is made from these layers");
        let mut shape = [1; D];
        shape[..slot.shape.len().min(D)].copy_from_slice(&slot.shape[..slot.shape.len().min(D)]);
        N::reshape(value.clone(), shape)
    }

    /// The next parameter as it is stored: flat.
    fn next_flat(&mut self) -> N::T<1> {
        self.parameters.next().expect("the layout is made from these layers").0.clone()
    }

    fn sequence(&mut self, mut layers: &[Layer], mut flow: Flow<N>) -> Flow<N> {
        while let Some((layer, rest)) = layers.split_first() {
            if self.is_hidden(layer) {
                layers = rest;
                continue;
            }
            // Layers done in one go start with the only one of them that can be asked for.
            if self.wanted.wants_input(layer) {
                self.taps.push((layer.name().to_owned(), flow.clone().map()));
            }
            match self.fusion(layers) {
                Some(Fusion::ConvBlock { bias, layers: taken }) => {
                    let weight = self.next();
                    if bias {
                        self.next_flat();
                    }
                    let (gamma, beta) = (self.next_flat(), self.next_flat());
                    flow = Flow::Map(N::conv_block(flow.map(), weight, gamma, beta));
                    layers = &layers[taken..];
                }
                Some(Fusion::NormRelu { layers: taken }) => {
                    let (gamma, beta) = (self.next_flat(), self.next_flat());
                    flow = Flow::Map(N::norm_relu(flow.map(), gamma, beta));
                    layers = &layers[taken..];
                }
                Some(Fusion::BatchNormRectified { rectifier, layers: taken }) => {
                    let (gamma, beta) = (self.next_flat(), self.next_flat());
                    let running = self.next_running();
                    flow = Flow::Map(match self.mode {
                        Mode::Eval => {
                            self.buffers.extend([running.mean.clone(), running.variance.clone()]);
                            N::batch_norm_rectified_eval(flow.map(), gamma, beta, running, rectifier)
                        }
                        Mode::Train => {
                            let (y, measured) = N::batch_norm_rectified_train(flow.map(), gamma, beta, rectifier);
                            self.measured(running, measured);
                            y
                        }
                    });
                    layers = &layers[taken..];
                }
                None => {
                    let before_instance_norm = matches!(rest.first(), Some(Layer::Norm { kind: Norm::Instance, .. }));
                    flow = self.layer(layer, flow, before_instance_norm);
                    layers = rest;
                }
            }
        }
        flow
    }

    /// Whether a layer is a tap that nobody asked for.
    fn is_hidden(&self, layer: &Layer) -> bool {
        matches!(layer, Layer::Tap(name) if !self.wanted.wants(name))
    }

    /// What `layers` starts with that can be done in one go, with no tap inside that is asked for.
    fn fusion(&self, layers: &[Layer]) -> Option<Fusion> {
        let mut steps = layers.iter().enumerate().filter(|(_, layer)| !self.is_hidden(layer));
        let first = steps.next()?.1;
        let bias = match first {
            Layer::Conv { window: Window::SAME3, bias, .. } => *bias,
            Layer::Norm { kind: Norm::Instance, .. } => {
                return match steps.next()? {
                    (last, Layer::Act(Activation::Relu)) => Some(Fusion::NormRelu { layers: last + 1 }),
                    _ => None,
                };
            }
            Layer::Norm { kind: Norm::Batch, .. } => {
                let (last, Layer::Act(kind)) = steps.next()? else { return None };
                let rectifier = match kind {
                    Activation::Relu => Rectifier::Relu,
                    Activation::Relu6 => Rectifier::Relu6,
                    _ => return None,
                };
                return Some(Fusion::BatchNormRectified { rectifier, layers: last + 1 });
            }
            _ => return None,
        };
        let Layer::Norm { kind: Norm::Instance, .. } = steps.next()?.1 else { return None };
        let Layer::Act(Activation::Relu) = steps.next()?.1 else { return None };
        match steps.next()? {
            (last, Layer::Pool { kind: PoolKind::Average, window: Window::HALVE }) => {
                Some(Fusion::ConvBlock { bias, layers: last + 1 })
            }
            _ => None,
        }
    }

    fn layer(&mut self, layer: &Layer, flow: Flow<N>, before_instance_norm: bool) -> Flow<N> {
        match layer {
            Layer::Conv { window, groups, blocks, bias, .. } => {
                let weight = self.next();
                let bias = bias.then(|| self.next_flat());
                // An instance norm subtracts the bias again: its gradient is zero and its work is saved.
                let bias = bias.filter(|_| !before_instance_norm);
                Flow::Map(N::conv2d(flow.map(), weight, bias, *window, *groups, *blocks))
            }
            Layer::Norm { kind, shape, .. } => {
                let (gamma, beta) = (self.next_flat(), self.next_flat());
                Flow::Map(self.norm(flow.map(), *kind, shape[0], gamma, beta))
            }
            Layer::TokenNorm { epsilon, .. } => {
                let [gamma, beta] = [(); 2].map(|()| self.next_flat());
                Flow::Tokens(N::token_norm(flow.tokens(), gamma, beta, *epsilon))
            }
            Layer::Act(kind) => match flow {
                Flow::Map(x) => Flow::Map(N::activate(x, *kind)),
                Flow::Tokens(x) => Flow::Tokens(N::activate(x, *kind)),
                Flow::Vector(x) => Flow::Vector(N::activate(x, *kind)),
            },
            Layer::Pool { kind, window } => Flow::Map(N::pool(flow.map(), *kind, *window)),
            Layer::AdaptiveAvgPool { side } => Flow::Map(N::adaptive_avg_pool(flow.map(), *side)),
            Layer::Residual { main, shortcut } => {
                let long = self.sequence(main, flow.clone());
                long.plus(self.sequence(shortcut, flow))
            }
            Layer::Concat(branches) => {
                let maps = branches.iter().map(|branch| self.sequence(branch, flow.clone()).map());
                Flow::Map(N::cat(maps.collect(), 1))
            }
            Layer::Gate(layers) => {
                let gate = self.sequence(layers, flow.clone()).map();
                Flow::Map(N::multiply(flow.map(), gate))
            }
            Layer::Channels { start, count } => Flow::Map(N::narrow(flow.map(), 1, *start, *count)),
            Layer::Shuffle { groups } => Flow::Map(moves::shuffle::<N>(flow.map(), *groups)),
            Layer::Scale { channels, .. } => {
                let factors = N::reshape(self.next_flat(), [1, *channels, 1, 1]);
                Flow::Map(N::multiply(flow.map(), factors))
            }
            Layer::Dropout { .. } | Layer::StochasticDepth { .. } => match (self.mode, self.masks.next()) {
                (Mode::Train, Some(mask)) => flow.each(|x| N::multiply(x, N::constant(mask.clone()))),
                _ => flow,
            },
            Layer::Tokens => Flow::Tokens(flow.tokens()),
            Layer::Map { size } => Flow::Map(moves::map::<N>(flow.tokens(), *size)),
            Layer::Fit { size } => Flow::Map(moves::fit::<N>(flow.map(), *size)),
            Layer::KeylessBias { .. } => Flow::Tokens(keyless::<N>(flow.tokens(), self.next_flat())),
            Layer::SpaceToDepth => Flow::Map(moves::space_to_depth::<N>(flow.map())),
            Layer::ClassToken { channels, .. } => {
                let x = flow.tokens();
                let [n, ..] = N::dims(&x);
                let ones = constant::<N, 3, 3>(&x, vec![1.0; n], [n, 1, 1]);
                let token = N::reshape(self.next_flat(), [1, 1, *channels]);
                Flow::Tokens(N::cat(vec![N::multiply(token, ones), x], 1))
            }
            Layer::Positions { .. } => Flow::Tokens(N::add(flow.tokens(), self.next())),
            Layer::Attention { heads, windows } => {
                Flow::Tokens(self.attention(flow.tokens(), *heads, windows.as_ref()))
            }
            Layer::FirstToken => {
                let x = flow.tokens();
                let [n, _, c] = N::dims(&x);
                Flow::Vector(N::reshape(N::narrow(x, 1, 0, 1), [n, c]))
            }
            Layer::Flatten => Flow::Vector(flow.vector()),
            Layer::Linear { bias, .. } => {
                let weight = self.next();
                let bias = bias.then(|| self.next_flat());
                match flow {
                    Flow::Tokens(x) => {
                        let [n, t, c] = N::dims(&x);
                        let y = N::token_linear(N::reshape(x, [n * t, c]), weight, bias);
                        let [_, outputs] = N::dims(&y);
                        Flow::Tokens(N::reshape(y, [n, t, outputs]))
                    }
                    flow => {
                        let x = flow.vector();
                        self.features = Some(x.clone());
                        Flow::Vector(N::linear(x, weight, bias))
                    }
                }
            }
            Layer::Tap(name) => {
                self.taps.push((name.clone(), flow.clone().map()));
                flow
            }
        }
    }

    fn attention(&mut self, x: N::T<3>, heads: usize, windows: Option<&Windows>) -> N::T<3> {
        let Some(windows) = windows else { return attention::<N>(&x, heads, None, None) };
        let (scale, table) = match windows.scores {
            Scores::Table(_) => (None, self.next()),
            Scores::Cosine(_) => {
                let scale = N::exp_up_to(self.next(), COSINE_LIMIT.ln());
                let (first, bias, second) = (self.next(), self.next_flat(), self.next());
                (Some(scale), cosine_table::<N>([first, second], bias, windows.side))
            }
        };
        windowed::<N>(x, heads, scale, table, windows)
    }

    fn norm(&mut self, x: N::T<4>, kind: Norm, channels: usize, gamma: N::T<1>, beta: N::T<1>) -> N::T<4> {
        match kind {
            Norm::None => x,
            Norm::Instance => N::group_norm(x, channels, gamma, beta),
            Norm::Group => N::group_norm(x, GROUPS, gamma, beta),
            Norm::Layer => N::layer_norm(x, gamma, beta),
            Norm::Batch => {
                let running = self.next_running();
                match self.mode {
                    Mode::Eval => {
                        self.buffers.extend([running.mean.clone(), running.variance.clone()]);
                        N::batch_norm_eval(x, gamma, beta, running)
                    }
                    Mode::Train => {
                        let (y, measured) = N::batch_norm_train(x, gamma, beta);
                        self.measured(running, measured);
                        y
                    }
                }
            }
        }
    }

    /// The running statistics of the next batch norm.
    fn next_running(&mut self) -> Moments {
        let mut next = || self.running.next().expect("the layout is made from these layers").clone();
        Moments { mean: next(), variance: next() }
    }

    /// Moves running statistics towards what a batch measured.
    fn measured(&mut self, running: Moments, measured: Moments) {
        let step = |old: Tensor<1>, new: Tensor<1>| old * (1.0 - MOMENTUM) + new * MOMENTUM;
        self.buffers.push(step(running.mean, measured.mean));
        self.buffers.push(step(running.variance, measured.variance));
    }
}

/// Layers done in one go: how many list entries they take.
enum Fusion {
    /// The block of the `ConvNet`, and whether its convolution lists a bias.
    ConvBlock { layers: usize, bias: bool },
    /// Instance norm and `ReLU`.
    NormRelu { layers: usize },
    /// Batch norm and a rectifier.
    BatchNormRectified { rectifier: Rectifier, layers: usize },
}
