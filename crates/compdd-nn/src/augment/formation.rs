//! Multi-formation: one stored image holds several, side by side and smaller.
//!
//! Both directions are linear maps of rows and of columns, so they are products with fixed matrices: differentiable by
//! construction, of any precision, on any device. Bilinear resizing has half-pixel centres (`align_corners = false`), clamps
//! at the edges and does not filter (no antialiasing).
//!
//! Source: IDC (Kim et al., ICML 2022), section 4.1; IDM (Zhao et al., CVPR 2023) calls it partitioning and expansion.

use burn::tensor::{Tensor, TensorData};

use super::AugmentError;

/// How square images of one side are kept `factor * factor` to an image, and taken out again.
///
/// An image is cut into a grid of tiles of `ceil(side / factor)` pixels, row by row; where `factor` does not divide the side,
/// the last tiles reach over the right and lower edge, where they read the padding. Lists are *tile-major*: the first tile
/// of every image, then the second tile of every image, and so on, so that labels repeat as a whole list ([`Self::repeat`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Formation {
    factor: usize,
    side: usize,
    pad: [f32; 3],
}

impl Formation {
    /// A grid of `factor` by `factor` tiles on images of `side` by `side` pixels, padded with zeros.
    ///
    /// # Errors
    /// When a tile would have fewer than four pixels a side, or would lie wholly in the padding.
    pub fn new(factor: usize, side: usize) -> Result<Self, AugmentError> {
        let formation = Self { factor, side, pad: [0.0; 3] };
        let fits = factor == 1 || (factor > 1 && factor <= side / 4 && (factor - 1) * side.div_ceil(factor) < side);
        if fits { Ok(formation) } else { Err(AugmentError::Formation { factor, side }) }
    }

    /// With another value a channel beyond the edge, in the images' own space. IDC pads with 0.5 on the scale 0..1.
    #[must_use]
    pub fn padded_with(self, pad: [f32; 3]) -> Self {
        Self { pad, ..self }
    }

    /// Padding with the middle of 0..1 as IDC pads, for images normalised by `mean` and `std`.
    #[must_use]
    pub fn padded_with_grey(self, (mean, std): ([f32; 3], [f32; 3])) -> Self {
        self.padded_with(std::array::from_fn(|channel| (0.5 - mean[channel]) / std[channel]))
    }

    /// Tiles along a side.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// Images that one stored image holds.
    pub fn images(&self) -> usize {
        self.factor * self.factor
    }

    /// Side of a tile in pixels.
    pub fn tile(&self) -> usize {
        self.side.div_ceil(self.factor)
    }

    /// The labels of decoded images from those of the stored ones: the whole list, once a tile.
    pub fn repeat<T: Clone>(&self, labels: &[T]) -> Vec<T> {
        (0..self.images()).flat_map(|_| labels.iter().cloned()).collect()
    }

    /// The images that `stored` holds: every tile, enlarged to the full side.
    ///
    /// # Shapes
    /// `[n, c, side, side]` to `[factor² n, c, side, side]`, tile-major; `c` is 3 where `factor` does not divide the side.
    pub fn decode(&self, stored: Tensor<4>) -> Tensor<4> {
        if self.factor == 1 {
            return stored;
        }
        let enlarge = self.enlarging();
        let offset = self.padding(&enlarge).map(|values| {
            let channels = values.len() / (enlarge.rows * enlarge.rows);
            let like = stored.device().without_autodiff();
            let data = TensorData::new(values, [1, channels, enlarge.rows, enlarge.rows]);
            Tensor::<4>::from_data(data, (&like, stored.dtype()))
        });
        let mosaic = enlarge.both_sides(stored);
        self.part(match offset {
            Some(offset) => mosaic + offset,
            None => mosaic,
        })
    }

    /// The transposed linear part of [`decode`](Self::decode): the gradient with respect to the stored images of the inner
    /// product of their decoded images with `cotangent`. It does not depend on the images. The result is not tracked.
    ///
    /// # Shapes
    /// `[factor² n, c, side, side]` to `[n, c, side, side]`.
    pub fn pullback(&self, cotangent: Tensor<4>) -> Tensor<4> {
        let cotangent = cotangent.inner();
        if self.factor == 1 {
            return cotangent;
        }
        self.enlarging().transposed().both_sides(self.join(cotangent))
    }

    /// Images at the size of a tile.
    ///
    /// # Shapes
    /// `[n, c, side, side]` to `[n, c, tile, tile]`.
    pub fn shrink(&self, images: Tensor<4>) -> Tensor<4> {
        if self.factor == 1 {
            return images;
        }
        let (tile, mut shrink) = (self.tile(), Matrix::zeros(self.tile(), self.side));
        shrink.interpolate([0, tile], [0, self.side]);
        shrink.both_sides(images)
    }

