//! What one pass of a convolution computes: one or several sums of convolutions that share their operands.

/// Which maps meet which weights in each result: pairs of their numbers.
pub type Sums = &'static [&'static [(usize, usize)]];

/// Results that are sums of convolutions: number `r` is the sum of `maps[m] * weights[w]` over the pairs `(m, w)` of
/// `sums[r]`. Every pair has the same sizes. Maps and weights are prepared once, however many results use them.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// Batches of maps.
    pub maps: &'a [&'a [f32]],
    /// Filters.
    pub weights: &'a [&'a [f32]],
    /// The pairs of each result. The results follow one another in this order.
    pub sums: Sums,
}

impl Plan<'_> {
    /// One batch of maps, one set of filters, one result.
    pub const ONE: Sums = &[&[(0, 0)]];
}
