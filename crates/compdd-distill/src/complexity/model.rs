//! Who looks: a trained network, what its outputs mean and the pixels it was trained on.

use super::ComplexityError;
use crate::{cam::CamModel, teachers::Teacher};
use compdd_core::record::hash;
use compdd_data::data::PixelSpace;

/// A trained network that says where it looks.
#[derive(Clone, Debug)]
pub struct SaliencyModel {
    cam: CamModel,
    classes: Vec<String>,
    space: PixelSpace,
    hash: String,
}

impl SaliencyModel {
    /// A model whose output `i` means the synset or name `classes[i]`. `space` is the pixel space the network was trained in.
    ///
    /// # Errors
    /// When there is not one name for every output.
    pub fn new(cam: CamModel, classes: Vec<String>, space: PixelSpace) -> Result<Self, ComplexityError> {
        if classes.len() != cam.classes() {
            return Err(ComplexityError::Outputs { outputs: cam.classes(), names: classes.len() });
        }
        let weights = hash::bytes(&cam.params().to_safetensors()?);
        let (network, space_hash) = (cam.network(), space.hash());
        let parts = (network.spec().slug(), network.input(), weights, &classes, space_hash);
        let hash = hash::of(&parts);
        Ok(Self { cam, classes, space, hash })
    }

    /// A teacher that is looked at through `tap`, or through [`default_tap`](crate::cam::default_tap). `space` is
    /// [`Teacher::space`].
    ///
    /// # Errors
    /// When the tap does not exist or its map has one pixel only.
    pub fn of_teacher(teacher: Teacher, space: PixelSpace, tap: Option<&str>) -> Result<Self, ComplexityError> {
        let (network, params, card) = teacher.into_parts();
        Self::new(CamModel::new(network, params, tap)?, card.classes, space)
    }

    /// At most `images` images in one pass, see [`CamModel::with_chunk`].
    #[must_use]
    pub fn with_chunk(self, images: usize) -> Self {
        Self { cam: self.cam.with_chunk(images), ..self }
    }

    /// The same network with fresh parameters: what is left without any training.
    ///
    /// # Errors
    /// None that [`SaliencyModel::new`] did not have.
    pub fn untrained(&self, seed: u64) -> Result<Self, ComplexityError> {
        let network = self.cam.network().clone();
        let params = network.init(seed, &self.cam.params().device());
        let cam = CamModel::new(network, params, Some(self.cam.tap()))?.with_chunk(self.cam.chunk());
        Self::new(cam, self.classes.clone(), self.space.clone())
    }

    /// The same network looked at through another map.
    ///
    /// # Errors
    /// When the tap does not exist or its map has one pixel only.
    pub fn through(&self, tap: &str) -> Result<Self, ComplexityError> {
        let cam = CamModel::new(self.cam.network().clone(), self.cam.params().clone(), Some(tap))?;
        Ok(Self { cam: cam.with_chunk(self.cam.chunk()), ..self.clone() })
    }

    /// The network and its tap.
    pub fn cam(&self) -> &CamModel {
        &self.cam
    }

    /// What every output means.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How bytes become its input.
    pub fn space(&self) -> &PixelSpace {
        &self.space
    }

    /// blake3 (hex) over network, resolution, parameters, classes and pixel space.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Side of its images in pixels.
    pub fn resolution(&self) -> usize {
        self.cam.network().input()[2]
    }

    /// The output that means a class. Where a class is listed twice the later one, which is the one that was trained.
    pub fn output(&self, synset: &str) -> Option<usize> {
        self.classes.iter().rposition(|own| own == synset)
    }
}
