//! Which images stand an attack.

use super::{
    Attack, Batch, Victim,
    batch::{fooled, host},
};
use crate::eval::{EvalError, InferenceOptions, View};

/// What an attack left of the images that were right.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Whether each image of the view is still right.
    pub right: Vec<bool>,
    /// Mean Euclidean length of the changes that fooled, on the scale 0..1; none where none did.
    pub distance: Option<f64>,
}

/// Attacks the images of `view` that are `right`, with one attack after the other on what is left. The pixel space of the view must be that of plain
/// images on the scale 0..1; `advance` hears how many were tried.
///
/// # Errors
/// When it is told to stop.
pub fn survive(
    victim: &dyn Victim,
    view: &View<'_>,
    right: &[bool],
    attacks: &[Box<dyn Attack>],
    (epsilon, seed): (f32, u64),
    passes: InferenceOptions<'_>,
    advance: &dyn Fn(usize),
) -> Result<Survey, EvalError> {
    let (mut right, mut lengths, mut tried) = (right.to_vec(), Vec::new(), 0);
    for attack in attacks {
        let left: Vec<usize> = (0..view.len()).filter(|&image| right[image]).collect();
        for chunk in left.chunks(passes.batch.max(1)) {
            let images = view.tensor(chunk, passes.device);
            let labels: Vec<u32> = chunk.iter().map(|&image| view.label(image)).collect();
            let places: Vec<usize> = chunk.iter().map(|&image| view.position(image)).collect();
            let batch = Batch { images: images.clone(), labels: &labels, places: &places, seed };
            let moved = attack.perturb(victim, &batch, epsilon, passes.stop)?;
            let [n, c, h, w] = moved.dims();
            let length = (moved.clone() - images).powi_scalar(2).reshape([n, c * h * w]).sum_dim(1).sqrt();
            let wrong = fooled(&victim.logits(moved), &labels);
            for ((&image, wrong), length) in chunk.iter().zip(wrong).zip(host(length)) {
                if wrong {
                    right[image] = false;
                    lengths.push(f64::from(length));
                }
            }
            tried += chunk.len();
            advance(tried);
        }
    }
    let distance = (!lengths.is_empty()).then(|| lengths.iter().sum::<f64>() / lengths.len() as f64);
    Ok(Survey { right, distance })
}
