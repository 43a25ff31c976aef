//! Sums over a batch, cut into a number of parts that depends on the work alone, so that the result does not depend on
//! how many threads there are.

use std::ops::Range;

use rayon::prelude::*;

/// Most partial sums of one reduction.
const MOST: usize = 16;
/// Most floats in all the partial sums of one reduction (64 MiB), where two do not take more.
const FLOATS: usize = 1 << 24;

/// A reduction of `units` pieces of work to a vector of `len` floats.
pub struct Parts {
    units: usize,
    len: usize,
    count: usize,
}

impl Parts {
    /// Decides on the number of partial sums.
    pub fn new(units: usize, len: usize) -> Self {
        let most = (FLOATS / len.max(1)).clamp(2, MOST);
        Self { units, len, count: units.div_ceil(4).clamp(2, most).min(units) }
    }

    /// Runs `add(pieces, sum)` for each part's pieces of work, with a sum of its own that starts at zero, and adds the
    /// sums, first to last.
    pub fn sum(&self, add: impl Fn(Range<usize>, &mut [f32]) + Sync) -> Vec<f32> {
        let mut sums: Vec<Vec<f32>> = (0..self.count)
            .into_par_iter()
            .map(|part| {
                let mut sum = vec![0.0; self.len];
                add(part * self.units / self.count..(part + 1) * self.units / self.count, &mut sum);
                sum
            })
            .collect();
        let rest = sums.split_off(1.min(sums.len()));
        let mut total = sums.pop().unwrap_or_default();
        total.par_chunks_mut(4096).enumerate().for_each(|(i, chunk)| {
            for sum in &rest {
                for (total, value) in chunk.iter_mut().zip(&sum[i * 4096..]) {
                    *total += value;
                }
            }
        });
        total
    }
}
