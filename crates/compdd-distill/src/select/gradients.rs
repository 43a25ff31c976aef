//! Gradients of the last layer, by which the gradient coresets know an image (Killamsetty et al., ICML 2021, section 4; CORDS).

/// The gradient of each image's cross-entropy with respect to its logits, `softmax(z) - onehot(y)`: what the bias of the last layer receives.
///
/// # Shapes
/// `logits` `[n, classes]`, `labels` `[n]` -> `[n, classes]`.
///
/// # Panics
/// When a label is not below `classes`.
pub fn bias_gradients(logits: &[f32], labels: &[u32], classes: usize) -> Vec<f32> {
    logits.chunks_exact(classes).zip(labels).flat_map(|(row, &label)| bias_gradient(row, label)).collect()
}

/// [`bias_gradients`] of one image.
pub(super) fn bias_gradient(logits: &[f32], label: u32) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|&z| (f64::from(z) - f64::from(largest)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    let mut row: Vec<f32> = powers.into_iter().map(|power| (power / sum) as f32).collect();
    row[label as usize] -= 1.0;
    row
}

/// The part of the last layer's gradient that belongs to the image's own class: the entry of the bias, then the row of the weight, which is
/// that entry times the features (`PerClassPerGradient` of CORDS).
///
/// # Shapes
/// `logits` `[n, classes]`, `features` `[n, width]`, `labels` `[n]` -> `[n, width + 1]`.
///
/// # Panics
/// As [`bias_gradients`].
pub fn own_class_gradients(logits: &[f32], features: &[f32], labels: &[u32], classes: usize) -> Vec<f32> {
    let width = features.len() / labels.len().max(1);
    let rows = logits.chunks_exact(classes).zip(features.chunks_exact(width.max(1))).zip(labels);
    rows.flat_map(|((logits, features), &label)| {
        let own = bias_gradient(logits, label)[label as usize];
        std::iter::once(own).chain(features.iter().map(move |feature| own * feature))
    })
    .collect()
}
