//! Greedy choice for a validation set (GLISTER: Killamsetty et al., AAAI 2021, algorithm 1), on gradients of the last layer's bias.

use super::{
    SelectError,
    gradients::bias_gradient,
    rows::{Rows, first_largest},
};
use compdd_core::rng::Stream;

/// Validation images as the network sees them.
#[derive(Clone, Copy, Debug)]
pub struct Validation<'a> {
    /// `[v, classes]`, row-major.
    pub logits: &'a [f32],
    /// `[v]`.
    pub labels: &'a [u32],
}

/// Which rows compete for each place.
#[derive(Clone, Debug)]
pub enum Candidates {
    /// All that are left.
    All,
    /// A random `n / m ln 100` of those that are left, or all where fewer are: what CORDS configures.
    Sample(Box<Stream>),
}

/// A greedy choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The chosen rows, in the order they were chosen.
    pub order: Vec<usize>,
    /// `<g_i, G>` of each when it was chosen.
    pub gains: Vec<f64>,
}

/// The rows whose steps lower the validation loss most: greedily the largest `<g_i, G>`, where `G` is the mean gradient of the validation images
/// after a step of size `eta` along the sum of the rows chosen so far, `z = z_0 - eta sum_{j in A} g_j`. With `eta = 0` that is the order of
/// `<g_i, G>`.
///
/// # Shapes
/// `gradients` `[n, classes]` ([`bias_gradients`](super::bias_gradients)) -> `m` distinct rows.
///
/// # Errors
/// As [`herding`](super::herding).
///
/// # Panics
/// When a validation label is not below `classes`.
pub fn glister(
    gradients: &[f32],
    [n, classes, m]: [usize; 3],
    validation: Validation<'_>,
    eta: f64,
    mut candidates: Candidates,
) -> Result<Choice, SelectError> {
    let rows = Rows::new(gradients, n, classes, m)?;
    let mut choice = Choice { order: Vec::with_capacity(m), gains: Vec::with_capacity(m) };
    let (mut left, mut moved) = ((0..n).collect::<Vec<_>>(), vec![0.0_f64; classes]);
    let pool = (n as f64 / m.max(1) as f64 * 100_f64.ln()) as usize;
    while choice.order.len() < m {
        let gradient = validation.gradient(&moved, eta);
        let gain = |i: usize| rows.row(i).iter().zip(&gradient).map(|(&g, v)| f64::from(g) * v).sum::<f64>();
        if let Candidates::Sample(stream) = &mut candidates {
            // The first of `left` compete: a partial shuffle draws them.
            for k in 0..pool.max(1).min(left.len()) {
                let other = k + stream.below(left.len() - k);
                left.swap(k, other);
            }
        }
        let competing = match candidates {
            Candidates::All => &left[..],
            Candidates::Sample(_) => &left[..pool.max(1).min(left.len())],
        };
        let gains: Vec<f64> = competing.iter().map(|&i| gain(i)).collect();
        let Some(place) = first_largest(&gains, |_| true) else { break };
        let pick = left.remove(place);
        choice.order.push(pick);
        choice.gains.push(gains[place]);
        moved.iter_mut().zip(rows.row(pick)).for_each(|(sum, &g)| *sum += f64::from(g));
    }
    Ok(choice)
}

impl Validation<'_> {
    /// The mean gradient of the bias after a step along `moved`.
    fn gradient(&self, moved: &[f64], eta: f64) -> Vec<f64> {
        let classes = moved.len();
        let mut mean = vec![0.0_f64; classes];
        for (logits, &label) in self.logits.chunks_exact(classes).zip(self.labels) {
            let stepped: Vec<f32> = logits.iter().zip(moved).map(|(&z, m)| (f64::from(z) - eta * m) as f32).collect();
            mean.iter_mut().zip(bias_gradient(&stepped, label)).for_each(|(sum, g)| *sum += f64::from(g));
        }
        mean.into_iter().map(|sum| sum / self.labels.len().max(1) as f64).collect()
    }
}
