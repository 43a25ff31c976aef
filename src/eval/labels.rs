//! What a student is told about an image, as target probabilities.

use burn::tensor::{Device, Tensor, TensorData};

use super::EvalError;

/// The labels of a training set, in image order.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// A class number per image.
    Hard(Vec<u32>),
    /// A row of logits per image; the loss takes their softmax (DATM, PAD, EDF, Comp-DD).
    Logits {
        /// `[n, classes]`, row-major.
        values: Vec<f32>,
        /// Row length.
        classes: usize,
    },
    /// A row of probabilities per image, used as they are (TESLA with teacher labels).
    Probabilities {
        /// `[n, classes]`, row-major.
        values: Vec<f32>,
        /// Row length.
        classes: usize,
    },
}

impl Labels {
    /// Number of labelled images.
    pub fn len(&self) -> usize {
        match self {
            Self::Hard(labels) => labels.len(),
            Self::Logits { values, classes } | Self::Probabilities { values, classes } => {
                values.len() / (*classes).max(1)
            }
        }
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that there is one label for each of `images`, and that it fits a network of `classes` outputs.
    pub fn validate(&self, images: usize, classes: usize) -> Result<(), EvalError> {
        let wrong = |reason: String| Err(EvalError::Labels { reason });
        match self {
            Self::Hard(labels) => {
                if let Some(label) = labels.iter().find(|&&label| label as usize >= classes) {
                    return wrong(format!("label {label} is out of range for {classes} classes"));
                }
            }
            Self::Logits { values, classes: width } | Self::Probabilities { values, classes: width } => {
                if *width != classes || values.len() % classes.max(1) != 0 {
                    return wrong(format!("rows of {width} values cannot label {classes} classes"));
                }
                if let Some(position) = values.iter().position(|v| !v.is_finite()) {
                    return wrong(format!("the label of image {} is not finite", position / classes));
                }
            }
        }
        if self.len() == images {
            Ok(())
        } else {
            wrong(format!("there are {} labels, but the training set has {images} image(s)", self.len()))
        }
    }

    /// The labels as target probabilities, ready for minibatches.
    pub fn targets(&self, classes: usize) -> Targets {
        match self {
            Self::Hard(labels) => Targets { classes, rows: Rows::Hard(labels.clone()) },
            Self::Probabilities { values, .. } => Targets { classes, rows: Rows::Dense(values.clone()) },
            Self::Logits { values, .. } => {
                let rows = values.chunks_exact(classes).flat_map(softmax);
                Targets { classes, rows: Rows::Dense(rows.collect()) }
            }
        }
    }
}

fn softmax(row: &[f32]) -> Vec<f32> {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = row.iter().map(|&v| (f64::from(v) - f64::from(largest)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / sum) as f32).collect()
}

/// Labels as probabilities.
#[derive(Clone, Debug)]
pub struct Targets {
    classes: usize,
    rows: Rows,
}

#[derive(Clone, Debug)]
enum Rows {
    Hard(Vec<u32>),
    Dense(Vec<f32>),
}

impl Targets {
    /// Target probabilities of the images at `indices`: `[indices.len(), classes]`.
    pub fn batch(&self, indices: &[usize], device: &Device) -> Tensor<2> {
        let mut values = vec![0.0_f32; indices.len() * self.classes];
        for (row, &i) in values.chunks_exact_mut(self.classes).zip(indices) {
            match &self.rows {
                Rows::Hard(labels) => row[labels[i] as usize] = 1.0,
                Rows::Dense(rows) => row.copy_from_slice(&rows[i * self.classes..][..self.classes]),
            }
        }
        Tensor::from_data(TensorData::new(values, [indices.len(), self.classes]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{nn::loss::{hard_cross_entropy, probability_cross_entropy, soft_cross_entropy}, rng::Stream};

    fn loss(labels: &Labels, logits: &Tensor<2>) -> f32 {
        let [n, classes] = logits.dims();
        labels.validate(n, classes).unwrap();
        let indices: Vec<usize> = (0..n).collect();
        probability_cross_entropy(logits.clone(), labels.targets(classes).batch(&indices, &Device::flex())).into_scalar()
    }

    #[test]
    fn e12_soft_labels_approach_hard_ones_and_ignore_constants() {
        let (n, classes) = (8, 10);
        let mut stream = Stream::new(0, "logits", 0);
        let values: Vec<f32> = (0..n * classes).map(|_| stream.normal()).collect();
        let logits = Tensor::<2>::from_data(TensorData::new(values.clone(), [n, classes]), &Device::flex());
        let hard: Vec<u32> = (0..n as u32).map(|i| (3 * i) % 10).collect();
        let sharp: Vec<f32> =
            hard.iter().flat_map(|&label| (0..10).map(move |c| if c == label { 20.0 } else { 0.0 })).collect();
        let expected = loss(&Labels::Hard(hard), &logits);
        let soft = loss(&Labels::Logits { values: sharp, classes }, &logits);
        assert!((expected - soft).abs() < 1e-6, "{expected} {soft}");

        let plain = loss(&Labels::Logits { values: values.clone(), classes }, &logits);
        let shifted = values.iter().enumerate().map(|(i, v)| v + (i / classes) as f32).collect();
        let moved = loss(&Labels::Logits { values: shifted, classes }, &logits);
        assert!((plain - moved).abs() < 1e-6, "{plain} {moved}");
        let probabilities = values.chunks_exact(classes).flat_map(softmax).collect();
        assert_eq!(loss(&Labels::Probabilities { values: probabilities, classes }, &logits), plain);
    }

    #[test]
    fn labels_that_do_not_fit_are_named() {
        let message = |labels: Labels| labels.validate(2, 3).unwrap_err().to_string();
        assert!(message(Labels::Hard(vec![0, 3])).contains("label 3 is out of range for 3 classes"));
        assert!(message(Labels::Hard(vec![0])).contains("there are 1 labels"));
        assert!(message(Labels::Logits { values: vec![0.0; 8], classes: 4 }).contains("rows of 4 values"));
        assert!(
            message(Labels::Logits { values: vec![0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0], classes: 3 }).contains("image 1")
        );
    }
}
