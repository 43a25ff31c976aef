//! [`ImageSet`]: decoded images as one block of bytes, with labels, class names and a content hash.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::{
    cache::{Block, checksum},
    error::DataError,
    planes::interleaved,
};

/// Decoded images of one split: bytes `[n, C, H, W]` (planar, one image after the other), a label for each, class names.
///
/// Cloning shares the block. The label of an image is the position of its class in [`classes`](Self::classes).
#[derive(Clone)]
pub struct ImageSet {
    inner: Arc<Inner>,
}

struct Inner {
    pixels: Pixels,
    labels: Vec<u32>,
    shape: [usize; 3],
    classes: Vec<String>,
    decode: String,
    hash: OnceLock<String>,
}

/// The block: in memory, or a file of the cache mapped into it.
enum Pixels {
    Owned(Vec<u8>),
    Mapped(Block),
}

impl Pixels {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Mapped(block) => block.pixels(),
        }
    }
}

impl ImageSet {
    /// A set from its parts.
    ///
    /// # Shapes
    /// `pixels`: `[n, C, H, W]` with `shape = [C, H, W]`; `labels`: `[n]`, each below `classes.len()`. `classes` are synsets
    /// or plain class names.
    pub fn new(pixels: Vec<u8>, labels: Vec<u32>, shape: [usize; 3], classes: Vec<String>) -> Result<Self, DataError> {
        Self::decoded(pixels, labels, shape, classes, String::new())
    }

    /// As [`new`](Self::new), with the decode settings in words: they are part of the content hash.
    pub fn decoded(
        pixels: Vec<u8>,
        labels: Vec<u32>,
        shape: [usize; 3],
        classes: Vec<String>,
        decode: String,
    ) -> Result<Self, DataError> {
        Self::checked(Inner { pixels: Pixels::Owned(pixels), labels, shape, classes, decode, hash: OnceLock::new() })
    }

    /// The set that a block of the cache holds; its hash is known.
    pub(super) fn mapped(block: Block) -> Result<Self, DataError> {
        let about = block.about();
        let (labels, shape, hash) = (block.labels().to_vec(), about.shape, OnceLock::from(about.content.clone()));
        let (classes, decode) = (about.classes.clone(), about.decode.clone());
        Self::checked(Inner { pixels: Pixels::Mapped(block), labels, shape, classes, decode, hash })
    }

    fn checked(inner: Inner) -> Result<Self, DataError> {
        let Inner { pixels, labels, shape, classes, .. } = &inner;
        let pixels = pixels.bytes();
        let size: usize = shape.iter().product();
        if size == 0 {
            return Err(DataError::Inconsistent { why: format!("an image shape of {shape:?} has no pixels") });
        }
        if pixels.len() != labels.len() * size {
            return Err(DataError::Inconsistent {
                why: format!("{} bytes for {} images of shape {shape:?}", pixels.len(), labels.len()),
            });
        }
        if let Some(label) = labels.iter().find(|&&label| label as usize >= classes.len()) {
            return Err(DataError::Inconsistent { why: format!("label {label} with {} classes", classes.len()) });
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.inner.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.inner.labels.is_empty()
    }

    /// Shape of one image: channels, height, width.
    pub fn shape(&self) -> [usize; 3] {
        self.inner.shape
    }

    /// Class position of every image.
    pub fn labels(&self) -> &[u32] {
        &self.inner.labels
    }

    /// Synset or class name of every label.
    pub fn classes(&self) -> &[String] {
        &self.inner.classes
    }

    /// Bytes of image `i`, `[C, H, W]`.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.image_size();
        &self.pixels()[i * size..(i + 1) * size]
    }

    /// The bytes of image `i` pixel by pixel, `[H, W, C]`.
    pub fn interleaved(&self, i: usize) -> Vec<u8> {
        interleaved(self.image(i), self.shape()[0])
    }

    /// All bytes, `[n, C, H, W]`.
    pub fn pixels(&self) -> &[u8] {
        self.inner.pixels.bytes()
    }

    /// Bytes of one image: `C * H * W`.
    pub fn image_size(&self) -> usize {
        self.inner.shape.iter().product()
    }

    /// Positions of the images of one class, ascending.
    pub fn of_class(&self, label: u32) -> Vec<usize> {
        (0..self.len()).filter(|&i| self.inner.labels[i] == label).collect()
    }

