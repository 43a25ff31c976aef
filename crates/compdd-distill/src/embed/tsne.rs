//! Exact t-SNE (van der Maaten and Hinton, JMLR 9, 2008): neighbours in many dimensions stay neighbours in two.
//!
//! All pairs are computed, in double precision, row by row on all threads; sums are taken in a fixed order, so that equal input gives
//! equal bytes. Cost grows with the square of the number of images: 1000 take seconds.

use rayon::prelude::*;

use super::EmbedError;
use compdd_core::rng::Stream;

/// Fewer points have no neighbourhoods.
const LEAST: usize = 8;
/// Neighbours are pulled together so many times more at first (`early exaggeration`), for so many iterations.
const EXAGGERATION: f64 = 12.0;
const EARLY: usize = 250;
/// Steps of the search for the width of a neighbourhood, and how near its entropy must come.
const HALVINGS: usize = 100;
const NEAR: f64 = 1e-7;

/// How points are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tsne {
    /// Number of neighbours that count, about. At most a third of the other points are used.
    pub perplexity: f64,
    /// Steps of the descent.
    pub iterations: usize,
    /// Of the first places.
    pub seed: u64,
}

/// Points of a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// Their places, in the order of the rows.
    pub at: Vec<[f64; 2]>,
    /// What is lost: the Kullback-Leibler divergence of the neighbourhoods, in nats.
    pub divergence: f64,
    /// The perplexity that was used.
    pub perplexity: f64,
}

impl Default for Tsne {
    fn default() -> Self {
        Self { perplexity: 30.0, iterations: 1000, seed: 0 }
    }
}

impl Tsne {
    /// Lays out rows of equal length, a point a row.
    ///
    /// # Errors
    /// When there are fewer than eight, when a value is not finite, and when the perplexity is not above 1.
    pub fn embed(&self, rows: &[Vec<f32>]) -> Result<Embedding, EmbedError> {
        let n = rows.len();
        if n < LEAST {
            return Err(EmbedError::Few { found: n, least: LEAST });
        }
        if self.perplexity.is_nan() || self.perplexity <= 1.0 {
            return Err(EmbedError::Perplexity { perplexity: self.perplexity });
        }
        if let Some(image) = rows.iter().position(|row| row.iter().any(|value| !value.is_finite())) {
            return Err(EmbedError::NotFinite { image });
        }
        let perplexity = self.perplexity.min((n - 1) as f64 / 3.0);
        let near = affinities(rows, perplexity);
        let mut stream = Stream::new(self.seed, "t-sne", 0);
        let mut place = || f64::from(stream.normal()) * 1e-4;
        let mut at: Vec<[f64; 2]> = (0..n).map(|_| [place(), place()]).collect();
        self.descend(&near, &mut at);
        let divergence = divergence(&near, &at);
        Ok(Embedding { at, divergence, perplexity })
    }

    /// Gradient descent with momentum and a gain for every coordinate (section 3.4 of the paper); the rate is that of Belkina et al. (Nature
    /// Communications 10, 2019): the number of points by the exaggeration, and 50 at least, here for a gradient with its factor of 4.
    fn descend(&self, near: &[Vec<f64>], at: &mut [[f64; 2]]) {
        let n = at.len();
        let rate = (n as f64 / EXAGGERATION / 4.0).max(50.0);
        let (mut speed, mut gain) = (vec![[0.0_f64; 2]; n], vec![[1.0_f64; 2]; n]);
        for iteration in 0..self.iterations {
            let early = iteration < EARLY;
            let (pull, momentum) = if early { (EXAGGERATION, 0.5) } else { (1.0, 0.8) };
            let slope = gradient(near, at, pull);
            for i in 0..n {
                for axis in 0..2 {
                    let same = (slope[i][axis] > 0.0) == (speed[i][axis] > 0.0);
                    gain[i][axis] = if same { gain[i][axis] * 0.8 } else { gain[i][axis] + 0.2 }.max(0.01);
                    speed[i][axis] = momentum * speed[i][axis] - rate * gain[i][axis] * slope[i][axis];
                    at[i][axis] += speed[i][axis];
                }
            }
        }
    }
}

