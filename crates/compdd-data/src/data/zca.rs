//! ZCA whitening, fitted on training images and on nothing else.
//!
//! With `X [N, D]` the flattened images: `mu` their mean, `S = (X - mu)^T (X - mu) / (N - 1) = U diag(e) U^T`, and
//! `y = (x - mu) W` with `W = U diag((e + eps)^-1/2) U^T`; the inverse replaces the exponent by `+1/2`. This is the
//! whitening of the trajectory-matching lineage (eps = 0.1).

use faer::{
    Accum, Mat, MatRef, Par,
    dyn_stack::{MemBuffer, MemStack},
    linalg::{
        evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch},
        matmul::triangular::{self, BlockStructure},
    },
};

use super::error::DataError;

/// Rows that enter one matrix product while the covariance is accumulated.
const BLOCK: usize = 2048;
/// Into how many parts the matrix routines may split their work. Fixed, so that results do not depend on the machine's
/// number of cores; the thread pool decides how many run at once.
const PARTS: usize = 8;

/// A fitted whitening: mean, symmetric transform, symmetric inverse.
#[derive(Clone, Debug, PartialEq)]
pub struct Zca {
    mean: Vec<f32>,
    transform: Vec<f32>,
    inverse: Vec<f32>,
    shape: [usize; 3],
    epsilon: f32,
}

impl Zca {
    /// The epsilon of the lineage.
    pub const EPSILON: f32 = 0.1;
    /// Largest number of values per image that is accepted (64 x 64 RGB): the matrix has its square.
    pub const LARGEST: usize = 3 * 64 * 64;

    /// Fits the whitening to `n` flattened images.
    ///
    /// The whitening of a [`Task`](super::Task) comes from [`Zca::fit_blocks`] and its training images: test images are never
    /// in reach. This is for images that a method has made, and for reference values.
    ///
    /// # Shapes
    /// `x`: `[n, D]` with `D = shape[0] * shape[1] * shape[2]`.
    pub fn fit_matrix(x: &[f32], n: usize, shape: [usize; 3], epsilon: f32) -> Result<Self, DataError> {
        let d = checked(n, shape)?;
        if x.len() != n * d {
            return Err(DataError::Inconsistent {
                why: format!("{} values for {n} images of shape {shape:?}", x.len()),
            });
        }
        Self::fit_blocks(n, shape, epsilon, |from, to| x[from * d..to * d].to_vec())
    }

    /// Fits from `rows(from, to)`, which delivers images `from..to` flattened, so that not all need to be floats at once.
    pub(super) fn fit_blocks(
        n: usize,
        shape: [usize; 3],
        epsilon: f32,
        rows: impl Fn(usize, usize) -> Vec<f32>,
    ) -> Result<Self, DataError> {
        let d = checked(n, shape)?;
        let blocks = || (0..n).step_by(BLOCK).map(|from| rows(from, (from + BLOCK).min(n)));
        let mut mean = vec![0.0_f64; d];
        for block in blocks() {
            for row in block.chunks_exact(d) {
                mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
            }
        }
        for sum in &mut mean {
            *sum /= n as f64;
        }
        let mut covariance = Mat::<f64>::zeros(d, d);
        for block in blocks() {
            let centred: Vec<f64> =
                block.chunks_exact(d).flat_map(|row| row.iter().zip(&mean).map(|(&v, m)| f64::from(v) - m)).collect();
            // A row-major [rows, D] block read column-major is its transpose [D, rows].
            let transposed = MatRef::from_column_major_slice(&centred, d, centred.len() / d);
            triangular::matmul(
                covariance.as_mut(),
                BlockStructure::TriangularLower,
                Accum::Add,
                transposed,
                BlockStructure::Rectangular,
                transposed.transpose(),
                BlockStructure::Rectangular,
                1.0 / (n - 1) as f64,
                Par::rayon(PARTS),
            );
        }
        let (values, vectors) = eigen(&covariance)?;
        let power = |exponent: f64| {
            let scales: Vec<f64> = values.iter().map(|e| (e.max(0.0) + f64::from(epsilon)).powf(exponent)).collect();
            recompose(&vectors, &scales)
        };
        Ok(Self {
            mean: mean.iter().map(|&value| value as f32).collect(),
            transform: power(-0.5),
            inverse: power(0.5),
            shape,
            epsilon,
        })
    }

