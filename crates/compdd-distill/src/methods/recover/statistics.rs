//! How far what a network sees inside is from what it saw of its training images.

use burn::tensor::Tensor;

/// Euclidean length, neither squared nor averaged. The gradient of a zero is zero.
///
/// # Shapes
/// `[d]` -> `[1]`.
pub fn length(x: Tensor<1>) -> Tensor<1> {
    let constant = x.clone().detach();
    let norm = constant.clone().square().sum().sqrt().clamp_min(f32::MIN_POSITIVE);
    (x * (constant / norm)).sum()
}

/// Sum of the lengths of the differences of the statistics of a layer: `R_l` of `SRe2L`, equation 5 (Yin et al., CVPR 2020, equation 4), for mean
/// and variance; with those of cells also G-VBSM's (arXiv 2311.17950).
///
/// # Shapes
/// As many statistics on both sides, each `[d]` -> `[1]`.
pub fn distance(measured: &[Tensor<1>], target: &[Tensor<1>]) -> Tensor<1> {
    let lengths = measured.iter().zip(target).map(|(a, b)| length(a.clone() - b.clone()));
    lengths.reduce(|sum, length| sum + length).expect("a layer has statistics")
}

/// The moving average of statistics, `share * previous + (1 - share) * measured`, and what is compared: values of the average, slopes of what
/// was measured (G-VBSM, arXiv 2311.17950).
///
/// # Shapes
/// As many statistics on both sides, each `[d]`; of the same shapes are both results.
pub fn moved(share: f64, previous: &[Tensor<1>], measured: &[Tensor<1>]) -> [Vec<Tensor<1>>; 2] {
    let average = |(previous, measured): (&Tensor<1>, &Tensor<1>)| {
        previous.clone() * share + measured.clone().inner() * (1.0 - share)
    };
    let averages: Vec<Tensor<1>> = previous.iter().zip(measured).map(average).collect();
    let follow = |(average, measured): (&Tensor<1>, &Tensor<1>)| {
        average.clone() + (measured.clone() - measured.clone().detach())
    };
    let compared = averages.iter().zip(measured).map(follow).collect();
    [averages, compared]
}
