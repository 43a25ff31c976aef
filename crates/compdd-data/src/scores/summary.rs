//! Means per class and per category.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use serde::Serialize;

use super::{Categories, Header, Scores, ScoresError};
use compdd_core::{
    files::{IoError, atomic},
    subset::Subset,
};

/// A mean of complexities, 0 to 1, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The mean of `1 - share`.
    pub complexity: f64,
    /// Standard error: sample deviation (ddof 1) by the root of the count; 0 for one value.
    pub standard_error: f64,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassSummary {
    /// Synset or name.
    pub synset: String,
    /// Human name, where it is known.
    pub label: String,
    /// Images with a row.
    pub images: usize,
    /// Share of them that the network takes for this class.
    pub accuracy: f64,
    /// Images whose map is zero everywhere: the network shows nothing that speaks for the class. Their complexity is 1.
    pub blank: usize,
    /// For every threshold of the file.
    pub means: Vec<Mean>,
}

/// A category: the mean of its classes, whatever their numbers of images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategorySummary {
    /// Its name.
    pub category: String,
    /// Classes with scores.
    pub classes: usize,
    /// For every threshold of the file; the standard error is that over classes.
    pub means: Vec<Mean>,
}

/// What a file of scores says, class by class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// What the file says about itself.
    pub header: Header,
    /// blake3 (hex) of the file.
    pub scores: String,
    /// The classes, in the order of the file.
    pub classes: Vec<ClassSummary>,
}

/// Sums of a class while rows pass by. Shares are multiples of one cell, so that sums of their squares lose nothing that matters.
#[derive(Clone, Debug, Default)]
struct Sums {
    images: usize,
    hits: usize,
    blank: usize,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Summary {
    /// Reads a file of scores once, in memory that grows with the number of classes only.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn of(scores: &Scores) -> Result<Self, ScoresError> {
        let thresholds = scores.header().settings.thresholds.len();
        // Every map that is not zero everywhere has a cell just below 1.
        let telling: Vec<usize> = (0..thresholds)
            .filter(|&i| {
                let threshold = scores.header().settings.thresholds[i];
                threshold > 0.0 && threshold < 1.0
            })
            .collect();
        let mut order: Vec<String> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut sums: Vec<Sums> = Vec::new();
        scores.each(|row| {
            let place = *places.entry(row.synset.clone()).or_insert_with(|| {
                order.push(row.synset.clone());
                sums.push(Sums { first: vec![0.0; thresholds], second: vec![0.0; thresholds], ..Sums::default() });
                sums.len() - 1
            });
            let own = &mut sums[place];
            own.images += 1;
            own.hits += usize::from(row.predicted == row.synset);
            own.blank += usize::from(!telling.is_empty() && telling.iter().all(|&place| row.shares[place] == 0.0));
            for (threshold, share) in row.shares.iter().enumerate() {
                own.first[threshold] += 1.0 - share;
                own.second[threshold] += (1.0 - share) * (1.0 - share);
            }
        })?;
        let labels = labels();
        let class = |(synset, sums): (String, Sums)| ClassSummary {
            label: labels.get(&synset).unwrap_or(&synset).clone(),
            synset,
            images: sums.images,
            accuracy: sums.hits as f64 / sums.images as f64,
            blank: sums.blank,
            means: sums.first.iter().zip(&sums.second).map(|(a, b)| mean(*a, *b, sums.images)).collect(),
        };
        let classes = order.into_iter().zip(sums).map(class).collect();
        Ok(Self { header: scores.header().clone(), scores: scores.hash().into(), classes })
    }

    /// A class by its synset or name.
    pub fn class(&self, synset: &str) -> Option<&ClassSummary> {
        self.classes.iter().find(|class| class.synset == synset)
    }

    /// Images with a row, and how many of them have a map that is zero everywhere.
    pub fn blank(&self) -> (usize, usize) {
        self.classes.iter().fold((0, 0), |(images, blank), class| (images + class.images, blank + class.blank))
    }

