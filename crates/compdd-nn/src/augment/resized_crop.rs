//! Random resized crop: a box of every image, resized bilinearly.
//!
//! Resizing is a linear map of the rows of a box and one of its columns, so it is a product with two matrices an image: differentiable, of
//! any precision, on any device. Centres lie at half pixels, and nothing outside the box is read. With antialias, a box that shrinks is
//! filtered with a triangle as wide as the shrinkage; one that grows is the same with and without.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{ResizedCropConfig, config::Sampling};
use compdd_core::rng::Stream;

/// A box in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 4]", into = "[usize; 4]")]
pub struct CropBox {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
}

/// The boxes of a minibatch: recorded, replayed, applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResizedCrop {
    /// One box an image.
    boxes: Vec<CropBox>,
    /// Height and width of the images the boxes were drawn for, in pixels.
    from: [usize; 2],
    /// Height and width of the result, in pixels.
    to: [usize; 2],
    /// Whether shrinking filters.
    antialias: bool,
}

impl From<[usize; 4]> for CropBox {
    fn from([top, left, height, width]: [usize; 4]) -> Self {
        Self { top, left, height, width }
    }
}

impl From<CropBox> for [usize; 4] {
    fn from(CropBox { top, left, height, width }: CropBox) -> Self {
        [top, left, height, width]
    }
}

impl ResizedCrop {
    /// Recorded boxes of images of `from` (height, width) pixels, each resized to `to` (height, width) pixels.
    pub fn new(boxes: Vec<CropBox>, from: [usize; 2], to: [usize; 2], antialias: bool) -> Self {
        Self { boxes, from, to, antialias }
    }

    /// The boxes of `n` images of `from` (height, width) pixels.
    pub(super) fn draw(
        config: &ResizedCropConfig,
        stream: &mut Stream,
        n: usize,
        from: [usize; 2],
        sampling: Sampling,
    ) -> Self {
        let boxes = sampling.each(n, || draw_box(config, stream, from));
        Self::new(boxes, from, config.size.map_or(from, |side| [side; 2]), config.antialias)
    }

    /// One box an image.
    pub fn boxes(&self) -> &[CropBox] {
        &self.boxes
    }

    /// Height and width of the images the boxes were drawn for, in pixels.
    pub(super) fn from(&self) -> [usize; 2] {
        self.from
    }

    /// The boxes of the images, resized. Differentiable.
    ///
    /// # Shapes
    /// `[n, c, h, w]` with the `n`, `h` and `w` the boxes were drawn for, to `[n, c, to_h, to_w]`.
    pub fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        let [rows, columns] = self.to;
        let map = self.matrices(&|b| [b.left, b.width], w, columns, &x);
        let x: Tensor<3> = x.reshape([n, c * h, w]).matmul(map);
        let x: Tensor<4> = x.reshape([n, c, h, columns]).swap_dims(2, 3);
        let map = self.matrices(&|b| [b.top, b.height], h, rows, &x);
        let x: Tensor<3> = x.reshape([n, c * columns, h]).matmul(map);
        x.reshape([n, c, columns, rows]).swap_dims(2, 3)
    }

    /// The maps of one axis of all images, `[n, side, to]`: column `i` holds the shares with which the result `i` reads the pixels of a
    /// side. `span` gives the first pixel of a box and its length.
    fn matrices(&self, span: &dyn Fn(&CropBox) -> [usize; 2], side: usize, to: usize, like: &Tensor<4>) -> Tensor<3> {
        let mut values = vec![0.0_f32; self.boxes.len() * side * to];
        for (map, window) in values.chunks_exact_mut(side * to).zip(&self.boxes) {
            let [start, length] = span(window);
            for i in 0..to {
                for (pixel, share) in taps(i, length, to, self.antialias) {
                    map[(start + pixel) * to + i] += share as f32;
                }
            }
        }
        let data = TensorData::new(values, [self.boxes.len(), side, to]);
        Tensor::from_data(data, (&like.device().without_autodiff(), like.dtype()))
    }
}

/// The pixels that result `i` of `to` reads out of `length`, and their shares, which sum to one.
fn taps(i: usize, length: usize, to: usize, antialias: bool) -> Vec<(usize, f64)> {
    let scale = length as f64 / to as f64;
    let centre = (i as f64 + 0.5) * scale;
    if antialias && scale > 1.0 {
        let first = (centre - scale + 0.5).max(0.0) as usize;
        let end = ((centre + scale + 0.5) as usize).min(length);
        let share = |pixel: usize| (1.0 - ((pixel as f64 + 0.5 - centre) / scale).abs()).max(0.0);
        let sum: f64 = (first..end).map(share).sum();
        return (first..end).map(|pixel| (pixel, share(pixel) / sum)).collect();
    }
    let place = (centre - 0.5).clamp(0.0, length as f64 - 1.0);
    let left = place as usize;
    let right = (left + 1).min(length - 1);
    let fraction = place - left as f64;
    vec![(left, 1.0 - fraction), (right, fraction)]
}

/// A box of a random share of the area and a random aspect ratio; after ten that do not fit, the largest central one of an allowed ratio.
fn draw_box(config: &ResizedCropConfig, stream: &mut Stream, [h, w]: [usize; 2]) -> CropBox {
    const TRIES: usize = 10;
    let (height, width) = (h as f64, w as f64);
    let [low, high] = config.ratio.map(f64::from);
    for _ in 0..TRIES {
        let area = height * width * f64::from(stream.range(config.scale[0], config.scale[1]));
        let ratio = (low.ln() + (high.ln() - low.ln()) * f64::from(stream.uniform())).exp();
        let [columns, rows] = [area * ratio, area / ratio].map(|square| square.sqrt().round_ties_even() as usize);
        if (1..=w).contains(&columns) && (1..=h).contains(&rows) {
            let (top, left) = (stream.below(h - rows + 1), stream.below(w - columns + 1));
            return CropBox { top, left, height: rows, width: columns };
        }
    }
    let ratio = (width / height).clamp(low, high);
    let part = |side: f64, whole: usize| (side.round_ties_even() as usize).clamp(1, whole);
    let (rows, columns) = (part(width / ratio, h), part(height * ratio, w));
    CropBox { top: (h - rows) / 2, left: (w - columns) / 2, height: rows, width: columns }
}
