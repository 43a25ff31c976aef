//! Moments of the input of a layer: over a batch, differentiable, and of every image.

use burn::tensor::Tensor;

use compdd_nn::{
    augment::{CropBox, ResizedCrop},
    nn::kernels::channel_moments,
};

/// Mean and biased variance of every channel over the batch and the map; with a `patch`, also mean and biased variance of every cell of
/// `patch` by `patch` values over batch, channels and cell. A map whose sides are no multiples of `patch` is enlarged bilinearly to the next
/// ones. Differentiable.
///
/// # Shapes
/// `z [n, c, h, w]` -> `[c]`, `[c]`, and `[cells]`, `[cells]`, row by row.
pub fn moments(z: Tensor<4>, patch: Option<usize>) -> Vec<Tensor<1>> {
    let mut all = Vec::from(channel_moments(z.clone()));
    if let Some(side) = patch {
        let z = enlarged(z, side);
        let [n, c, h, w] = z.dims();
        all.extend(cell_moments(z.reshape([1, n * c, h * w]), [h, w], side).map(|rows| rows.flatten::<1>(0, 1)));
    }
    all
}

/// The same of every image by itself.
///
/// # Shapes
/// `z [n, c, h, w]` -> `[n, c]`, `[n, c]`, and `[n, cells]`, `[n, cells]`.
pub fn image_moments(z: Tensor<4>, patch: Option<usize>) -> Vec<Tensor<2>> {
    let [n, c, h, w] = z.dims();
    // A batch of one image whose channels are those of all images.
    let moments = channel_moments(z.clone().reshape([1, n * c, h, w]));
    let mut all: Vec<Tensor<2>> = moments.map(|rows| rows.reshape([n, c])).into();
    if let Some(side) = patch {
        let z = enlarged(z, side);
        let [_, _, h, w] = z.dims();
        all.extend(cell_moments(z.reshape([n, c, h * w]), [h, w], side));
    }
    all
}

/// How many cells a map has.
pub(super) fn cells([h, w]: [usize; 2], side: usize) -> usize {
    h.div_ceil(side) * w.div_ceil(side)
}

/// The map with sides that are multiples of `side`.
fn enlarged(z: Tensor<4>, side: usize) -> Tensor<4> {
    let [n, _, h, w] = z.dims();
    let to = [h, w].map(|length| length.next_multiple_of(side));
    if to == [h, w] {
        return z;
    }
    let whole = CropBox { top: 0, left: 0, height: h, width: w };
    ResizedCrop::new(vec![whole; n], [h, w], to, false).apply(z)
}

/// Mean and biased variance of the cells of every group of maps: `z [groups, maps, h * w]` -> `[groups, cells]`.
fn cell_moments(z: Tensor<3>, [h, w]: [usize; 2], side: usize) -> [Tensor<2>; 2] {
    let [groups, ..] = z.dims();
    let (rows, columns) = (h / side, w / side);
    let cells = |map: Tensor<3>| {
        let cells: Tensor<5> = map.reshape([groups, rows, side, columns, side]).mean_dim(2).mean_dim(4);
        cells.reshape([groups, rows * columns])
    };
    let mean = cells(z.clone().mean_dim(1));
    // Of the variance, the mean of a cell is no way to the values: its derivative is zero.
    let spread: Tensor<5> = mean.clone().detach().reshape([groups, rows, 1, columns, 1]);
    let spread: Tensor<3> = spread.expand([groups, rows, side, columns, side]).reshape([groups, 1, h * w]);
    let variance = cells((z - spread).square().mean_dim(1));
    [mean, variance]
}