    /// Images per class, in class order.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.inner.classes.len()];
        for &label in &self.inner.labels {
            counts[label as usize] += 1;
        }
        counts
    }

    /// The settings the pixels were decoded under, in words; empty for images that were not decoded here.
    pub fn decode(&self) -> &str {
        &self.inner.decode
    }

    /// Content hash: blake3 (hex) over decode settings, shape, class names, ordered labels and pixels. Computed once, on demand.
    pub fn hash(&self) -> &str {
        self.inner.hash.get_or_init(|| {
            let inner = &self.inner;
            let mut hasher = content_hasher(&inner.decode, inner.shape, &inner.classes, &inner.labels);
            hasher.update(self.pixels());
            hasher.finalize().to_hex().to_string()
        })
    }

    /// The first eight bytes of every image's blake3: enough to find equal images.
    pub(super) fn checksums(&self) -> Vec<[u8; 8]> {
        match &self.inner.pixels {
            Pixels::Mapped(block) => block.checksums().to_vec(),
            Pixels::Owned(pixels) => pixels.par_chunks_exact(self.image_size()).map(checksum).collect(),
        }
    }

    /// The images at `indices`, in that order, as a set of their own (copied).
    #[must_use]
    pub fn subset(&self, indices: &[usize]) -> Self {
        let inner = &self.inner;
        let mut pixels = Vec::with_capacity(indices.len() * self.image_size());
        for &i in indices {
            pixels.extend_from_slice(self.image(i));
        }
        Self {
            inner: Arc::new(Inner {
                pixels: Pixels::Owned(pixels),
                labels: indices.iter().map(|&i| inner.labels[i]).collect(),
                shape: inner.shape,
                classes: inner.classes.clone(),
                decode: inner.decode.clone(),
                hash: OnceLock::new(),
            }),
        }
    }
}

/// The hasher of [`ImageSet::hash`] before the pixels, which follow in order.
pub(super) fn content_hasher(decode: &str, shape: [usize; 3], classes: &[String], labels: &[u32]) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new_derive_key("compdd image set v1");
    let mut text = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    text(decode);
    text(&format!("{shape:?}"));
    text(&classes.len().to_string());
    for class in classes {
        text(class);
    }
    hasher.update(&(labels.len() as u64).to_le_bytes());
    for label in labels {
        hasher.update(&label.to_le_bytes());
    }
    hasher
}

impl std::fmt::Debug for ImageSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageSet")
            .field("images", &self.len())
            .field("shape", &self.inner.shape)
            .field("classes", &self.inner.classes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("class{i}")).collect()
    }

    fn set() -> ImageSet {
        ImageSet::new((0..24).collect(), vec![0, 1], [3, 2, 2], names(2)).unwrap()
    }

    #[test]
    fn parts_must_agree() {
        assert!(ImageSet::new(vec![0; 23], vec![0, 1], [3, 2, 2], names(2)).is_err());
        assert!(ImageSet::new(vec![0; 24], vec![0, 2], [3, 2, 2], names(2)).is_err());
        assert!(ImageSet::new(vec![], vec![], [3, 0, 2], names(2)).is_err());
    }

    #[test]
    fn subset_copies_images_in_the_given_order() {
        let picked = set().subset(&[1, 0, 1]);
        assert_eq!(picked.labels(), [1, 0, 1]);
        assert_eq!(picked.image(0), set().image(1));
        assert_eq!(picked.of_class(1), [0, 2]);
        assert_eq!(picked.class_counts(), [1, 2]);
    }

    #[test]
    fn hash_sees_pixels_labels_order_classes_and_settings() {
        let base = set();
        let mut pixels: Vec<u8> = (0..24).collect();
        pixels[5] ^= 1;
        let others = [
            ImageSet::new(pixels, vec![0, 1], [3, 2, 2], names(2)).unwrap(),
            ImageSet::new((0..24).collect(), vec![1, 0], [3, 2, 2], names(2)).unwrap(),
            ImageSet::new((0..24).collect(), vec![0, 1], [3, 4, 1], names(2)).unwrap(),
            ImageSet::new((0..24).collect(), vec![0, 1], [3, 2, 2], names(3)).unwrap(),
            ImageSet::decoded((0..24).collect(), vec![0, 1], [3, 2, 2], names(2), "squash".into()).unwrap(),
            base.subset(&[1, 0]),
        ];
        assert_eq!(base.hash(), set().hash());
        assert_eq!(base.hash().len(), 64);
        for other in others {
            assert_ne!(base.hash(), other.hash());
        }
    }
}