/// Symmetric affinities of the rows, `[n][n]`, which add up to 1 (equations 1 and 2 of the paper, and their mean).
pub(super) fn affinities(rows: &[Vec<f32>], perplexity: f64) -> Vec<Vec<f64>> {
    let n = rows.len();
    let distance =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum() };
    let one_sided: Vec<Vec<f64>> = (0..n)
        .into_par_iter()
        .map(|i| neighbourhood(&rows.iter().map(|row| distance(&rows[i], row)).collect::<Vec<_>>(), i, perplexity))
        .collect();
    let both = |i: usize, j: usize| ((one_sided[i][j] + one_sided[j][i]) / (2 * n) as f64).max(1e-12);
    (0..n).map(|i| (0..n).map(|j| if i == j { 0.0 } else { both(i, j) }).collect()).collect()
}

/// Shares of the neighbours of point `i`, from squared distances; the width is such that they have the perplexity.
fn neighbourhood(distances: &[f64], i: usize, perplexity: f64) -> Vec<f64> {
    let others = || distances.iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, distance)| *distance);
    let nearest = others().fold(f64::INFINITY, f64::min);
    let spread = others().map(|distance| distance - nearest).sum::<f64>() / (distances.len() - 1) as f64;
    let (mut low, mut high, mut precision) = (0.0, f64::INFINITY, 1.0 / spread.max(f64::MIN_POSITIVE));
    let weights = |precision: f64| -> Vec<f64> {
        let weight =
            |(j, distance): (usize, &f64)| if j == i { 0.0 } else { (-precision * (distance - nearest)).exp() };
        let weights: Vec<f64> = distances.iter().enumerate().map(weight).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    let mut found = weights(precision);
    for _ in 0..HALVINGS {
        let entropy: f64 = found.iter().filter(|share| **share > 0.0).map(|share| -share * share.ln()).sum();
        let beyond = entropy - perplexity.ln();
        if beyond.abs() < NEAR {
            break;
        }
        if beyond > 0.0 {
            low = precision;
            precision = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * precision };
        } else {
            high = precision;
            precision = f64::midpoint(low, high);
        }
        found = weights(precision);
    }
    found
}

/// `1 / (1 + distance²)` of two points.
fn nearness(a: [f64; 2], b: [f64; 2]) -> f64 {
    1.0 / (1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2))
}

/// The sum of the nearness of all ordered pairs.
fn total(at: &[[f64; 2]]) -> f64 {
    let row = |i: usize| (0..at.len()).filter(|j| *j != i).map(|j| nearness(at[i], at[j])).sum::<f64>();
    let rows: Vec<f64> = (0..at.len()).into_par_iter().map(row).collect();
    rows.iter().sum()
}

/// The gradient of the divergence (equation 5 of the paper), affinities taken `pull` times.
pub(super) fn gradient(near: &[Vec<f64>], at: &[[f64; 2]], pull: f64) -> Vec<[f64; 2]> {
    let total = total(at);
    let slope = |i: usize| {
        let mut sum = [0.0; 2];
        for j in (0..at.len()).filter(|j| *j != i) {
            let close = nearness(at[i], at[j]);
            let weight = 4.0 * (pull * near[i][j] - close / total) * close;
            sum[0] += weight * (at[i][0] - at[j][0]);
            sum[1] += weight * (at[i][1] - at[j][1]);
        }
        sum
    };
    (0..at.len()).into_par_iter().map(slope).collect()
}

/// The Kullback-Leibler divergence of the affinities from those of the points.
pub(super) fn divergence(near: &[Vec<f64>], at: &[[f64; 2]]) -> f64 {
    let total = total(at);
    let term = |i: usize, j: usize| near[i][j] * (near[i][j] / (nearness(at[i], at[j]) / total)).ln();
    (0..at.len()).map(|i| (0..at.len()).filter(|j| *j != i).map(|j| term(i, j)).sum::<f64>()).sum()
}
