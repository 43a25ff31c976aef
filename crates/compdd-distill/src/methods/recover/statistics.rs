//! How far what a network sees inside is from what it saw of its training images.

use burn::tensor::Tensor;

use compdd_nn::nn::{Params, kernels::channel_moments};

/// Euclidean length, neither squared nor averaged. The gradient of a zero is zero.
///
/// # Shapes
/// `[d]` -> `[1]`.
pub fn length(x: Tensor<1>) -> Tensor<1> {
    let constant = x.clone().detach();
    let norm = constant.clone().square().sum().sqrt().clamp_min(f32::MIN_POSITIVE);
    (x * (constant / norm)).sum()
}

/// `R_l = |v - running variance| + |m - running mean|` of every batch norm `l`, where `m` and `v` are mean and biased variance of the
/// channels of its input over the batch and the map (`SRe2L`, equation 5; Yin et al., CVPR 2020, equation 4).
///
/// # Shapes
/// `inputs` are those of all batch norms of a forward pass, in its order (`Taps::Inputs`), each `[n, c, h, w]`; one `[1]` of each.
pub fn batch_norm_distances(params: &Params, inputs: Vec<(String, Tensor<4>)>) -> Vec<Tensor<1>> {
    let running = params.buffers().chunks_exact(2);
    let distance = |((_, input), running): ((String, Tensor<4>), &[Tensor<1>])| {
        let [mean, variance] = channel_moments(input);
        length(variance - running[1].clone()) + length(mean - running[0].clone())
    };
    inputs.into_iter().zip(running).map(distance).collect()
}
