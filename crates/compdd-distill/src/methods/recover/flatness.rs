//! Flatness regularisation: images stay close to the moving average of themselves, in what a network says or sees (EDC, arXiv 2404.13733).

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use compdd_nn::nn::loss::distillation_divergence;

/// In what images are compared with their average.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compared {
    /// In nothing.
    #[default]
    Nothing,
    /// In the logits.
    Logits,
    /// In the statistics of the layers: the sum of their distances.
    Statistics,
    /// In nothing; instead the images follow the gradient of a place uphill of them, as far as the weight says: sharpness-aware minimisation, what EDC's
    /// table 4 calls vanilla SAM.
    Sharpness,
}

/// Which of the two predictions is the one that the other diverges from.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// `KL(images || average)`, averaged over the images: the paper.
    #[default]
    Paper,
    /// `KL(average || images)`, averaged over images and classes: the released code.
    Repo,
}

/// The divergence of predictions at a temperature, without a factor of its square. Only the images are followed.
///
/// # Shapes
/// `logits [n, classes]` of the images, `average [n, classes]` of their average, -> `[1]`.
pub fn divergence(logits: Tensor<2>, average: Tensor<2>, temperature: f32, form: Form) -> Tensor<1> {
    match form {
        Form::Paper => distillation_divergence(average, logits, temperature),
        Form::Repo => {
            let [_, classes] = logits.dims();
            distillation_divergence(logits, average, temperature).div_scalar(classes as f32)
        }
    }
}

/// The average after a step: `decay * average + (1 - decay) * images`.
pub fn averaged<const D: usize>(average: Tensor<D>, images: Tensor<D>, decay: f64) -> Tensor<D> {
    average * decay + images * (1.0 - decay)
}

/// The way uphill of sharpness-aware minimisation: `radius g / |g|_2` over all pixels of the batch (arXiv 2010.01412, equation 2 with p = 2).
pub fn uphill(gradient: Tensor<4>, radius: f64) -> Tensor<4> {
    let length = gradient.clone().powi_scalar(2).sum().sqrt().add_scalar(f32::MIN_POSITIVE);
    gradient.mul_scalar(radius) / length.reshape([1, 1, 1, 1])
}

/// The regularisation of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flatness {
    /// In what images and average are compared.
    pub compared: Compared,
    /// How predictions are.
    pub form: Form,
    /// Weight in the loss.
    pub weight: f64,
    /// Share of the average that stays in a step.
    pub decay: f64,
    /// Temperature of the predictions.
    pub temperature: f32,
}
