//! Patch shuffle: blocks of columns change places, then blocks of rows.
//!
//! Source: RDED (Sun et al., CVPR 2024): of a mosaic of two by two images, 4 of the 24 orders occur.

use burn::tensor::{Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{AugmentError, config::Sampling};
use compdd_core::rng::Stream;

/// The orders of a minibatch: recorded, replayed, applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatchShuffle {
    /// Which block of columns comes to stand where, one order an image.
    columns: Vec<Vec<u8>>,
    /// Which block of rows comes to stand where, one order an image.
    rows: Vec<Vec<u8>>,
}

impl PatchShuffle {
    /// The orders of `n` images of `h` by `w` pixels, in a grid of `grid` by `grid` blocks.
    ///
    /// # Errors
    /// When a side has fewer pixels than there are blocks.
    pub(super) fn draw(
        grid: usize,
        stream: &mut Stream,
        n: usize,
        [h, w]: [usize; 2],
        sampling: Sampling,
    ) -> Result<Self, AugmentError> {
        if grid > h.min(w) {
            return Err(AugmentError::Grid { grid, height: h, width: w });
        }
        let mut order = || stream.permutation(grid).into_iter().map(|block| block as u8).collect::<Vec<_>>();
        let orders = sampling.each(n, || (order(), order()));
        let (columns, rows) = orders.into_iter().unzip();
        Ok(Self { columns, rows })
    }

    /// Number of images the orders were drawn for.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The images with their blocks in their new places. Differentiable. Where the blocks do not divide a side, they differ by a pixel.
    ///
    /// # Shapes
    /// `[n, c, h, w]` with the `n` the orders were drawn for, and so is the result.
    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        let mut index = Vec::with_capacity(n * h * w);
        for (rows, columns) in self.rows.iter().zip(&self.columns) {
            let columns = sources(columns, w);
            index.extend(
                sources(rows, h).into_iter().flat_map(|row| columns.iter().map(move |column| row * w as i32 + column)),
            );
        }
        let device = x.device().without_autodiff();
        let index = Tensor::<3, Int>::from_data(TensorData::new(index, [n, 1, h * w]), &device);
        x.reshape([n, c, h * w]).gather(2, index.expand([n, c, h * w])).reshape([n, c, h, w])
    }
}

/// Which pixel of a side every pixel of the result reads.
fn sources(order: &[u8], side: usize) -> Vec<i32> {
    let edge = |block: usize| block * side / order.len();
    let block = |&block: &u8| edge(usize::from(block)) as i32..edge(usize::from(block) + 1) as i32;
    order.iter().flat_map(block).collect()
}
