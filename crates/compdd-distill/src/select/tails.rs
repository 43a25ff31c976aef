//! Both tails of scores, cut by running moments: the rule of `BiLP`'s second level (supplement of arXiv 2305.18381).

use statrs::distribution::{ContinuousCDF as _, Normal};

use compdd_core::recipe::ScoreTransform;

/// What a batch adds to the running moments.
const MOMENTUM: f64 = 0.1;

/// Mean and variance of the scores of a class, over batches: the first batch sets them, later ones add a tenth of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunningMoments {
    /// Mean, then variance (of the population); none before the first batch.
    pub values: Option<(f64, f64)>,
}

/// What is kept of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Survivors {
    /// Whether each image is kept.
    pub keep: Vec<bool>,
    /// Images that the two thresholds remove, below and above.
    pub removed: [usize; 2],
}

impl RunningMoments {
    /// Takes in the scores of a batch, then keeps those within `z` standard deviations of the running mean, `z = Phi^-1(1 - beta / 2)`: a share of
    /// `beta` is removed if scores are normal. Where fewer than half of the batch or than two images would be left, the middle `1 - beta` of the
    /// batch is kept instead.
    pub fn cut(&mut self, scores: &[f64], beta: f64, transform: ScoreTransform) -> Survivors {
        let scores: Vec<f64> = match transform {
            ScoreTransform::None => scores.to_vec(),
            ScoreTransform::Log => scores.iter().map(|score| score.max(f64::MIN_POSITIVE).ln()).collect(),
        };
        let n = scores.len();
        let mean = scores.iter().sum::<f64>() / n.max(1) as f64;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / n.max(1) as f64;
        let (mean, variance) = match self.values {
            None => (mean, variance),
            Some((old_mean, old_variance)) => {
                ((1.0 - MOMENTUM) * old_mean + MOMENTUM * mean, (1.0 - MOMENTUM) * old_variance + MOMENTUM * variance)
            }
        };
        self.values = Some((mean, variance));
        let reach = normal_quantile(1.0 - beta / 2.0) * variance.sqrt();
        let side = |score: &f64| if (score - mean).abs() <= reach { None } else { Some(usize::from(*score > mean)) };
        let mut removed = [0; 2];
        let mut keep: Vec<bool> = Vec::with_capacity(n);
        for score in &scores {
            let side = side(score);
            if let Some(side) = side {
                removed[side] += 1;
            }
            keep.push(side.is_none());
        }
        let left = n - removed[0] - removed[1];
        if left < (n / 2).max(2).min(n) {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
            let cut = (beta / 2.0 * n as f64).floor() as usize;
            order[..cut].iter().chain(&order[n - cut..]).for_each(|&i| keep[i] = false);
            order[cut..n - cut].iter().for_each(|&i| keep[i] = true);
            removed = [cut; 2];
        }
        Survivors { keep, removed }
    }
}

/// `Phi^-1(p)`, the quantile of the standard normal distribution.
fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// How far two rankings of the same images differ: the mean distance of an image's two ranks in units of `n - 1`. Half where one is the other
/// reversed, a third for random ones.
pub fn rank_error(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |scores: &[f64]| {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
        let mut ranks = vec![0_usize; scores.len()];
        order.into_iter().enumerate().for_each(|(rank, i)| ranks[i] = rank);
        ranks
    };
    let n = a.len() as f64;
    let distances: usize = ranks(a).into_iter().zip(ranks(b)).map(|(x, y)| x.abs_diff(y)).sum();
    distances as f64 / (n * (n - 1.0)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use compdd_core::rng::Stream;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (beta, z) in
            [(0.3, 1.036_433_389), (0.2, 1.281_551_566), (0.05, 1.959_963_985), (0.001, 3.290_526_731), (1.0, 0.0)]
        {
            assert!((normal_quantile(1.0 - beta / 2.0) - z).abs() < 1e-8, "{beta}");
        }
    }

    /// Acceptance 9 of the selection notes.
    #[test]
    fn the_removed_share_of_normal_scores_is_beta() {
        let mut stream = Stream::new(0, "scores", 0);
        for beta in [0.2, 0.3] {
            let (mut moments, mut removed) = (RunningMoments::default(), [0; 2]);
            for _ in 0..400 {
                let scores: Vec<f64> = (0..256).map(|_| 3.0 + 2.0 * f64::from(stream.normal())).collect();
                let cut = moments.cut(&scores, beta, ScoreTransform::None).removed;
                removed = [removed[0] + cut[0], removed[1] + cut[1]];
            }
            let share = |count: usize| count as f64 / (400.0 * 256.0);
            assert!((share(removed[0] + removed[1]) - beta).abs() < 0.01, "{removed:?}");
            assert!((share(removed[0]) - beta / 2.0).abs() < 0.01, "{removed:?}");
        }
    }

    #[test]
    fn moments_of_equal_batches_are_those_of_the_batch_and_zero_keeps_all() {
        let scores = [1.0, 2.0, 4.0, 9.0];
        let mut moments = RunningMoments::default();
        for _ in 0..5 {
            assert_eq!(moments.cut(&scores, 0.0, ScoreTransform::None).keep, [true; 4]);
            let (mean, variance) = moments.values.unwrap();
            assert!((mean - 4.0).abs() < 1e-12 && (variance - 9.5).abs() < 1e-12);
        }
    }

    /// Scaling the loss scales all scores: the survivors stay.
    #[test]
    fn survivors_do_not_depend_on_the_scale() {
        let mut stream = Stream::new(1, "scores", 0);
        for transform in [ScoreTransform::None, ScoreTransform::Log] {
            let (mut one, mut other) = (RunningMoments::default(), RunningMoments::default());
            for _ in 0..10 {
                let scores: Vec<f64> = (0..64).map(|_| f64::from(stream.normal()).exp()).collect();
                let scaled: Vec<f64> = scores.iter().map(|score| 1024.0 * score).collect();
                assert_eq!(one.cut(&scores, 0.3, transform).keep, other.cut(&scaled, 0.3, transform).keep);
            }
        }
    }

    #[test]
    fn a_batch_never_shrinks_below_half() {
        let mut moments = RunningMoments { values: Some((100.0, 1e-6)) };
        let cut = moments.cut(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 0.5, ScoreTransform::None);
        assert_eq!(cut.keep, [false, false, true, true, true, true, false, false]);
        assert_eq!(RunningMoments::default().cut(&[5.0, 6.0], 0.9, ScoreTransform::None).keep, [true, true]);
    }

    /// Acceptance 10.
    #[test]
    fn rank_errors_of_eight() {
        let scores: Vec<f64> = (0..8).map(f64::from).collect();
        let reversed: Vec<f64> = scores.iter().rev().copied().collect();
        assert!((rank_error(&scores, &reversed) - 0.5714).abs() < 1e-4);
        assert_eq!(rank_error(&scores, &scores), 0.0);
    }
}
