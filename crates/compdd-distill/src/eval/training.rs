//! What a student is trained on.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{EvalError, View};
use compdd_core::{
    protocol::ProtocolError,
    record::{Distilled, Labels, PixelSpaceRecord},
};
use compdd_nn::augment::Formation;

/// A source of minibatches: distilled images in memory, or real images decoded to bytes.
pub trait TrainingData: Sync {
    /// Number of images.
    fn len(&self) -> usize;
    /// Whether there is no image.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// `[channels, height, width]` of an image.
    fn shape(&self) -> [usize; 3];
    /// The labels of all images.
    fn labels(&self) -> &Labels;
    /// What the loss of each image counts, with a mean of 1; none: all count alike.
    fn weights(&self) -> Option<&[f32]> {
        None
    }
    /// With which learning rate a student starts on these images.
    fn learning_rate(&self) -> f32;
    /// Content hash: names the training data in checkpoints.
    fn hash(&self) -> String;
    /// The images of an epoch on `device`: those at `order`, `batch` at a time.
    fn batches(&self, order: &[usize], batch: usize, device: &Device) -> Batches<'_>;
}

/// The minibatches of an epoch by number, as network input `[n, channels, height, width]`. They may be asked for from any
/// number on; in turn they come at once.
pub type Batches<'a> = Box<dyn FnMut(usize) -> Tensor<4> + 'a>;

/// A distilled set: images already in the network's pixel space, used as they are.
#[derive(Clone, Debug)]
pub struct TrainingSet {
    /// `[n, channels, height, width]`, not tracked for gradients.
    pub images: Tensor<4>,
    /// One label per image.
    pub labels: Labels,
    /// What the loss of each image counts; none: all count alike.
    pub weights: Option<Vec<f32>>,
    /// The student's learning rate: learned for trajectory methods, 0.01 otherwise.
    pub learning_rate: f32,
}

impl TrainingSet {
    /// A set from pixels in host memory, row-major `[n, channels, height, width]`.
    pub fn from_pixels(
        pixels: Vec<f32>,
        shape: [usize; 3],
        labels: Labels,
        learning_rate: f32,
        device: &Device,
    ) -> Result<Self, EvalError> {
        let [c, h, w] = shape;
        let n = labels.len();
        if pixels.len() != n * c * h * w {
            return Err(EvalError::Size { values: pixels.len(), images: n, shape });
        }
        if let Some(position) = pixels.iter().position(|v| !v.is_finite()) {
            return Err(EvalError::Pixels { image: position / (c * h * w) });
        }
        let images = Tensor::from_data(TensorData::new(pixels, [n, c, h, w]), device);
        Ok(Self { images, labels, weights: None, learning_rate })
    }

    /// The images, labels and learning rate of a distilled set, with every image that its stored images hold. Beyond the
    /// edge, tiles read mid-grey (0.5 on the scale 0..1), as in IDC.
    pub fn of(set: &Distilled, device: &Device) -> Result<Self, EvalError> {
        let shape = set.image_shape();
        let stored = Self::from_pixels(set.images.clone(), shape, set.labels.clone(), set.learning_rate, device)?;
        let stored = Self { weights: set.weights.clone(), ..stored };
        if set.formation == 1 {
            return Ok(stored);
        }
        let PixelSpaceRecord::Normalised { mean, std } = set.space else {
            return Err(EvalError::Formation { formation: set.formation });
        };
        let formation =
            Formation::new(set.formation, shape[2]).map_err(ProtocolError::from)?.padded_with_grey((mean, std));
        let rows = formation.repeat(&(0..set.labels.len()).collect::<Vec<_>>());
        let weights = stored.weights.map(|weights| rows.iter().map(|&row| weights[row]).collect());
        Ok(Self {
            images: formation.decode(stored.images),
            labels: stored.labels.select(&rows),
            weights,
            learning_rate: stored.learning_rate,
        })
    }
}

impl TrainingData for TrainingSet {
    fn len(&self) -> usize {
        self.images.dims()[0]
    }

    fn shape(&self) -> [usize; 3] {
        let [_, c, h, w] = self.images.dims();
        [c, h, w]
    }

    fn labels(&self) -> &Labels {
        &self.labels
    }

    fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut feed = |values: &[f32]| {
            hasher.update(bytemuck::cast_slice(values));
        };
        feed(&self.images.clone().into_data().iter::<f32>().collect::<Vec<_>>());
        match &self.labels {
            Labels::Hard(labels) => feed(&labels.iter().map(|&label| f32::from_bits(label)).collect::<Vec<_>>()),
            Labels::Logits { values, .. } | Labels::Probabilities { values, .. } => feed(values),
        }
        self.weights.iter().for_each(|weights| feed(weights));
        feed(&[self.learning_rate]);
        hasher.finalize().to_hex().to_string()
    }

    fn batches(&self, order: &[usize], batch: usize, device: &Device) -> Batches<'_> {
        let (rows, device) = (order.iter().map(|&i| i as i32).collect::<Vec<_>>(), device.clone());
        Box::new(move |number| {
            let rest = &rows[number * batch..];
            let rows = rest[..batch.min(rest.len())].to_vec();
            let (here, count) = (self.images.device(), rows.len());
            let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &here);
            let images = self.images.clone().select(0, rows);
            if here == device { images } else { images.to_device(&device) }
        })
    }
}

/// Real images with their own hard labels: the reference on the full set, and feature networks.
#[derive(Clone, Debug)]
pub struct RealImages<'a> {
    view: View<'a>,
    labels: Labels,
    learning_rate: f32,
}

impl<'a> RealImages<'a> {
    /// The images of a view as training data.
    pub fn new(view: View<'a>, learning_rate: f32) -> Self {
        let labels = Labels::Hard((0..view.len()).map(|i| view.label(i)).collect());
        Self { view, labels, learning_rate }
    }
}

impl TrainingData for RealImages<'_> {
    fn len(&self) -> usize {
        self.view.len()
    }

    fn shape(&self) -> [usize; 3] {
        self.view.set().shape()
    }

    fn labels(&self) -> &Labels {
        &self.labels
    }

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn hash(&self) -> String {
        self.view.hash()
    }

    fn batches(&self, order: &[usize], batch: usize, device: &Device) -> Batches<'_> {
        let mut feed = self.view.feed(order, batch, device);
        Box::new(move |number| feed.take(number))
    }
}
