//! How far two orders agree.

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;

use super::{ListFile, ScoresError};
use compdd_core::subset::{Category, Difficulty, Subset};

/// What is compared: the complexity of each class as far as it is known, and the two lists.
#[derive(Clone, Debug, Default)]
struct Side {
    /// A number for each class that grows with complexity; equal where the order is not known.
    order: BTreeMap<String, f64>,
    easy: Vec<String>,
    hard: Vec<String>,
}

/// How far two files of lists agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The categories that both have, by name.
    pub categories: Vec<CategoryAgreement>,
}

/// How far two files agree about a category.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategoryAgreement {
    /// Its name.
    pub category: String,
    /// Classes in both easy lists.
    pub easy: usize,
    /// Classes in both hard lists.
    pub hard: usize,
    /// Classes that one calls easy and the other hard.
    pub crossed: usize,
    /// Classes whose order both know.
    pub common: usize,
    /// Kendall's tau-b of the two orders; none where one of them does not tell classes apart.
    pub kendall: Option<f64>,
    /// Spearman's rho of the two orders; none likewise.
    pub spearman: Option<f64>,
}

/// Compares two files of lists, category by category. A side may be `published`: the lists of Comp-DD, of which the hard ones are
/// taken as printed in falling complexity and the easy ones, whose printed order says nothing, as equal.
///
/// # Errors
/// When a file cannot be read, or no category is in both.
pub fn compare(a: &str, b: &str) -> Result<Agreement, ScoresError> {
    let (left, right) = (sides(a)?, sides(b)?);
    let both = left.iter().filter_map(|(category, left)| Some((category, left, right.get(category)?)));
    let categories: Vec<CategoryAgreement> = both.map(|(category, left, right)| agree(category, left, right)).collect();
    if categories.is_empty() {
        return Err(ScoresError::NothingInCommon { a: a.into(), b: b.into() });
    }
    Ok(Agreement { categories })
}

fn agree(category: &str, a: &Side, b: &Side) -> CategoryAgreement {
    let shared = |a: &[String], b: &[String]| a.iter().filter(|synset| b.contains(synset)).count();
    let common = a.order.iter().filter_map(|(synset, own)| Some((*own, *b.order.get(synset)?)));
    let (x, y): (Vec<f64>, Vec<f64>) = common.unzip();
    CategoryAgreement {
        category: category.into(),
        easy: shared(&a.easy, &b.easy),
        hard: shared(&a.hard, &b.hard),
        crossed: shared(&a.easy, &b.hard) + shared(&a.hard, &b.easy),
        common: x.len(),
        kendall: kendall(&x, &y),
        spearman: spearman(&x, &y),
    }
}

fn sides(name: &str) -> Result<BTreeMap<String, Side>, ScoresError> {
    if name == "published" { Ok(published()) } else { Ok(of(&ListFile::read(Path::new(name))?)) }
}

fn of(file: &ListFile) -> BTreeMap<String, Side> {
    let mut sides: BTreeMap<String, Side> = BTreeMap::new();
    for ranking in &file.rankings {
        let side = sides.entry(ranking.category.clone()).or_default();
        side.order = ranking.classes.iter().map(|class| (class.synset.clone(), class.complexity)).collect();
    }
    for list in file.lists.iter().filter(|list| list.version != "fixed") {
        let side = sides.entry(list.category.clone()).or_default();
        match list.difficulty {
            Difficulty::Easy => side.easy.clone_from(&list.classes),
            Difficulty::Hard => side.hard.clone_from(&list.classes),
        }
    }
    sides
}

fn published() -> BTreeMap<String, Side> {
    let list = |category: Category, difficulty: Difficulty| {
        let found = Subset::find(&format!("{}-{}", category.slug(), difficulty.slug()));
        let classes = found.into_iter().flat_map(|subset| subset.classes).map(|class| class.synset);
        let mut distinct: Vec<String> = Vec::new();
        for synset in classes {
            if !distinct.contains(&synset) {
                distinct.push(synset);
            }
        }
        distinct
    };
    let side = |category| {
        let (easy, hard) = (list(category, Difficulty::Easy), list(category, Difficulty::Hard));
        let ranked = hard.iter().rev().zip(1..).map(|(synset, rank)| (synset.clone(), f64::from(rank)));
        let order = easy.iter().map(|synset| (synset.clone(), 0.0)).chain(ranked).collect();
        Side { order, easy, hard }
    };
    Category::ALL.into_iter().map(|category| (category.slug().to_owned(), side(category))).collect()
}

/// Kendall's tau-b of pairs of values: `(concordant - discordant) / sqrt((pairs - ties in x)(pairs - ties in y))`.
///
/// None for fewer than two pairs, and where all values of a side are equal.
pub fn kendall(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mut score, mut untied_x, mut untied_y) = (0.0, 0.0, 0.0);
    let sign = |d: f64| {
        if d > 0.0 {
            1.0
        } else if d < 0.0 {
            -1.0
        } else {
            0.0_f64
        }
    };
    for i in 0..x.len().min(y.len()) {
        for j in 0..i {
            let (dx, dy) = (sign(x[i] - x[j]), sign(y[i] - y[j]));
            score += dx * dy;
            untied_x += dx.abs();
            untied_y += dy.abs();
        }
    }
    let scale = (untied_x * untied_y).sqrt();
    (scale > 0.0).then(|| score / scale)
}

/// Spearman's rho of pairs of values: the correlation of their ranks, equal values sharing the mean of theirs.
///
/// None for fewer than two pairs, and where all values of a side are equal.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y) = (ranks(x), ranks(y));
    let n = x.len().min(y.len()) as f64;
    let centre = (n - 1.0) / 2.0;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(&y) {
        let (x, y) = (x - centre, y - centre);
        (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y);
    }
    let scale = (xx * yy).sqrt();
    (scale > 0.0).then(|| xy / scale)
}

/// Ranks from 0.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let first = order.partition_point(|&i| values[i] < values[equal[0]]);
        for &i in equal {
            ranks[i] = first as f64 + (equal.len() - 1) as f64 / 2.0;
        }
    }
    ranks
}
