//! The complexity score of Comp-DD, for one map at a time.

use burn::tensor::Tensor;

use super::Comparison;

/// The share of each map that is not activated: `kappa = 1 - (1/hw) sum [M >= t]`. Higher is harder.
///
/// # Shapes
/// `maps [N, h, w]` in `[0, 1]`, at any size -> one score per map.
///
/// # Source
/// EDF, section 5 and supplement; threshold 0.5.
pub fn complexity(maps: Tensor<3>, threshold: f32, comparison: Comparison) -> Vec<f32> {
    let [_, h, w] = maps.dims();
    let cells: Vec<f32> = maps.inner().into_data().iter::<f32>().collect();
    let active = |value: &&f32| comparison.holds(**value, threshold);
    let score = |map: &[f32]| 1.0 - map.iter().filter(active).count() as f64 / (h * w) as f64;
    cells.chunks_exact((h * w).max(1)).map(|map| score(map) as f32).collect()
}
