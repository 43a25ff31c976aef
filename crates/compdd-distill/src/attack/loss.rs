//! Losses of every image, which attacks climb.

use burn::tensor::{Int, Tensor, TensorData, activation::log_softmax};

use super::batch::host;

/// Keeps quotients of logits finite.
const TINY: f32 = 1e-12;

/// The classes of every row, the largest logit first; of equal ones the smaller class.
///
/// # Shapes
/// `logits [n, classes]`.
pub fn ranked(logits: &Tensor<2>) -> Vec<Vec<usize>> {
    let [_, classes] = logits.dims();
    let order = |row: &[f32]| {
        let mut order: Vec<usize> = (0..classes).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        order
    };
    host(logits.clone()).chunks_exact(classes).map(order).collect()
}

/// One entry of every row.
fn entries(logits: &Tensor<2>, columns: impl Iterator<Item = usize>) -> Tensor<1> {
    let columns: Vec<i32> = columns.map(|column| column as i32).collect();
    let count = columns.len();
    let device = logits.clone().inner().device();
    let columns = Tensor::<2, Int>::from_data(TensorData::new(columns, [count, 1]), &device);
    logits.clone().gather(1, columns).reshape([count])
}

fn labelled(labels: &[u32]) -> impl Iterator<Item = usize> {
    labels.iter().map(|&label| label as usize)
}

/// The largest class of every row but the label's.
fn others<'a>(orders: &'a [Vec<usize>], labels: &'a [u32]) -> impl Iterator<Item = usize> + 'a {
    let other = |(order, &label): (&Vec<usize>, &u32)| order[usize::from(order[0] == label as usize)];
    orders.iter().zip(labels).map(other)
}

/// Cross-entropy of every row with its class.
///
/// # Shapes
/// `logits [n, classes]` -> `[n]`.
pub fn cross_entropies(logits: Tensor<2>, labels: &[u32]) -> Tensor<1> {
    entries(&log_softmax(logits, 1), labelled(labels)).neg()
}

/// `z_y - max_{i != y} z_i`: positive where the row is right.
///
/// # Shapes
/// `logits [n, classes]` with two classes or more -> `[n]`.
pub fn margins(logits: &Tensor<2>, labels: &[u32]) -> Tensor<1> {
    let orders = ranked(logits);
    entries(logits, labelled(labels)) - entries(logits, others(&orders, labels))
}

/// The difference of logits ratio `-(z_y - max_{i != y} z_i) / (z_1 - z_3)`, with `z_k` the `k`-th largest logit (arXiv 2003.01690, equation 6).
///
/// # Shapes
/// `logits [n, classes]` with three classes or more -> `[n]`.
pub fn difference_of_logits(logits: &Tensor<2>, labels: &[u32]) -> Tensor<1> {
    let orders = ranked(logits);
    let place = |k: usize| entries(logits, orders.iter().map(move |order| order[k]));
    let margin = entries(logits, labelled(labels)) - entries(logits, others(&orders, labels));
    margin.neg() / (place(0) - place(2)).add_scalar(TINY)
}

/// Its form with a target: `-(z_y - z_t) / (z_1 - (z_3 + z_4) / 2)` (arXiv 2003.01690, equation 7).
///
/// # Shapes
/// `logits [n, classes]` with four classes or more -> `[n]`.
pub fn targeted_difference(logits: &Tensor<2>, labels: &[u32], targets: &[usize]) -> Tensor<1> {
    let orders = ranked(logits);
    let place = |k: usize| entries(logits, orders.iter().map(move |order| order[k]));
    let gap = entries(logits, labelled(labels)) - entries(logits, targets.iter().copied());
    gap.neg() / (place(0) - (place(2) + place(3)).mul_scalar(0.5)).add_scalar(TINY)
}
