//! Orthogonal matching pursuit on gradients (`GradMatch`: Killamsetty et al., ICML 2021, algorithm 2).

use super::{
    SelectError,
    rows::{Rows, first_largest},
};

/// A weighted sum of gradients that comes near a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Pursuit {
    /// The rows of the sum, in the order they were chosen; fewer than were allowed where no further one helps.
    pub order: Vec<usize>,
    /// Their weights, 0 or more.
    pub weights: Vec<f64>,
    /// Length of what is left of the target.
    pub residual: f64,
}

/// What the sum of gradients is to come near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Their sum, as CORDS has it.
    Sum,
    /// Their mean.
    Mean,
}

/// Greedy search for weights `x >= 0` of at most `m` rows with `sum_i x_i g_i` near the target `b`: the row with the largest `<g_i, r>` is added,
/// the weights of all chosen rows follow from `(A A^T + lambda I) x = A b`, rows with a negative weight leave one by one, and `r = b - A^T x`. A
/// row alone is projected on without `lambda`, as CORDS does it. The search ends early at `|r| < tolerance |b|`, when the row to add is chosen
/// already, and when it depends linearly on the chosen ones.
///
/// # Shapes
/// `gradients` `[n, d]`, row-major.
///
/// # Errors
/// As [`herding`](super::herding).
pub fn gradmatch(
    gradients: &[f32],
    [n, d, m]: [usize; 3],
    target: Target,
    lambda: f64,
    tolerance: f64,
) -> Result<Pursuit, SelectError> {
    let rows = Rows::new(gradients, n, d, m)?;
    let b = match target {
        Target::Sum => rows.sum(),
        Target::Mean => rows.mean(),
    };
    let (along, length) = (rows.products(&b), norm(&b));
    let (mut system, mut weights, mut residual) = (System { lambda, ..System::default() }, Vec::new(), b.clone());
    for _ in 0..m {
        if norm(&residual) < tolerance * length {
            break;
        }
        let correlations = rows.products(&residual);
        let Some(pick) = first_largest(&correlations, |_| true).filter(|pick| !system.chosen.contains(pick)) else {
            break;
        };
        if !system.push(pick, &rows) {
            break;
        }
        weights = if let [only] = system.chosen[..] {
            vec![correlations[only] / system.gram[0][0]]
        } else {
            system.solve(&along)
        };
        while weights.len() > 1
            && let Some(least) = first_largest(&weights.iter().map(|w| -w).collect::<Vec<_>>(), |i| weights[i] < 0.0)
        {
            system.remove(least);
            weights = system.solve(&along);
        }
        residual.clone_from(&b);
        for (&row, weight) in system.chosen.iter().zip(&weights) {
            residual.iter_mut().zip(rows.row(row)).for_each(|(r, &g)| *r -= weight * f64::from(g));
        }
    }
    Ok(Pursuit { order: system.chosen, weights, residual: norm(&residual) })
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// `A A^T + lambda I` of the chosen rows and its Cholesky factor, which grows by a line with every row.
#[derive(Default)]
struct System {
    lambda: f64,
    chosen: Vec<usize>,
    /// Inner products of the rows, the lower triangle.
    gram: Vec<Vec<f64>>,
    /// Lower triangle of the factor.
    factor: Vec<Vec<f64>>,
}

impl System {
    /// Adds a row; refuses one that depends linearly on the others.
    fn push(&mut self, row: usize, rows: &Rows<'_>) -> bool {
        let product = |&other: &usize| {
            rows.row(row).iter().zip(rows.row(other)).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let line: Vec<f64> = self.chosen.iter().chain([&row]).map(product).collect();
        let Some(factor) = self.line(&line) else { return false };
        self.chosen.push(row);
        self.gram.push(line);
        self.factor.push(factor);
        true
    }

    /// The next line of the factor.
    fn line(&self, gram: &[f64]) -> Option<Vec<f64>> {
        let (diagonal, others) = gram.split_last()?;
        let mut line = forward(&self.factor, others);
        let square = diagonal + self.lambda - line.iter().map(|v| v * v).sum::<f64>();
        (square > 1e-12 * diagonal).then(|| {
            line.push(square.sqrt());
            line
        })
    }

    /// Takes a row out by its place among the chosen ones.
    fn remove(&mut self, place: usize) {
        self.chosen.remove(place);
        self.gram.remove(place);
        for line in self.gram.iter_mut().skip(place) {
            line.remove(place);
        }
        self.factor.truncate(place);
        for k in place..self.gram.len() {
            // A principal part of a positive definite matrix is positive definite.
            let line = self.line(&self.gram[k]).unwrap_or_else(|| unit(k));
            self.factor.push(line);
        }
    }

    /// The weights of the chosen rows; `along` are the inner products of all rows with the target.
    fn solve(&self, along: &[f64]) -> Vec<f64> {
        let right: Vec<f64> = self.chosen.iter().map(|&row| along[row]).collect();
        let mut x = forward(&self.factor, &right);
        for k in (0..x.len()).rev() {
            x[k] /= self.factor[k][k];
            for j in 0..k {
                x[j] -= self.factor[k][j] * x[k];
            }
        }
        x
    }
}

/// Solves `L y = right` for a lower triangle.
fn forward(lower: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let mut y: Vec<f64> = Vec::with_capacity(right.len());
    for (line, value) in lower.iter().zip(right) {
        let known: f64 = line.iter().zip(&y).map(|(l, y)| l * y).sum();
        y.push((value - known) / line[y.len()]);
    }
    y
}

/// A line of the identity.
fn unit(k: usize) -> Vec<f64> {
    (0..=k).map(|j| f64::from(u8::from(j == k))).collect()
}
