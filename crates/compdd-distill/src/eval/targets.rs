//! Labels as target probabilities.

use burn::tensor::{Device, Tensor, TensorData};

use super::EvalError;
use compdd_core::record::Labels;

/// The labels of a training set as probabilities, ready for minibatches.
#[derive(Clone, Debug)]
pub struct Targets {
    classes: usize,
    rows: Rows,
    /// What each row is multiplied by; none: nothing.
    weights: Option<Vec<f32>>,
}

#[derive(Clone, Debug)]
enum Rows {
    Hard(Vec<u32>),
    Dense(Vec<f32>),
}

impl Targets {
    /// Targets for `images` images and a network of `classes` outputs. Logits go through a softmax at temperature 1;
    /// probabilities are used as they are.
    pub fn new(labels: &Labels, images: usize, classes: usize) -> Result<Self, EvalError> {
        labels.check(images, classes)?;
        let rows = match labels {
            Labels::Hard(labels) => Rows::Hard(labels.clone()),
            Labels::Probabilities { values, .. } => Rows::Dense(values.clone()),
            Labels::Logits { values, .. } => Rows::Dense(values.chunks_exact(classes).flat_map(softmax).collect()),
        };
        Ok(Self { classes, rows, weights: None })
    }

    /// The same rows, each multiplied by a weight: the cross-entropy with them is the weighted one.
    ///
    /// # Errors
    /// When there are not as many weights as rows.
    pub fn weighted(self, weights: Option<&[f32]>) -> Result<Self, EvalError> {
        let rows = match &self.rows {
            Rows::Hard(labels) => labels.len(),
            Rows::Dense(values) => values.len() / self.classes,
        };
        match weights {
            Some(weights) if weights.len() != rows => Err(EvalError::Weights { weights: weights.len(), images: rows }),
            weights => Ok(Self { weights: weights.map(<[f32]>::to_vec), ..self }),
        }
    }

    /// Target probabilities of the images at `indices`: `[indices.len(), classes]`.
    pub fn batch(&self, indices: &[usize], device: &Device) -> Tensor<2> {
        let mut values = vec![0.0_f32; indices.len() * self.classes];
        for (row, &i) in values.chunks_exact_mut(self.classes).zip(indices) {
            match &self.rows {
                Rows::Hard(labels) => row[labels[i] as usize] = 1.0,
                Rows::Dense(rows) => row.copy_from_slice(&rows[i * self.classes..][..self.classes]),
            }
            if let Some(weights) = &self.weights {
                for target in row.iter_mut() {
                    *target *= weights[i];
                }
            }
        }
        Tensor::from_data(TensorData::new(values, [indices.len(), self.classes]), device)
    }
}

/// Rows with a single one, `[labels.len(), classes]`.
///
/// # Panics
/// When a label is not below `classes`.
pub fn hard_rows(labels: &[u32], classes: usize, device: &Device) -> Tensor<2> {
    let indices: Vec<usize> = (0..labels.len()).collect();
    Targets { classes, rows: Rows::Hard(labels.to_vec()), weights: None }.batch(&indices, device)
}

fn softmax(row: &[f32]) -> Vec<f32> {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = row.iter().map(|&v| (f64::from(v) - f64::from(largest)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use compdd_core::rng::Stream;
    use compdd_nn::nn::loss::{hard_cross_entropy, probability_cross_entropy};

    fn loss(labels: &Labels, logits: &Tensor<2>) -> f32 {
        let [n, classes] = logits.dims();
        let indices: Vec<usize> = (0..n).collect();
        let targets = Targets::new(labels, n, classes).unwrap().batch(&indices, &Device::flex());
        probability_cross_entropy(logits.clone(), targets).into_scalar()
    }

    #[test]
    fn soft_labels_approach_hard_ones_and_ignore_constants() {
        let (n, classes) = (8, 10);
        let mut stream = Stream::new(0, "logits", 0);
        let values: Vec<f32> = (0..n * classes).map(|_| stream.normal()).collect();
        let logits = Tensor::<2>::from_data(TensorData::new(values.clone(), [n, classes]), &Device::flex());
        let hard: Vec<u32> = (0..n as u32).map(|i| (3 * i) % 10).collect();
        let ids: Vec<i32> = hard.iter().map(|&label| label as i32).collect();
        let ids = Tensor::from_data(TensorData::new(ids, [n]), &Device::flex());
        let expected: f32 = hard_cross_entropy(logits.clone(), ids).into_scalar();
        let sharp: Vec<f32> =
            hard.iter().flat_map(|&label| (0..10).map(move |c| if c == label { 20.0 } else { 0.0 })).collect();
        let soft = loss(&Labels::Logits { values: sharp, classes }, &logits);
        assert!((expected - soft).abs() < 1e-6, "{expected} {soft}");
        let one_hot = loss(&Labels::Hard(hard), &logits);
        assert!((expected - one_hot).abs() < 1e-6, "{expected} {one_hot}");

        let plain = loss(&Labels::Logits { values: values.clone(), classes }, &logits);
        let shifted = values.iter().enumerate().map(|(i, v)| v + (i / classes) as f32).collect();
        let moved = loss(&Labels::Logits { values: shifted, classes }, &logits);
        assert!((plain - moved).abs() < 1e-6, "{plain} {moved}");
        let probabilities = values.chunks_exact(classes).flat_map(softmax).collect();
        let given = loss(&Labels::Probabilities { values: probabilities, classes }, &logits);
        assert!((given - plain).abs() < 1e-9);
    }

    #[test]
    fn the_weighted_loss_is_the_weighted_mean() {
        let logits = Tensor::<2>::from_data([[1.0, 0.0], [0.0, 2.0], [0.5, 0.5]], &Device::flex());
        let targets = || Targets::new(&Labels::Hard(vec![0, 0, 1]), 3, 2).unwrap();
        let loss = |targets: &Targets, rows: &[usize]| -> f32 {
            let logits = Tensor::cat(rows.iter().map(|&row| logits.clone().narrow(0, row, 1)).collect(), 0);
            probability_cross_entropy(logits, targets.batch(rows, &Device::flex())).into_scalar()
        };
        let weights = [0.5, 2.0, 0.5];
        let weighted = targets().weighted(Some(&weights)).unwrap();
        let expected: f32 = (0..3).map(|i| weights[i] * loss(&targets(), &[i])).sum::<f32>() / 3.0;
        assert!((loss(&weighted, &[0, 1, 2]) - expected).abs() < 1e-6);
        assert!(targets().weighted(Some(&[1.0; 2])).unwrap_err().to_string().contains('2'));
    }

    #[test]
    fn labels_that_do_not_fit_are_named() {
        let message = Targets::new(&Labels::Hard(vec![0, 3]), 2, 3).unwrap_err().to_string();
        assert!(message.contains("image 1 has label 3"), "{message}");
    }
}
