//! Sums over a batch, cut into a number of parts that depends on the work alone, so that the result does not depend on how many
//! threads there are.

use std::ops::Range;

use rayon::prelude::*;

/// Most partial sums of one reduction.
const PARTS: usize = 16;

/// Number of partial sums for `units` pieces of work.
pub fn parts(units: usize) -> usize {
    units.div_ceil(4).clamp(2, PARTS).min(units.max(1))
}

/// The pieces of work in partial sum number `part`.
pub fn part_range(units: usize, part: usize) -> Range<usize> {
    let parts = parts(units);
    part * units / parts..(part + 1) * units / parts
}

/// Adds vectors of one length, first to last; empty when there is none.
pub fn add_parts(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_default();
    let rest: Vec<Vec<f32>> = parts.collect();
    sum.par_chunks_mut(4096).enumerate().for_each(|(i, chunk)| {
        for part in &rest {
            for (total, value) in chunk.iter_mut().zip(&part[i * 4096..]) {
                *total += value;
            }
        }
    });
    sum
}
