//! How far files of scores agree: whether another network, map, method or threshold would have ranked alike.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Scores, ScoresError, Summary, kendall, spearman};

/// How far two files of scores agree at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stability {
    /// Classes with scores in both.
    pub classes: usize,
    /// Kendall's tau-b of the classes' mean complexities; none where a file does not tell classes apart.
    pub kendall: Option<f64>,
    /// Spearman's rho of them; none likewise.
    pub spearman: Option<f64>,
    /// Images with a row in both.
    pub images: usize,
    /// Spearman's rho of the images' complexities; none where a file does not tell images apart.
    pub image_spearman: Option<f64>,
    /// The same within a class, the mean over classes: what is left when the classes' own levels are taken away.
    pub within_spearman: Option<f64>,
}

/// A file's complexities at one threshold.
struct Side {
    classes: BTreeMap<String, f64>,
    images: BTreeMap<(String, String), f64>,
}

impl Side {
    fn of(scores: &Scores, threshold: f32) -> Result<Self, ScoresError> {
        let summary = Summary::of(scores)?;
        let place = summary.threshold(threshold)?;
        let mut images = BTreeMap::new();
        scores.each(|row| {
            images.insert((row.synset, row.file), 1.0 - row.shares[place]);
        })?;
        let classes = summary.classes.into_iter().map(|class| (class.synset, class.means[place].complexity));
        Ok(Self { classes: classes.collect(), images })
    }
}

/// Compares two files of scores at a threshold that both have. Images are the same where synset and file name are.
///
/// # Errors
/// When a file is damaged or lacks the threshold, and when no image has a row in both.
pub fn stability(a: &Scores, b: &Scores, threshold: f32) -> Result<Stability, ScoresError> {
    let (left, right) = (Side::of(a, threshold)?, Side::of(b, threshold)?);
    let classes: Vec<(&String, f64, f64)> =
        left.classes.iter().filter_map(|(synset, own)| Some((synset, *own, *right.classes.get(synset)?))).collect();
    let mut within: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (image, own) in &left.images {
        if let Some(other) = right.images.get(image) {
            let (x, y) = within.entry(&image.0).or_default();
            x.push(*own);
            y.push(*other);
        }
    }
    if within.is_empty() {
        let name = |scores: &Scores| scores.path().display().to_string();
        return Err(ScoresError::NoImagesInCommon { a: name(a), b: name(b) });
    }
    let rhos: Vec<f64> = within.values().filter_map(|(x, y)| spearman(x, y)).collect();
    let (x, y): (Vec<f64>, Vec<f64>) = classes.iter().map(|(_, x, y)| (*x, *y)).unzip();
    let (all_x, all_y): (Vec<Vec<f64>>, Vec<Vec<f64>>) = within.into_values().unzip();
    let (all_x, all_y) = (all_x.concat(), all_y.concat());
    Ok(Stability {
        classes: classes.len(),
        kendall: kendall(&x, &y),
        spearman: spearman(&x, &y),
        images: all_x.len(),
        image_spearman: spearman(&all_x, &all_y),
        within_spearman: (!rhos.is_empty()).then(|| rhos.iter().sum::<f64>() / rhos.len() as f64),
    })
}
