//! Real images as a network sees them.

use std::borrow::Cow;

use burn::tensor::{Device, Tensor};

use compdd_data::data::{ImageSet, PixelSpace, Task};
use compdd_nn::feed::{Feed, PixelTensors as _};

/// Some images of a set, in order, in a pixel space. Cheap to clone.
#[derive(Clone, Debug)]
pub struct View<'a> {
    set: &'a ImageSet,
    space: &'a PixelSpace,
    indices: Option<Cow<'a, [usize]>>,
}

impl<'a> View<'a> {
    /// All images of a set.
    pub fn all(set: &'a ImageSet, space: &'a PixelSpace) -> Self {
        Self { set, space, indices: None }
    }

    /// The images of a set at `indices`, in that order.
    pub fn some(set: &'a ImageSet, space: &'a PixelSpace, indices: impl Into<Cow<'a, [usize]>>) -> Self {
        Self { set, space, indices: Some(indices.into()) }
    }

    /// The test images of a task: what a score is measured on.
    pub fn test(task: &'a Task) -> Self {
        Self::all(&task.test, &task.space)
    }

    /// The training images kept for selection: what a checkpoint or a hyper-parameter may be chosen on.
    pub fn heldout(task: &'a Task) -> Self {
        Self::some(&task.train, &task.space, task.heldout.as_slice())
    }

    /// The training images that are not kept for selection.
    pub fn training(task: &'a Task) -> Self {
        Self::some(&task.train, &task.space, task.training())
    }

    /// The set behind the view.
    pub fn set(&self) -> &'a ImageSet {
        self.set
    }

    /// The pixel space of the images.
    pub fn space(&self) -> &'a PixelSpace {
        self.space
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.indices.as_ref().map_or_else(|| self.set.len(), |indices| indices.len())
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Position in the set of the `i`-th image.
    pub fn position(&self, i: usize) -> usize {
        self.indices.as_ref().map_or(i, |indices| indices[i])
    }

    /// Label of the `i`-th image.
    pub fn label(&self, i: usize) -> u32 {
        self.set.labels()[self.position(i)]
    }

    /// Hash of what the view shows: the set, which of its images, and the pixel space.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.set.hash().as_bytes()).update(self.space.hash().as_bytes());
        for i in 0..self.len() {
            hasher.update(&(self.position(i) as u64).to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The images at `indices` of the view as network input.
    ///
    /// # Shapes
    /// `[indices.len(), channels, height, width]`.
    pub fn tensor(&self, indices: &[usize], device: &Device) -> Tensor<4> {
        let positions: Vec<usize> = indices.iter().map(|&i| self.position(i)).collect();
        self.space.tensor(self.set, &positions, device)
    }

    /// The images at `indices` of the view, `batch` at a time, each batch made ready while the one before it is used.
    pub fn feed(&self, indices: &[usize], batch: usize, device: &Device) -> Feed {
        let positions = indices.iter().map(|&i| self.position(i)).collect();
        Feed::new(self.set, self.space, positions, batch, device)
    }
}
