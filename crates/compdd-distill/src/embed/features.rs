//! A network that turns images into features.

use burn::tensor::{Device, Tensor, TensorData};

use super::EmbedError;
use crate::teachers::Teacher;
use compdd_core::{
    record::{Distilled, hash},
    subset::Subset,
};
use compdd_data::data::{ImageSet, Library, PixelSpace};
use compdd_nn::{
    augment::Formation,
    feed::PixelTensors as _,
    nn::{Mode, Network, NetworkSpec, Params},
};

/// Images that are looked at at once.
const CHUNK: usize = 64;

/// A network, its parameters and the pixel space it looks at.
#[derive(Clone, Debug)]
pub struct FeatureExtractor {
    network: Network,
    params: Params,
    space: PixelSpace,
    device: Device,
    /// Who it is, in a line.
    pub note: String,
}

impl FeatureExtractor {
    /// A teacher. A whitening is fitted again on the images of its subset in `library`.
    ///
    /// # Errors
    /// When these images cannot be loaded, or are others than the teacher's.
    pub fn teacher(teacher: Teacher, library: &Library, device: Device) -> Result<Self, EmbedError> {
        let space = teacher.space(library)?;
        let (network, params, card) = teacher.into_parts();
        let parameters = hash::short(&card.blake3);
        let note = format!("features of {} for {}, parameters {parameters}", network.spec().slug(), card.subset);
        Ok(Self { network, params, space, device, note })
    }

    /// The usual network for the images of a bundle, in the bundle's pixel space, with random parameters.
    ///
    /// # Errors
    /// When there is no such network.
    pub fn untrained(set: &Distilled, seed: u64, device: Device) -> Result<Self, EmbedError> {
        let [channels, side, _] = set.image_shape();
        let network = NetworkSpec::parse(Subset::network_at(side))?.build(channels, side, set.classes.len())?;
        let params = network.init(seed, &device);
        let space = PixelSpace::from_record(&set.space, set.image_shape())?;
        let note = format!("features of {} untrained, seed {seed}", network.spec().slug());
        Ok(Self { network, params, space, device, note })
    }

    /// Features of real images, `[n][F]`.
    ///
    /// # Errors
    /// When the images have another size than the network's.
    pub fn real(&self, images: &ImageSet) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.check(images.shape())?;
        let places: Vec<usize> = (0..images.len()).collect();
        Ok(places.chunks(CHUNK).flat_map(|own| self.features(&self.space.tensor(images, own, &self.device))).collect())
    }

    /// Features of the images that students train on: those of a bundle of multi-formation are taken apart, the first part of every stored
    /// image, then the second. A bundle in another pixel space is seen as its pictures, in 256 steps.
    ///
    /// # Errors
    /// As [`real`](Self::real), and when the images cannot be taken apart.
    pub fn distilled(&self, set: &Distilled) -> Result<Vec<Vec<f32>>, EmbedError> {
        let shape = set.image_shape();
        self.check(shape)?;
        let own = PixelSpace::from_record(&set.space, shape)?;
        let formation = Formation::new(set.formation, shape[1])?.padded_with_grey(own.statistics());
        let stored = if own.hash() == self.space.hash() {
            Tensor::from_data(TensorData::new(set.images.clone(), set.shape), &self.device)
        } else {
            let pictures = pictures(set)?;
            self.space.tensor(&pictures, &(0..set.len()).collect::<Vec<_>>(), &self.device)
        };
        Ok(self.features(&formation.decode(stored)))
    }

    fn check(&self, found: [usize; 3]) -> Result<(), EmbedError> {
        let wanted = self.network.input();
        let network = || self.network.spec().slug();
        if wanted == found { Ok(()) } else { Err(EmbedError::Shape { network: network(), wanted, found }) }
    }

    /// `x [N, C, H, W]` -> `[N][F]`.
    fn features(&self, x: &Tensor<4>) -> Vec<Vec<f32>> {
        let images = x.dims()[0];
        let mut rows = Vec::with_capacity(images);
        for from in (0..images).step_by(CHUNK) {
            let part = x.clone().narrow(0, from, CHUNK.min(images - from));
            let features = self.network.forward(&self.params, part, Mode::Eval).features;
            let width = features.dims()[1];
            let values: Vec<f32> = features.into_data().iter::<f32>().collect();
            rows.extend(values.chunks_exact(width).map(<[f32]>::to_vec));
        }
        rows
    }
}

/// The stored images of a bundle as bytes.
fn pictures(set: &Distilled) -> Result<ImageSet, EmbedError> {
    let shape = set.image_shape();
    let plane = shape[1] * shape[2];
    let mut pixels = Vec::with_capacity(set.images.len());
    for i in 0..set.len() {
        let rgb = set.space.to_rgb(set.image(i), shape);
        pixels.extend(
            (0..shape[0])
                .flat_map(|channel| (0..plane).map(move |at| (channel, at)))
                .map(|(c, at)| rgb[at * shape[0] + c]),
        );
    }
    let classes = set.classes.iter().map(|class| class.synset.clone()).collect();
    Ok(ImageSet::new(pixels, vec![0; set.len()], shape, classes)?)
}