    /// Position of a threshold.
    ///
    /// # Errors
    /// When the file has no such threshold.
    pub fn threshold(&self, threshold: f32) -> Result<usize, ScoresError> {
        let none = || ScoresError::NoThreshold { threshold, known: self.header.settings.thresholds.clone() };
        self.header.threshold(threshold).ok_or_else(none)
    }

    /// Writes the classes as CSV with all digits: `synset, label, images, accuracy`, then `complexity_<t>, standard_error_<t>` for
    /// every threshold, 0 to 1.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_csv(&self, path: &Path) -> Result<(), ScoresError> {
        let attempt = || -> std::io::Result<()> {
            let mut writer = csv::Writer::from_writer(Vec::new());
            let mut head: Vec<String> = ["synset", "label", "images", "accuracy"].map(str::to_owned).into();
            for threshold in &self.header.settings.thresholds {
                head.extend([format!("complexity_{threshold}"), format!("standard_error_{threshold}")]);
            }
            writer.write_record(&head)?;
            for class in &self.classes {
                let mut row = vec![
                    class.synset.clone(),
                    class.label.clone(),
                    class.images.to_string(),
                    class.accuracy.to_string(),
                ];
                for mean in &class.means {
                    row.extend([mean.complexity.to_string(), mean.standard_error.to_string()]);
                }
                writer.write_record(&row)?;
            }
            atomic::write(path, &writer.into_inner().map_err(std::io::Error::other)?)
        };
        attempt().map_err(|source| ScoresError::from(IoError { action: "write", path: path.into(), source }))
    }

    /// Categories of which at least one class has scores, by name; classes without scores do not count.
    pub fn categories(&self, categories: &Categories) -> Vec<CategorySummary> {
        let thresholds = 0..self.header.settings.thresholds.len();
        let mut found: BTreeMap<&str, Vec<&ClassSummary>> = BTreeMap::new();
        for (name, classes) in categories.iter() {
            found.insert(name, classes.iter().filter_map(|synset| self.class(synset)).collect());
        }
        found.retain(|_, classes| !classes.is_empty());
        let summary = |(category, classes): (&str, Vec<&ClassSummary>)| CategorySummary {
            category: category.to_owned(),
            classes: classes.len(),
            means: thresholds.clone().map(|i| over(classes.iter().map(|class| class.means[i].complexity))).collect(),
        };
        found.into_iter().map(summary).collect()
    }

    /// Standard deviation (ddof 1) of the complexities of the classes at each threshold: where it is largest, a threshold tells
    /// classes apart best (Figures 8 to 10 of the EDF supplement).
    pub fn spread(&self) -> Vec<f64> {
        let all = self.classes.len() as f64;
        let values = |i: usize| self.classes.iter().map(move |class| class.means[i].complexity);
        (0..self.header.settings.thresholds.len()).map(|i| over(values(i)).standard_error * all.sqrt()).collect()
    }
}

/// Mean and standard error from sums of values and of their squares.
fn mean(first: f64, second: f64, count: usize) -> Mean {
    let n = count as f64;
    let complexity = first / n;
    let variance = if count > 1 { ((second - n * complexity * complexity) / (n - 1.0)).max(0.0) } else { 0.0 };
    Mean { complexity, standard_error: (variance / n).sqrt() }
}

fn over(values: impl Iterator<Item = f64>) -> Mean {
    let values: Vec<f64> = values.collect();
    mean(values.iter().sum(), values.iter().map(|value| value * value).sum(), values.len())
}

/// Human names of the classes that the built-in lists know.
fn labels() -> HashMap<String, String> {
    let known = ["imagenet-1k", "scenes-easy"].into_iter().filter_map(|slug| Subset::find(slug).ok());
    known.flat_map(|subset| subset.classes).map(|class| (class.synset, class.label)).collect()
}
