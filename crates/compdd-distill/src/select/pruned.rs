//! The rule of `BiLP`'s first level: losses smoothed over epochs, and the images of every class that are kept (supplement of arXiv 2305.18381).

use compdd_core::pruning::{Share, Side};

/// Epochs of the Gaussian that smooths a curve of losses.
const SIGMA: f64 = 3.0;
/// Where it is cut off, in epochs.
const RADIUS: usize = 12;

/// What each of `epochs` losses counts in the smoothed loss of the last epoch: a Gaussian of standard deviation 3, cut off after 12 epochs, over a
/// curve that is mirrored at its end. Offset 0 is the first epoch of the answer; the weights sum to 1, also of fewer than 13 epochs.
pub fn smoothing(epochs: usize) -> Vec<f64> {
    let gauss = |offset: usize| {
        if offset > RADIUS { 0.0 } else { (-0.5 * (offset as f64 / SIGMA).powi(2)).exp() }
    };
    // The mirrored future repeats the last epoch: what lies `k` epochs back stands `k + 1` epochs ahead as well.
    let weights: Vec<f64> = (0..epochs).rev().map(|back| gauss(back) + gauss(back + 1)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Ascending positions of the images that are kept: of every class `ceil((1 - removed) n)`, those on the other side than `side`. Of equal scores the
/// later images are kept, as the stable descending order of the released code has it; from the low side likewise. A stratum lies in the ascending
/// order, the earlier images first among equal scores.
///
/// `labels` and `scores` have an entry for each image. Scores are compared by their total order, so that NaN is the largest.
pub fn kept(labels: &[u32], scores: &[f64], removed: Share, side: Side) -> Vec<usize> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| {
        let scores = match side {
            Side::High => scores[b].total_cmp(&scores[a]),
            Side::Low | Side::Around(_) => scores[a].total_cmp(&scores[b]),
        };
        labels[a].cmp(&labels[b]).then(scores)
    });
    let classes = order.chunk_by(|&a, &b| labels[a] == labels[b]);
    let range = |n: usize| match side {
        Side::Around(from) => removed.stratum_of(from, n),
        Side::Low | Side::High => n - removed.kept_of(n)..n,
    };
    let mut kept: Vec<usize> = classes.flat_map(|class| &class[range(class.len())]).copied().collect();
    kept.sort_unstable();
    kept
}
