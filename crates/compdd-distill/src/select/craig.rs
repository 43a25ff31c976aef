//! Facility location on gradients (CRAIG: Mirzasoleiman, Bilmes and Leskovec, ICML 2020, equations 9 to 14).

use std::{cmp::Ordering, collections::BinaryHeap};

use rayon::prelude::*;

use super::{SelectError, rows::Rows};

/// A greedy cover of gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Cover {
    /// The chosen rows, in the order they were chosen.
    pub order: Vec<usize>,
    /// How many rows each of them stands for, itself included.
    pub weights: Vec<f32>,
    /// What each of them added to the objective.
    pub gains: Vec<f64>,
}

/// Greedy maximisation of `F(A) = sum_i max_{j in A} (D - |g_i - g_j|^2)`, where `D` is the largest of the squared distances and `F` of nothing
/// is 0. A row stands for the rows that have it as their nearest chosen one, the one chosen first where several are.
///
/// Gains are evaluated lazily: those of earlier steps bound those of later ones, so that only the top of a heap is evaluated again. The answer is
/// that of evaluating all. Memory is `n^2` floats (100 MB for 5 000 rows): call it for one class at a time.
///
/// # Shapes
/// `gradients` `[n, d]`, row-major -> `m` distinct rows.
///
/// # Errors
/// As [`herding`](super::herding).
pub fn craig(gradients: &[f32], n: usize, d: usize, m: usize) -> Result<Cover, SelectError> {
    let rows = Rows::new(gradients, n, d, m)?;
    let similarity = similarities(&rows);
    let similar = |j: usize| &similarity[j * n..][..n];
    let (mut best, mut owner) = (vec![0.0_f32; n], vec![0_usize; n]);
    let gain =
        |j: usize, best: &[f32]| -> f64 { similar(j).iter().zip(best).map(|(s, b)| f64::from((s - b).max(0.0))).sum() };
    let first: Vec<f64> = (0..n).into_par_iter().map(|j| gain(j, &best)).collect();
    let mut heap: BinaryHeap<Bound> =
        first.into_iter().enumerate().map(|(row, gain)| Bound { gain, row, at: 0 }).collect();
    let mut cover = Cover { order: Vec::with_capacity(m), weights: vec![0.0; m], gains: Vec::with_capacity(m) };
    while cover.order.len() < m {
        let Some(top) = heap.pop() else { break };
        let step = cover.order.len();
        if top.at != step {
            heap.push(Bound { gain: gain(top.row, &best), at: step, ..top });
            continue;
        }
        for (i, (&s, b)) in similar(top.row).iter().zip(&mut best).enumerate() {
            if s > *b {
                (*b, owner[i]) = (s, step);
            }
        }
        cover.order.push(top.row);
        cover.gains.push(top.gain);
    }
    if m > 0 {
        for step in owner {
            cover.weights[step] += 1.0;
        }
    }
    Ok(cover)
}

/// A gain that was true when `at` rows were chosen; it can only have become smaller since.
#[derive(PartialEq)]
struct Bound {
    gain: f64,
    row: usize,
    at: usize,
}

impl Eq for Bound {}

impl Ord for Bound {
    /// By gain; of equal ones the smaller row is larger.
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(other.row.cmp(&self.row))
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `[n, n]`: the largest squared distance less that of each pair.
fn similarities(rows: &Rows<'_>) -> Vec<f32> {
    let n = rows.n;
    let mut values = vec![0.0_f32; n * n];
    values.par_chunks_exact_mut(n.max(1)).enumerate().for_each(|(i, line)| {
        let own = rows.row(i);
        for (j, value) in line.iter_mut().enumerate() {
            let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
            *value = own.iter().zip(rows.row(j)).map(square).sum::<f64>() as f32;
        }
    });
    let largest = values.par_iter().copied().reduce(|| 0.0, f32::max);
    values.par_iter_mut().for_each(|value| *value = largest - *value);
    values
}
