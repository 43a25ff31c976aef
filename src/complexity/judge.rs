//! Who looks: a trained network, what its outputs mean and the pixels it was trained on.

use super::ComplexityError;
use crate::{cam::CamModel, data::PixelSpace, record::hash, subset::Subset};

/// A trained network that says where it looks.
#[derive(Clone, Debug)]
pub struct Judge {
    cam: CamModel,
    classes: Vec<String>,
    space: PixelSpace,
    hash: String,
}

impl Judge {
    /// A judge whose output `i` means the synset or name `classes[i]`. `space` is the pixel space the network was trained in.
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

    /// A network that was trained on a subset, in the subset's own normalisation.
    ///
    /// # Errors
    /// When it has another number of outputs.
    pub fn of_subset(cam: CamModel, subset: &Subset) -> Result<Self, ComplexityError> {
        let (mean, std) = subset.normalisation();
        let classes = subset.classes.iter().map(|class| class.synset.clone()).collect();
        Self::new(cam, classes, PixelSpace::Normalised { mean, std })
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
