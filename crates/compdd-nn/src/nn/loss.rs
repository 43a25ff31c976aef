//! Losses of a batch, averaged over its images.

use burn::tensor::{
    Int, Tensor,
    activation::{log_softmax, softmax},
};

use super::kernels;

/// Cross-entropy with class ids: `-(1/N) sum_i log softmax(z_i)[label_i]`.
///
/// # Shapes
/// `logits [N, C]`, `labels [N]` -> `[1]`.
pub fn hard_cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    let [n, _] = logits.dims();
    log_softmax(logits, 1).gather(1, labels.reshape([n, 1])).mean().neg()
}

/// Cross-entropy with label logits: softmax is applied to the labels (the form of DATM, PAD, EDF and Comp-DD).
///
/// # Shapes
/// `logits [N, C]`, `labels [N, C]` -> `[1]`.
pub fn soft_cross_entropy(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    probability_cross_entropy(logits, softmax(labels, 1))
}

/// `KL(p || q)` of a teacher's and a student's softened predictions `p = softmax(t / T)` and `q = softmax(s / T)`, averaged over images, without
/// a factor `T^2` (the form of `SRe2L`'s and RDED's students).
///
/// # Shapes
/// `student [N, C]`, `teacher [N, C]` -> `[1]`.
pub fn distillation_divergence(student: Tensor<2>, teacher: Tensor<2>, temperature: f32) -> Tensor<1> {
    let log_p = log_softmax(teacher.div_scalar(temperature), 1);
    let log_q = log_softmax(student.div_scalar(temperature), 1);
    (log_p.clone().exp() * (log_p - log_q)).sum_dim(1).mean()
}

/// The squared difference of a student's and a teacher's logits, averaged over images and classes (G-VBSM, EDC).
///
/// # Shapes
/// `student [N, C]`, `teacher [N, C]` -> `[1]`.
pub fn logit_squares(student: Tensor<2>, teacher: Tensor<2>) -> Tensor<1> {
    (student - teacher).powi_scalar(2).mean()
}

/// `softmax(z / T)`, in the form that [`distillation_divergence`] has of it.
///
/// # Shapes
/// `logits [N, C]` -> `[N, C]`.
pub fn softened(logits: Tensor<2>, temperature: f32) -> Tensor<2> {
    log_softmax(logits.div_scalar(temperature), 1).exp()
}

/// Cross-entropy with label probabilities, used as they are (TESLA's teacher labels).
///
/// # Shapes
/// `logits [N, C]`, `probabilities [N, C]` -> `[1]`.
pub fn probability_cross_entropy(logits: Tensor<2>, probabilities: Tensor<2>) -> Tensor<1> {
    kernels::cross_entropy(logits, probabilities)
}
