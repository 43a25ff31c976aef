//! Random, herding and k-center.

use super::rows::{Rows, first_largest};
use compdd_core::rng::Stream;

/// Why no selection could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum SelectError {
    /// The class has fewer images than were asked for.
    #[error("{wanted} images were asked for, but the class has only {available}")]
    #[diagnostic(help("lower --ipc to {available} or less, or choose a data root with more training images"))]
    TooFew {
        /// Images asked for.
        wanted: usize,
        /// Images there are.
        available: usize,
    },
    /// The feature matrix is not `n` rows of `d` numbers.
    #[error("the feature matrix holds {length} numbers, but {rows} rows of {width} were announced")]
    #[diagnostic(help("pass the features of one class as [n, d], row-major"))]
    Shape {
        /// Numbers in the matrix.
        length: usize,
        /// Announced rows.
        rows: usize,
        /// Announced columns.
        width: usize,
    },
    /// A feature is NaN or infinite.
    #[error("the features of row {row} are not finite")]
    #[diagnostic(help("the feature network diverged: lower its learning rate"))]
    NotFinite {
        /// The first such row.
        row: usize,
    },
}

/// `m` of `n` rows, uniformly without replacement, in drawn order. A smaller `m` gives a prefix of a larger one.
pub fn random(stream: &mut Stream, n: usize, m: usize) -> Result<Vec<usize>, SelectError> {
    if m > n {
        return Err(SelectError::TooFew { wanted: m, available: n });
    }
    Ok(stream.sample(n, m))
}

/// Greedy mean matching (Welling 2009): the `k`-th pick brings the mean of the chosen rows closest to the mean of all.
///
/// `m` distinct rows in the order they were chosen; `O(n m d)`.
pub fn herding(features: &[f32], n: usize, d: usize, m: usize) -> Result<Vec<usize>, SelectError> {
    let rows = Rows::new(features, n, d, m)?;
    let mean = rows.mean();
    let mut sum = vec![0.0_f64; d];
    let mut chosen = Vec::with_capacity(m);
    let mut taken = vec![false; n];
    for k in 0..m {
        // |mu - (sum + e) / (k + 1)| is smallest where |(k + 1) mu - sum - e| is.
        let target: Vec<f64> = mean.iter().zip(&sum).map(|(mu, r)| (k + 1) as f64 * mu - r).collect();
        let distances = rows.distances(&target);
        let Some(pick) = (0..n).filter(|&i| !taken[i]).min_by(|&a, &b| distances[a].total_cmp(&distances[b])) else {
            break;
        };
        taken[pick] = true;
        chosen.push(pick);
        sum.iter_mut().zip(rows.row(pick)).for_each(|(r, &e)| *r += f64::from(e));
    }
    Ok(chosen)
}

/// Farthest-point k-center (Gonzalez 1985): first the row nearest to the mean, then repeatedly the row farthest from its
/// nearest chosen one.
///
/// `m` distinct rows in the order they were chosen; `O(n m d)`.
pub fn k_center(features: &[f32], n: usize, d: usize, m: usize) -> Result<Vec<usize>, SelectError> {
    let rows = Rows::new(features, n, d, m)?;
    let to_mean = rows.distances(&rows.mean());
    let Some(first) = (0..n).min_by(|&a, &b| to_mean[a].total_cmp(&to_mean[b])).filter(|_| m > 0) else {
        return Ok(Vec::new());
    };
    let mut chosen = vec![first];
    let mut nearest = vec![f64::INFINITY; n];
    while chosen.len() < m {
        let last = chosen[chosen.len() - 1];
        let centre: Vec<f64> = rows.row(last).iter().map(|&e| f64::from(e)).collect();
        for (near, distance) in nearest.iter_mut().zip(rows.distances(&centre)) {
            *near = near.min(distance);
        }
        nearest[last] = -1.0; // Chosen: below every distance, so copies of a chosen row can still follow.
        match first_largest(&nearest, |_| true) {
            Some(pick) => chosen.push(pick),
            None => break,
        }
    }
    Ok(chosen)
}
