//! The loss of a batch of images under recovery, and what can be added to it.

use burn::tensor::{Int, Tensor};

use super::statistics::length;
use compdd_nn::nn::loss::hard_cross_entropy;

/// The weights of the terms; cross-entropy counts once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of the distances of all layers together.
    pub statistics: f64,
    /// Of the first layer among them; the others count once.
    pub first_layer: f64,
    /// Of the total variation.
    pub total_variation: f64,
    /// Of the mean length of the images.
    pub l2: f64,
}

/// The terms of a loss, each `[1]`, before their weights.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Cross-entropy with the classes.
    pub cross_entropy: Tensor<1>,
    /// Distance of each layer; none of one that is left out.
    pub layers: Vec<Option<Tensor<1>>>,
    /// The weighted sum that is differentiated.
    pub total: Tensor<1>,
}

impl Weights {
    /// `CE(logits, labels) + statistics * sum_l w_l R_l + total_variation * TV(view) + l2 * mean_b |x_b|` of a network in eval mode
    /// (`SRe2L`, section 3.1); `w` is [`first_layer`](Self::first_layer) for the first layer and 1 for the others.
    ///
    /// # Shapes
    /// `logits [n, outputs]` and `layers`, each `[1]`, are what the network says and sees of `view [n, c, h, w]`, which is what it is shown of
    /// `images [n, c, h, w]`; `labels [n]`: outputs of the network.
    pub fn terms(
        &self,
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        layers: Vec<Option<Tensor<1>>>,
        view: &Tensor<4>,
        images: Tensor<4>,
    ) -> Terms {
        let cross_entropy = hard_cross_entropy(logits, labels);
        let mut total = cross_entropy.clone();
        if self.statistics > 0.0 {
            for (place, distance) in layers.iter().enumerate() {
                let weight = if place == 0 { self.first_layer } else { 1.0 };
                if let Some(distance) = distance {
                    total = total + distance.clone() * (self.statistics * weight);
                }
            }
        }
        if self.total_variation > 0.0 {
            total = total + total_variation(view) * self.total_variation;
        }
        if self.l2 > 0.0 {
            total = total + mean_length(images) * self.l2;
        }
        Terms { cross_entropy, layers, total }
    }
}

/// Sum of the Frobenius norms, each over the whole batch, of the differences of neighbours: across, down, and along both diagonals.
///
/// # Shapes
/// `x [n, c, h, w]` -> `[1]`.
pub fn total_variation(x: &Tensor<4>) -> Tensor<1> {
    let [_, _, h, w] = x.dims();
    let part =
        |rows: [usize; 2], columns: [usize; 2]| x.clone().narrow(2, rows[0], rows[1]).narrow(3, columns[0], columns[1]);
    let (all_rows, upper, lower) = ([0, h], [0, h - 1], [1, h - 1]);
    let (all_columns, left, right) = ([0, w], [0, w - 1], [1, w - 1]);
    let differences = [
        part(all_rows, right) - part(all_rows, left),
        part(lower, all_columns) - part(upper, all_columns),
        part(lower, right) - part(upper, left),
        part(lower, left) - part(upper, right),
    ];
    let lengths = differences.map(|difference| length(difference.flatten::<1>(0, 3)));
    lengths.into_iter().reduce(|sum, length| sum + length).expect("there are four")
}

/// Mean Euclidean length of the images.
///
/// # Shapes
/// `x [n, c, h, w]` -> `[1]`.
pub fn mean_length(x: Tensor<4>) -> Tensor<1> {
    let [n, c, h, w] = x.dims();
    let rows: Tensor<2> = x.reshape([n, c * h * w]);
    rows.square().sum_dim(1).sqrt().mean()
}
