//! The distance between a student and an expert, and what of it counts.

/// The matching loss at the end of a rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// `sum_K (theta_S - theta*)^2 / sum_K (theta_0 - theta*)^2` over the kept coordinates `K`.
    pub loss: f64,
    /// Derivative of the loss with respect to `theta_S`; zero on dropped coordinates.
    pub adjoint: Vec<f32>,
    /// Number of kept coordinates.
    pub kept: usize,
}

/// Which coordinates the loss leaves out, as a share of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drop {
    /// The smallest squared errors, of equal ones the first: Common Pattern Dropout (EDF, arXiv 2410.17193, section 3.3).
    Smallest(f64),
    /// The first ones in the order of the layers (PAD, arXiv 2408.03360, section 3.2).
    Shallowest(f64),
}

/// Start and target agree on everything that counts: there is no distance to measure against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("the expert does not move between the matched snapshots: the distance to match is zero")]
#[diagnostic(help(
    "check the expert buffer with `compdd experts verify --deep`; an expert that stands still has diverged or was trained with rate 0"
))]
pub struct StandingExpert;

/// Compares the student's end with the expert's.
///
/// `floor(share * P)` coordinates are left out of numerator *and* denominator, as the released code of EDF does. The choice
/// is not differentiated.
///
/// # Shapes
/// `end`, `start`, `target`: `[P]` each, in one order.
///
/// # Errors
/// [`StandingExpert`] when the denominator is zero.
///
/// # Panics
/// When the lengths differ or the share is not in `[0, 1)`.
pub fn compare(end: &[f32], start: &[f32], target: &[f32], drop: Drop) -> Result<Match, StandingExpert> {
    assert!(end.len() == start.len() && end.len() == target.len(), "three vectors of one network");
    let error = |i: usize| f64::from(end[i]) - f64::from(target[i]);
    let keep = kept(end.len(), drop, |i| error(i) * error(i));
    let (mut numerator, mut denominator) = (0.0, 0.0);
    for i in (0..end.len()).filter(|&i| keep[i]) {
        numerator += error(i) * error(i);
        denominator += (f64::from(start[i]) - f64::from(target[i])).powi(2);
    }
    if denominator <= 0.0 {
        return Err(StandingExpert);
    }
    let slope = |i| if keep[i] { (2.0 * error(i) / denominator) as f32 } else { 0.0 };
    Ok(Match {
        loss: numerator / denominator,
        adjoint: (0..end.len()).map(slope).collect(),
        kept: keep.iter().filter(|&&keep| keep).count(),
    })
}

/// Which coordinates count.
fn kept(n: usize, drop: Drop, size: impl Fn(usize) -> f64) -> Vec<bool> {
    let (Drop::Smallest(share) | Drop::Shallowest(share)) = drop;
    assert!((0.0..1.0).contains(&share), "a share below one");
    let mut keep = vec![true; n];
    let dropped = (share * n as f64).floor() as usize;
    if matches!(drop, Drop::Shallowest(_)) {
        keep[..dropped].fill(false);
    } else if dropped > 0 {
        let sizes: Vec<f64> = (0..n).map(size).collect();
        let mut order: Vec<usize> = (0..n).collect();
        order.select_nth_unstable_by(dropped - 1, |&a, &b| sizes[a].total_cmp(&sizes[b]).then(a.cmp(&b)));
        for &i in &order[..dropped] {
            keep[i] = false;
        }
    }
    keep
}

#[cfg(test)]
mod tests {
    use super::*;
    use compdd_core::rng::Stream;

    #[test]
    fn a_student_that_does_not_move_has_loss_one() {
        let mut stream = Stream::new(1, "a1", 0);
        let draw = |stream: &mut Stream| (0..1000).map(|_| stream.normal()).collect::<Vec<f32>>();
        let (start, target) = (draw(&mut stream), draw(&mut stream));
        for drop in [0.0, 0.25, 0.375, 0.5, 0.9] {
            assert_eq!(compare(&start, &start, &target, Drop::Smallest(drop)).unwrap().loss, 1.0, "drop {drop}");
        }
        assert_eq!(compare(&start, &target, &target, Drop::Smallest(0.0)), Err(StandingExpert));
    }

    #[test]
    fn the_kept_number_is_exact() {
        let end: Vec<f32> = (0..615_690).map(|i| (i % 1000) as f32).collect();
        let target = vec![0.0; end.len()];
        let start = vec![1.0; end.len()];
        assert_eq!(compare(&end, &start, &target, Drop::Smallest(0.25)).unwrap().kept, 461_768);
        assert_eq!(compare(&end, &start, &target, Drop::Smallest(0.0)).unwrap().kept, 615_690);
    }

    #[test]
    fn dropping_filters_both_sums() {
        let (end, target) = ([1.0, 2.0, 3.0, 4.0], [0.0; 4]);
        let start = [4.0_f32, 2.0, 1.0, 5.0].map(f32::sqrt);
        for (drop, expected) in [(0.0, 2.5), (0.25, 3.625), (0.5, 25.0 / 6.0), (0.75, 3.2)] {
            let loss = compare(&end, &start, &target, Drop::Smallest(drop)).unwrap().loss;
            assert!((loss - expected).abs() < 1e-6, "drop {drop}: {loss} instead of {expected}");
        }
    }

    #[test]
    fn equal_errors_are_dropped_in_order() {
        assert_eq!(kept(4, Drop::Smallest(0.5), |_| 1.0), [false, false, true, true]);
        assert_eq!(kept(5, Drop::Smallest(0.39), |i| -(i as f64)), [true, true, true, true, false]);
        assert_eq!(kept(5, Drop::Shallowest(0.5), |_| 0.0), [false, false, true, true, true]);
    }

    #[test]
    fn the_adjoint_is_the_derivative() {
        let (end, start, target) = ([0.5_f32, -1.0, 2.0], [1.0_f32, 0.0, 1.5], [0.25_f32, 0.5, -1.0]);
        let result = compare(&end, &start, &target, Drop::Smallest(0.34)).unwrap();
        for i in 0..3 {
            let shifted = |by: f32| {
                let mut end = end;
                end[i] += by;
                compare(&end, &start, &target, Drop::Smallest(0.34)).unwrap().loss
            };
            let difference = (shifted(1e-3) - shifted(-1e-3)) / 2e-3;
            assert!((difference - f64::from(result.adjoint[i])).abs() < 1e-4, "coordinate {i}: {difference}");
        }
    }
}
