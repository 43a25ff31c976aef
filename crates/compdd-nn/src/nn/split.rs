//! A network cut in two at a named map.

use burn::tensor::Tensor;

use super::{
    Mode, Network, NetworkError, Output, Params, Primal,
    interpret::{self, Run, Taps, Values},
    layer::{Layer, walk},
    params::Slots,
    shapes::Shape,
};

/// The two parts of a network, before and behind one of its taps.
///
/// The framework gives gradients with respect to leaves only. To differentiate the scores with respect to a map, run the
/// first part, make its map a leaf, and run the second.
#[derive(Clone, Copy, Debug)]
pub struct Split<'n> {
    network: &'n Network,
    /// Layers up to and with the tap.
    before: &'n [Layer],
    /// Layers behind the tap.
    behind: &'n [Layer],
    tap: &'n str,
    /// Parameters of the first part.
    parameters: usize,
    /// Running statistics of the first part.
    buffers: usize,
}

impl<'n> Split<'n> {
    pub(super) fn new(network: &'n Network, tap: &str) -> Result<Self, NetworkError> {
        let layers = network.layers();
        let named = layers.iter().enumerate().filter_map(|(i, layer)| match layer {
            Layer::Tap(name) => Some((i, name.as_str())),
            _ => None,
        });
        let Some((position, tap)) = named.clone().find(|(_, name)| *name == tap) else {
            return Err(NetworkError::Tap {
                network: network.spec().slug(),
                tap: tap.into(),
                known: named.map(|(_, name)| name.to_owned()).collect(),
            });
        };
        let (before, behind) = layers.split_at(position + 1);
        let (mut parameters, mut buffers) = (0, 0);
        walk(before, &mut |layer| {
            parameters += layer.slots().len();
            buffers += layer.buffers().len();
        });
        Ok(Self { network, before, behind, tap, parameters, buffers })
    }

    /// Name of the map.
    pub fn tap(&self) -> &'n str {
        self.tap
    }

    /// Shape `[K, h, w]` of the map of one image.
    pub fn shape(&self) -> [usize; 3] {
        let input = Shape::Map(self.network.input());
        // Building the network has checked every shape.
        self.before.iter().fold(input, |shape, layer| layer.output(shape).unwrap_or(shape)).map()
    }

    /// The layers behind the map, in order.
    pub fn behind(&self) -> &'n [Layer] {
        self.behind
    }

    /// Number of parameters of the first part: those behind the map are the rest of [`Params::values`].
    pub fn parameters_before(&self) -> usize {
        self.parameters
    }

    /// The map at the cut; nothing behind it is computed.
    ///
    /// # Shapes
    /// `x [N, C, H, W]` -> `[N, K, h, w]`.
    ///
    /// # Panics
    /// When `params` belongs to another network.
    pub fn map(&self, params: &Params, x: Tensor<4>, mode: Mode) -> Tensor<4> {
        let layout = self.network.layout();
        let slots =
            Slots { parameters: &layout.parameters[..self.parameters], buffers: &layout.buffers[..self.buffers] };
        let values = Values {
            parameters: &params.values()[..self.parameters],
            buffers: &params.buffers()[..self.buffers],
            masks: &[],
        };
        let run: Run<Primal> = interpret::run(self.before, slots, &values, x, mode, Taps::Named(&[self.tap]));
        run.taps.into_iter().next_back().expect("the first part ends with the tap").1
    }

    /// What the layers behind the cut make of a map. Only their parameters are used; the running statistics of the first
    /// part are handed out as they are.
    ///
    /// # Shapes
    /// `map [N, K, h, w]` -> logits `[N, classes]`, features `[N, F]`.
    ///
    /// # Panics
    /// When `params` belongs to another network.
    pub fn scores(&self, params: &Params, map: Tensor<4>, mode: Mode) -> Output {
        let layout = self.network.layout();
        let slots =
            Slots { parameters: &layout.parameters[self.parameters..], buffers: &layout.buffers[self.buffers..] };
        let values = Values {
            parameters: &params.values()[self.parameters..],
            buffers: &params.buffers()[self.buffers..],
            masks: &[],
        };
        let run: Run<Primal> = interpret::run(self.behind, slots, &values, map, mode, Taps::None);
        let buffers = params.buffers()[..self.buffers].iter().cloned().chain(run.buffers).collect();
        Output { logits: run.logits, features: run.features, taps: Vec::new(), buffers }
    }
}
