//! What scores look like, what a share removed of them leaves, and how far two criteria agree.

use super::PruneError;
use crate::select::kept;
use compdd_core::pruning::{Criterion, Share, Side};
use compdd_data::scores::{ImageScores, spearman};

/// The spread of the scores by a criterion.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The criterion.
    pub criterion: Criterion,
    /// Mean over images.
    pub mean: f64,
    /// The scores at [`Spread::PERCENT`] percent of the order, between neighbours by their distance.
    pub quantiles: [f64; 9],
}

impl Spread {
    /// The smallest, seven percentiles, and the largest.
    pub const PERCENT: [f64; 9] = [0.0, 1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0, 100.0];

    /// The spread of every criterion of a file.
    pub fn of(scores: &ImageScores) -> Vec<Self> {
        let spread = |(criterion, values): &(Criterion, Vec<f64>)| {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let quantile = |percent: f64| {
                let place = percent / 100.0 * sorted.len().saturating_sub(1) as f64;
                let (low, part) = (place.floor() as usize, place.fract());
                let high = sorted.get(low + 1).filter(|_| part > 0.0);
                sorted.get(low).map_or(f64::NAN, |low| high.map_or(*low, |high| low + part * (high - low)))
            };
            let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
            Self { criterion: *criterion, mean, quantiles: Self::PERCENT.map(quantile) }
        };
        scores.columns.iter().map(spread).collect()
    }
}

/// A class under a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassShare {
    /// Its synset or name.
    pub class: String,
    /// Its images.
    pub images: usize,
    /// Those that are kept when the share is removed class by class.
    pub kept: usize,
    /// Those that would be kept if the share were removed of all images as one class.
    pub kept_as_one: usize,
    /// Mean score of its images.
    pub mean: f64,
}

/// Every class in the order of its first image, when `removed` goes from `side`.
///
/// # Errors
/// When there are no scores by the criterion.
pub fn class_shares(
    scores: &ImageScores,
    criterion: Criterion,
    removed: Share,
    side: Side,
) -> Result<Vec<ClassShare>, PruneError> {
    let (values, (labels, names)) = (scores.by(criterion)?, scores.labels());
    let count = |among: &[usize]| {
        let mut counts = vec![0; names.len()];
        for &i in among {
            counts[labels[i] as usize] += 1;
        }
        counts
    };
    let all = count(&(0..labels.len()).collect::<Vec<_>>());
    let own = count(&kept(&labels, values, removed, side));
    let one = count(&kept(&vec![0; labels.len()], values, removed, side));
    let mut sums = vec![0.0; names.len()];
    labels.iter().zip(values).for_each(|(&label, value)| sums[label as usize] += value);
    let class = |label: usize| ClassShare {
        class: names[label].clone(),
        images: all[label],
        kept: own[label],
        kept_as_one: one[label],
        mean: sums[label] / all[label] as f64,
    };
    Ok((0..names.len()).map(class).collect())
}

/// How far two orders of the same images agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// Places of the two among those that were compared.
    pub pair: [usize; 2],
    /// Spearman's correlation of the scores; none where one does not tell images apart.
    pub spearman: Option<f64>,
    /// Share of the images kept by one that the other keeps as well, when the share is removed from each one's usual side.
    pub kept: f64,
}

/// Compares every pair of criteria, over files of the same images.
///
/// # Errors
/// [`PruneError::Unlike`] when they score different images.
pub fn overlaps(files: &[ImageScores], removed: Share) -> Result<Vec<Overlap>, PruneError> {
    let Some(first) = files.first() else { return Ok(Vec::new()) };
    if let Some(file) = files.iter().position(|file| file.card.images != first.card.images || file.len() != first.len())
    {
        return Err(PruneError::Unlike { file: file + 1 });
    }
    let (labels, _) = first.labels();
    let columns: Vec<(&[f64], Vec<usize>)> = files
        .iter()
        .flat_map(|file| &file.columns)
        .map(|(criterion, values)| (&values[..], kept(&labels, values, removed, criterion.usual_side())))
        .collect();
    let pairs = (0..columns.len()).flat_map(|b| (0..b).map(move |a| [a, b]));
    Ok(pairs
        .map(|pair| {
            let [(x, kept), (y, others)] = pair.map(|place| &columns[place]);
            let shared = kept.iter().filter(|image| others.binary_search(image).is_ok()).count();
            Overlap { pair, spearman: spearman(x, y), kept: shared as f64 / kept.len().max(1) as f64 }
        })
        .collect())
}