    /// Stored images out of `factor²` images each, every one shrunk to what its tile shows: how IDC (`mix`) and IDM start.
    ///
    /// # Shapes
    /// `[factor² n, c, side, side]`, tile-major, to `[n, c, side, side]`.
    pub fn compose(&self, images: Tensor<4>) -> Tensor<4> {
        if self.factor == 1 {
            return images;
        }
        let (tile, side) = (self.tile(), self.side);
        let mut shrink = Matrix::zeros(side, self.factor * side);
        for i in 0..self.factor {
            shrink.interpolate([i * tile, side.min((i + 1) * tile)], [i * side, (i + 1) * side]);
        }
        shrink.both_sides(self.join(images))
    }

    /// `[factor * side, side]`: every tile of a row of pixels enlarged to the full side, one below the other. What lies in
    /// the padding is left out, so that rows there do not sum to one.
    fn enlarging(&self) -> Matrix {
        let (tile, side) = (self.tile(), self.side);
        let mut whole = Matrix::zeros(self.factor * side, self.factor * tile);
        for i in 0..self.factor {
            whole.interpolate([i * side, (i + 1) * side], [i * tile, (i + 1) * tile]);
        }
        whole.first_columns(side)
    }

    /// What the padding adds to the mosaic, `[3, factor * side, factor * side]`; nothing where `factor` divides the side.
    fn padding(&self, enlarge: &Matrix) -> Option<Vec<f64>> {
        if self.side.is_multiple_of(self.factor) {
            return None;
        }
        let inside: Vec<f64> = enlarge.values.chunks_exact(enlarge.columns).map(|row| row.iter().sum()).collect();
        let share = |pad: f64| {
            let inside = &inside;
            inside.iter().flat_map(move |a| inside.iter().map(move |b| pad * (1.0 - a * b)))
        };
        Some(self.pad.iter().flat_map(|&pad| share(f64::from(pad))).collect())
    }

    /// A mosaic `[n, c, factor * side, factor * side]` as single images, tile-major.
    fn part(&self, mosaic: Tensor<4>) -> Tensor<4> {
        let ([n, c, _, _], f, side) = (mosaic.dims(), self.factor, self.side);
        let tiles: Tensor<6> = mosaic.reshape([n, c, f, side, f, side]);
        tiles.permute([2, 4, 0, 1, 3, 5]).reshape([f * f * n, c, side, side])
    }

    /// The inverse of [`part`](Self::part).
    fn join(&self, images: Tensor<4>) -> Tensor<4> {
        mosaic(images, self.factor)
    }
}

/// Images side by side, `tiles` along each side and row by row: of `n` mosaics the `i`-th shows the images `i`, `n + i`, `2n + i`, ...
///
/// # Shapes
/// `[tiles² n, c, side, side]`, tile-major, to `[n, c, tiles * side, tiles * side]`.
pub fn mosaic(images: Tensor<4>, tiles: usize) -> Tensor<4> {
    let [count, c, side, _] = images.dims();
    let n = count / (tiles * tiles);
    let grid: Tensor<6> = images.reshape([tiles, tiles, n, c, side, side]);
    grid.permute([2, 3, 0, 4, 1, 5]).reshape([n, c, tiles * side, tiles * side])
}

/// A linear map of a row of pixels, row-major.
struct Matrix {
    values: Vec<f64>,
    rows: usize,
    columns: usize,
}

impl Matrix {
    fn zeros(rows: usize, columns: usize) -> Self {
        Self { values: vec![0.0; rows * columns], rows, columns }
    }

    /// Fills in the weights with which the results `to` (from, up to) read the pixels `from` (alike).
    fn interpolate(&mut self, to: [usize; 2], from: [usize; 2]) {
        let (length, source) = (to[1] - to[0], from[1] - from[0]);
        for i in 0..length {
            let centre = ((i as f64 + 0.5) * source as f64 / length as f64 - 0.5).max(0.0);
            let left = (centre as usize).min(source - 1);
            let right = (left + 1).min(source - 1);
            let share = centre - left as f64;
            let row = &mut self.values[(to[0] + i) * self.columns + from[0]..][..source];
            row[left] += 1.0 - share;
            row[right] += share;
        }
    }

    fn first_columns(self, columns: usize) -> Self {
        let values = self.values.chunks_exact(self.columns).flat_map(|row| row[..columns].iter().copied());
        Self { values: values.collect(), rows: self.rows, columns }
    }

    fn transposed(&self) -> Self {
        let column = |j: usize| self.values.iter().skip(j).step_by(self.columns).copied();
        Self { values: (0..self.columns).flat_map(column).collect(), rows: self.columns, columns: self.rows }
    }

    /// `A x A'` for every channel of every image: `[n, c, columns, columns]` to `[n, c, rows, rows]`.
    fn both_sides(&self, x: Tensor<4>) -> Tensor<4> {
        let device = x.device().without_autodiff();
        let data = TensorData::new(self.transposed().values, [self.columns, self.rows]);
        let map = Tensor::<2>::from_data(data, (&device, x.dtype()));
        let along = |x: Tensor<4>| {
            let [n, c, length, _] = x.dims();
            let rows: Tensor<2> = x.reshape([n * c * length, self.columns]);
            rows.matmul(map.clone()).reshape([n, c, length, self.rows]).swap_dims(2, 3)
        };
        along(along(x))
    }
}