    /// A whitening from stored parts, as [`mean`](Self::mean), [`transform`](Self::transform), ... return them.
    pub fn from_parts(
        mean: Vec<f32>,
        transform: Vec<f32>,
        inverse: Vec<f32>,
        shape: [usize; 3],
        epsilon: f32,
    ) -> Result<Self, DataError> {
        let d: usize = shape.iter().product();
        if mean.len() != d || transform.len() != d * d || inverse.len() != d * d {
            return Err(DataError::Inconsistent {
                why: format!("a whitening of shape {shape:?} needs a mean of {d} values and matrices of {d} x {d}"),
            });
        }
        Ok(Self { mean, transform, inverse, shape, epsilon })
    }

    /// Mean image, `[D]`.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// `W`, symmetric, `[D, D]`.
    pub fn transform(&self) -> &[f32] {
        &self.transform
    }

    /// Inverse of `W`, symmetric, `[D, D]`.
    pub fn inverse(&self) -> &[f32] {
        &self.inverse
    }

    /// Shape of the images it was fitted on: channels, height, width.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// What was added to the eigenvalues.
    pub fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// blake3 (hex) over shape, epsilon, mean and transform.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("compdd zca v1");
        hasher.update(format!("{:?} {:?}", self.shape, self.epsilon).as_bytes());
        hasher.update(bytemuck::cast_slice(&self.mean));
        hasher.update(bytemuck::cast_slice(&self.transform));
        hasher.finalize().to_hex().to_string()
    }
}

/// Values per image, where whitening is possible at all.
fn checked(n: usize, shape: [usize; 3]) -> Result<usize, DataError> {
    let d: usize = shape.iter().product();
    if d > Zca::LARGEST {
        let why = format!("{d} values an image, at most {} are supported", Zca::LARGEST);
        return Err(DataError::Whitening { why });
    }
    if n < 2 {
        return Err(DataError::Whitening { why: format!("a covariance needs two images or more, there are {n}") });
    }
    Ok(d)
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix whose lower half is filled.
fn eigen(symmetric: &Mat<f64>) -> Result<(Vec<f64>, Mat<f64>), DataError> {
    let d = symmetric.nrows();
    let par = Par::rayon(PARTS);
    let mut vectors = Mat::<f64>::zeros(d, d);
    let mut values = faer::diag::Diag::<f64>::zeros(d);
    let scratch = self_adjoint_evd_scratch::<f64>(d, ComputeEigenvectors::Yes, par, faer::Spec::default());
    self_adjoint_evd(
        symmetric.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        par,
        MemStack::new(&mut MemBuffer::new(scratch)),
        faer::Spec::default(),
    )
    .map_err(|error| DataError::Whitening { why: format!("the eigen-decomposition failed: {error:?}") })?;
    Ok((values.column_vector().iter().copied().collect(), vectors))
}

/// `U diag(scales) U^T` in `f32`, made exactly symmetric by using its lower half only.
fn recompose(vectors: &Mat<f64>, scales: &[f64]) -> Vec<f32> {
    let d = scales.len();
    let scaled = Mat::from_fn(d, d, |row, column| vectors[(row, column)] * scales[column]);
    let mut product = Mat::<f64>::zeros(d, d);
    triangular::matmul(
        product.as_mut(),
        BlockStructure::TriangularLower,
        Accum::Replace,
        scaled.as_ref(),
        BlockStructure::Rectangular,
        vectors.transpose(),
        BlockStructure::Rectangular,
        1.0,
        Par::rayon(PARTS),
    );
    let mut values = vec![0.0; d * d];
    for column in 0..d {
        for row in column..d {
            values[row * d + column] = product[(row, column)] as f32;
            values[column * d + row] = product[(row, column)] as f32;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_threads_change_no_bit() {
        let mut stream = compdd_core::rng::Stream::new(1, "zca test", 0);
        let (n, shape) = (BLOCK + 100, [3, 4, 4]);
        let x: Vec<f32> = (0..n * 48).map(|_| stream.normal()).collect();
        let fit = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Zca::fit_matrix(&x, n, shape, 0.1).unwrap())
        };
        assert_eq!(fit(1), fit(2));
        assert_eq!(fit(1).hash(), fit(3).hash());
    }

    #[test]
    fn impossible_whitenings_are_refused() {
        assert!(Zca::fit_matrix(&[0.0; 12], 1, [3, 2, 2], 0.1).is_err());
        assert!(Zca::fit_matrix(&[0.0; 13], 2, [3, 2, 2], 0.1).is_err());
        assert!(Zca::fit_matrix(&[], 2, [3, 128, 128], 0.1).is_err());
        assert!(Zca::from_parts(vec![0.0; 12], vec![0.0; 144], vec![0.0; 143], [3, 2, 2], 0.1).is_err());
    }
}
