//! A checked feature matrix.

use rayon::prelude::*;

use super::SelectError;

/// `n` rows of `d` finite numbers, of which `m` can be chosen.
pub(super) struct Rows<'a> {
    values: &'a [f32],
    pub n: usize,
    pub d: usize,
}

impl<'a> Rows<'a> {
    pub fn new(values: &'a [f32], n: usize, d: usize, m: usize) -> Result<Self, SelectError> {
        if values.len() != n * d || d == 0 {
            return Err(SelectError::Shape { length: values.len(), rows: n, width: d });
        }
        if m > n {
            return Err(SelectError::TooFew { wanted: m, available: n });
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(position) => Err(SelectError::NotFinite { row: position / d }),
            None => Ok(Self { values, n, d }),
        }
    }

    pub fn row(&self, i: usize) -> &'a [f32] {
        &self.values[i * self.d..][..self.d]
    }

    /// The sum of all rows.
    pub fn sum(&self) -> Vec<f64> {
        let mut sums = vec![0.0_f64; self.d];
        for i in 0..self.n {
            sums.iter_mut().zip(self.row(i)).for_each(|(sum, &e)| *sum += f64::from(e));
        }
        sums
    }

    pub fn mean(&self) -> Vec<f64> {
        self.sum().into_iter().map(|sum| sum / self.n as f64).collect()
    }

    /// Squared Euclidean distance of every row to a point.
    pub fn distances(&self, point: &[f64]) -> Vec<f64> {
        self.each(point, |e, p| (e - p).powi(2))
    }

    /// Inner product of every row with a vector.
    pub fn products(&self, vector: &[f64]) -> Vec<f64> {
        self.each(vector, |e, v| e * v)
    }

    fn each(&self, other: &[f64], term: impl Fn(f64, f64) -> f64 + Sync) -> Vec<f64> {
        let sum = |row: &[f32]| row.iter().zip(other).map(|(&e, &o)| term(f64::from(e), o)).sum();
        self.values.par_chunks_exact(self.d).map(sum).collect()
    }
}

/// The largest of some values at the places that are allowed; of equal ones the first.
pub(super) fn first_largest(values: &[f64], allowed: impl Fn(usize) -> bool) -> Option<usize> {
    // `max_by` keeps the last of equals; reversed order makes that the smallest index.
    (0..values.len()).rev().filter(|&i| allowed(i)).max_by(|&a, &b| values[a].total_cmp(&values[b]))
}
