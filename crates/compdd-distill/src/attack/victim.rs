//! Who is attacked.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use compdd_data::data::{PixelSpace, Zca};
use compdd_nn::{
    feed::ZcaTensors as _,
    nn::{Mode, Network, Params},
};

/// A network that is asked for logits of images on the scale 0..1.
pub trait Victim: Sync {
    /// Logits; where the images are tracked, their gradients can be taken.
    ///
    /// # Shapes
    /// `images` `[n, channels, height, width]` -> `[n, classes]`.
    fn logits(&self, images: Tensor<4>) -> Tensor<2>;
}

/// A trained network in eval mode, behind the normalisation (and the whitening, if there is one) of its pixel space.
pub struct StudentVictim<'a> {
    network: &'a Network,
    params: &'a Params,
    mean: Tensor<4>,
    std: Tensor<4>,
    whitening: Option<Arc<Zca>>,
}

impl<'a> StudentVictim<'a> {
    /// The network with these parameters, on images of `space`.
    pub fn new(network: &'a Network, params: &'a Params, space: &PixelSpace) -> Self {
        let (mean, std) = space.statistics();
        let channels = network.input()[0];
        let row = |values: [f32; 3]| {
            let values = values.into_iter().cycle().take(channels).collect::<Vec<_>>();
            Tensor::from_data(TensorData::new(values, [1, channels, 1, 1]), &params.device())
        };
        Self { network, params, mean: row(mean), std: row(std), whitening: space.whitening().cloned() }
    }
}

impl Victim for StudentVictim<'_> {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let normalised = (images - self.mean.clone()) / self.std.clone();
        let seen = match &self.whitening {
            Some(whitening) => whitening.apply(normalised),
            None => normalised,
        };
        self.network.forward(self.params, seen, Mode::Eval).logits
    }
}
