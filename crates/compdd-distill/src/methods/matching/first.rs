//! Where a run begins: real images or noise.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::{
    feature_network::Demand,
    methods::{
        MethodError, Start,
        coreset::{Coreset, HERDING, K_CENTER},
    },
};
use compdd_core::rng::Stream;
use compdd_nn::{augment::Formation, feed::PixelTensors as _};

/// Which images a run starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Random real images of each class.
    Real,
    /// The first real images of each class, in the order of the dataset (IDC).
    Leading,
    /// Gaussian noise with unit variance in the network's input space (DC).
    Noise,
    /// Real images that herding chooses on a trained network's features.
    Herding,
    /// Real images that k-center chooses on a trained network's features.
    KCenter,
}

impl Init {
    /// The selection on features that makes it, if one does.
    fn coreset(self) -> Option<&'static Coreset> {
        match self {
            Self::Herding => Some(&HERDING),
            Self::KCenter => Some(&K_CENTER),
            Self::Real | Self::Leading | Self::Noise => None,
        }
    }
}

/// Images of a minibatch of the network behind herding and k-center, and of a pass over the images with it.
const FEATURE_BATCH: usize = 256;
/// Its learning rate.
const FEATURE_RATE: f32 = 0.01;

/// Everything that decides the first images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct First {
    /// Which images.
    pub init: Init,
    /// Epochs of the network behind herding and k-center.
    pub feature_epochs: usize,
    /// Real images that a first image is made of, along each side (multi-formation); herding and k-center choose whole ones.
    pub factor: usize,
}

impl First {
    /// The network behind herding and k-center.
    pub fn features(self) -> Option<Demand> {
        let (epochs, batch, learning_rate) = (self.feature_epochs, FEATURE_BATCH, FEATURE_RATE);
        self.init.coreset().map(|_| Demand { network: None, epochs, batch, learning_rate, trials: None })
    }

    /// Checks what its values and the whitening of the pixels say together.
    pub fn consistent(self, whiten: bool) -> Result<(), String> {
        let refuse = |what: &str| Err(what.to_owned());
        if self.factor > 1 && whiten {
            return refuse("`factor` must be 1 with `whiten`: whitened images cannot hold several others");
        }
        if self.factor > 1 && self.init.coreset().is_some() {
            return refuse("`init` must be \"real\", \"leading\" or \"noise\" with a `factor` above 1");
        }
        Ok(())
    }
}

/// The first images `[classes * ipc, channels, height, width]` in the task's pixel space, class by class.
///
/// # Errors
/// [`MethodError::TooFewImages`] names the class; [`MethodError::Augment`] when so many do not fit into an image.
pub fn images(start: &Start<'_>, first: First) -> Result<Tensor<4>, MethodError> {
    let (task, device) = (start.task, start.device);
    if let Some(coreset) = first.init.coreset() {
        let chosen = coreset.pick.set(start, FEATURE_RATE, FEATURE_BATCH)?;
        return Ok(Tensor::from_data(TensorData::new(chosen.images, chosen.shape), device));
    }
    let seed = Stream::child_seed(start.seed, "first images", 0);
    let classes = task.training_classes();
    let [channels, height, width] = task.train.shape();
    if first.init == Init::Noise {
        let shape = [classes.len() * start.ipc, channels, height, width];
        let mut stream = Stream::new(seed, "noise", 0);
        let noise: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
        return Ok(Tensor::from_data(TensorData::new(noise, shape), device));
    }
    let formation = Formation::new(first.factor, width)?;
    let needed = start.ipc * formation.images();
    let mut parts = Vec::new();
    for (label, mut members) in classes {
        if members.len() < needed {
            let class = task.train.classes()[label as usize].clone();
            return Err(MethodError::TooFewImages { class, found: members.len(), needed });
        }
        if first.init == Init::Real {
            Stream::new(seed, "class", u64::from(label)).shuffle(&mut members);
        }
        parts.push(formation.compose(task.space.tensor(&task.train, &members[..needed], device)));
    }
    Ok(Tensor::cat(parts, 0))
}
