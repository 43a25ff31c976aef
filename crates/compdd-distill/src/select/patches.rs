//! Crops of images by how sure an observer is of them (RDED, Sun et al., CVPR 2024, section 4.1).

/// The realism of a crop: minus the cross-entropy of an observer's logits `[classes]` with the class that the image is of, in nats.
///
/// # Panics
/// When `class` is no position of `logits`.
pub fn realism(logits: &[f32], class: usize) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - f64::from(largest)).exp()).sum();
    f64::from(logits[class]) - f64::from(largest) - sum.ln()
}

/// The positions of `scores` from the highest to the lowest; equal ones in their order. The first of an image's crops is its best one.
pub fn ranking(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realism_is_the_log_probability_of_the_class() {
        let logits = [1.0_f32, 2.0, 0.5];
        let total: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
        for class in 0..3 {
            assert!((realism(&logits, class) - (f64::from(logits[class]).exp() / total).ln()).abs() < 1e-12);
        }
        assert_eq!(realism(&[1000.0, 0.0], 0), 0.0);
        assert_eq!(realism(&[1000.0, 0.0], 1), -1000.0);
    }

    #[test]
    fn equal_scores_keep_their_order() {
        assert_eq!(ranking(&[0.0, 2.0, 1.0, 2.0]), [1, 3, 2, 0]);
        assert!(ranking(&[]).is_empty());
    }
}
