//! What the distilled images are labelled with.

use super::{LabelKind, RecordError};

/// One label per image, in image order.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// Class positions.
    Hard(Vec<u32>),
    /// Scores before the softmax (DATM, PAD, EDF); the loss applies it at temperature 1.
    Logits {
        /// `[N, classes]`, row by row.
        values: Vec<f32>,
        /// Width of a row.
        classes: usize,
    },
    /// Distributions (TESLA); each row sums to 1 and no softmax is applied.
    Probabilities {
        /// `[N, classes]`, row by row.
        values: Vec<f32>,
        /// Width of a row.
        classes: usize,
    },
}

impl Labels {
    /// Number of labelled images.
    pub fn len(&self) -> usize {
        match self {
            Self::Hard(labels) => labels.len(),
            Self::Logits { values, classes } | Self::Probabilities { values, classes } => {
                values.len().checked_div(*classes).unwrap_or(0)
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What they are: the word in manifests and tables.
    pub fn kind(&self) -> LabelKind {
        match self {
            Self::Hard(_) => LabelKind::Hard,
            Self::Logits { .. } => LabelKind::Logits,
            Self::Probabilities { .. } => LabelKind::Probabilities,
        }
    }

    /// Bytes that the labels take on disk as hard indices or `f32` rows: soft labels are not free.
    pub fn stored_bytes(&self) -> usize {
        match self {
            Self::Hard(labels) => labels.len() * size_of::<i64>(),
            Self::Logits { values, .. } | Self::Probabilities { values, .. } => values.len() * size_of::<f32>(),
        }
    }

    /// The class of each image: the label, or the first largest entry of its row.
    pub fn classes_of_images(&self) -> Vec<u32> {
        match self {
            Self::Hard(labels) => labels.clone(),
            Self::Logits { values, classes } | Self::Probabilities { values, classes } => {
                values.chunks_exact((*classes).max(1)).map(argmax).collect()
            }
        }
    }

    /// The labels of some images, in the order of `indices`.
    ///
    /// # Panics
    /// If an index is not below [`Labels::len`].
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let rows = |values: &[f32], width: usize| -> Vec<f32> {
            indices.iter().flat_map(|&i| values[i * width..(i + 1) * width].iter().copied()).collect()
        };
        match self {
            Self::Hard(labels) => Self::Hard(indices.iter().map(|&i| labels[i]).collect()),
            Self::Logits { values, classes } => Self::Logits { values: rows(values, *classes), classes: *classes },
            Self::Probabilities { values, classes } => {
                Self::Probabilities { values: rows(values, *classes), classes: *classes }
            }
        }
    }

    /// Checks the labels against the number of images and classes they are for.
    pub fn check(&self, images: usize, classes: usize) -> Result<(), RecordError> {
        let wrong = |text: String| Err(RecordError::Inconsistent(text));
        match self {
            Self::Hard(labels) => {
                if let Some((i, label)) = labels.iter().enumerate().find(|(_, l)| **l as usize >= classes) {
                    return wrong(format!("image {i} has label {label}, but there are {classes} classes"));
                }
            }
            Self::Logits { values, classes: width } | Self::Probabilities { values, classes: width } => {
                if *width != classes || values.len() != self.len() * width {
                    return wrong(format!("label rows are {width} wide, but there are {classes} classes"));
                }
                if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                    return wrong(format!("the label row of image {} holds {}", at / width, values[at]));
                }
            }
        }
        if let Self::Probabilities { values, classes: width } = self {
            for (i, row) in values.chunks_exact(*width).enumerate() {
                let sum: f32 = row.iter().sum();
                if (sum - 1.0).abs() > 1e-3 || row.iter().any(|p| *p < 0.0) {
                    return wrong(format!("the label row of image {i} is no distribution: it sums to {sum}"));
                }
            }
        }
        if self.len() != images {
            return wrong(format!("{} labels for {images} images", self.len()));
        }
        Ok(())
    }
}

fn argmax(row: &[f32]) -> u32 {
    let mut best = 0;
    for (i, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = i;
        }
    }
    best as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_and_selected() {
        let soft = Labels::Logits { values: vec![0.0, 1.0, 5.0, 2.0, -1.0, -1.0], classes: 2 };
        assert_eq!(soft.len(), 3);
        assert_eq!(soft.classes_of_images(), [1, 0, 0]);
        assert_eq!(soft.select(&[1]), Labels::Logits { values: vec![5.0, 2.0], classes: 2 });
        assert!(soft.check(3, 2).is_ok());
        assert!(soft.check(4, 2).is_err());
        assert!(soft.check(3, 3).is_err());
    }

    #[test]
    fn impossible_labels_are_named() {
        let hard = Labels::Hard(vec![0, 10]);
        assert!(hard.check(2, 10).unwrap_err().to_string().contains("image 1 has label 10"));
        let flat = Labels::Probabilities { values: vec![0.5, 0.6], classes: 2 };
        assert!(flat.check(1, 2).unwrap_err().to_string().contains("no distribution"));
    }
}
