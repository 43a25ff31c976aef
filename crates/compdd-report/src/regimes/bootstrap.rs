//! Percentile bootstraps over students, from fixed streams: equal scores give equal intervals.

use compdd_core::{record::Interval, rng::Stream};

const RESAMPLES: usize = 10_000;

/// A number with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// What was measured.
    pub value: f64,
    /// The 2.5 % and 97.5 % points of the resamples; none where there is nothing to resample.
    pub interval: Option<Interval>,
}

/// The mean of differences.
pub(super) fn mean(differences: &[f64]) -> Estimate {
    let n = differences.len();
    let of = |stream: &mut Stream| (0..n).map(|_| differences[stream.below(n)]).sum::<f64>() / n as f64;
    let interval = (n > 1).then(|| resampled("bootstrap of a gain", n, |stream| Some(of(stream)))).flatten();
    Estimate { value: differences.iter().sum::<f64>() / n as f64, interval }
}

/// The difference of the means of two lists that are not paired.
pub(super) fn difference(a: &[f64], b: &[f64]) -> Estimate {
    let of = |list: &[f64], stream: &mut Stream| {
        (0..list.len()).map(|_| list[stream.below(list.len())]).sum::<f64>() / list.len() as f64
    };
    let draw = |stream: &mut Stream| {
        let first = of(a, stream);
        Some(first - of(b, stream))
    };
    let several = a.len() > 1 && b.len() > 1;
    let interval = several.then(|| resampled("bootstrap of an unpaired gain", a.len() + b.len(), draw)).flatten();
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    Estimate { value: mean(a) - mean(b), interval }
}

/// The interval of what `draw` makes of a stream; resamples for which there is no value are left out.
pub(super) fn resampled(
    purpose: &str,
    index: usize,
    mut draw: impl FnMut(&mut Stream) -> Option<f64>,
) -> Option<Interval> {
    let mut stream = Stream::new(0, purpose, index as u64);
    let mut values: Vec<f64> = (0..RESAMPLES).filter_map(|_| draw(&mut stream)).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)? as f64;
    let at = |share: f64| values[(last * share).round() as usize];
    Some(Interval { low: at(0.025), high: at(0.975) })
}
