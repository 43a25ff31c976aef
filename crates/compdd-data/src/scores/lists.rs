//! Easy and hard lists: the two ends of every category's ranking.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Categories, ClassSummary, ScoresError, Summary};
use compdd_core::{
    files::{IoError, atomic, plain},
    limits,
    record::hash,
    subset::{Difficulty, Subset},
};

/// What may be chosen about lists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuildOptions {
    /// Classes of a list; the published ones have 10.
    pub per: usize,
    /// Threshold of the scores that ranks; the paper's is 0.5.
    pub threshold: f32,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { per: 10, threshold: 0.5 }
    }
}

/// A file of lists, as TOML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// Where the lists come from.
    pub provenance: ListsProvenance,
    /// The lists: easy and hard of every category.
    #[serde(rename = "list")]
    pub lists: Vec<BuiltList>,
    /// The rankings they were taken from.
    #[serde(rename = "ranking")]
    pub rankings: Vec<Ranking>,
}

/// Where lists come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsProvenance {
    /// Version of compdd.
    pub compdd: String,
    /// blake3 (hex) of the file of scores.
    pub scores: String,
    /// Slug of the network.
    pub network: String,
    /// Hash of network, parameters and pixel space.
    pub judge: String,
    /// The map that was looked at.
    pub tap: String,
    /// Slug of the CAM method.
    pub method: String,
    /// `target` or `predicted`.
    pub class: String,
    /// `layer` or `image`.
    pub grid: String,
    /// The threshold that ranks.
    pub threshold: f32,
    /// Side of the images in pixels.
    pub resolution: usize,
    /// Images that were scored.
    pub images: usize,
}

/// One list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltList {
    /// Name without version, `bird-hard`.
    pub slug: String,
    /// Changes whenever classes or provenance do; `fixed` marks the proposal for music-hard.
    pub version: String,
    /// The category.
    pub category: String,
    /// Which end of it.
    pub difficulty: Difficulty,
    /// Mean complexity of its classes.
    pub complexity: f64,
    /// By how much the last class of the list lies beyond the first one outside of it.
    pub margin: f64,
    /// What is to be known about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Synsets or names in label order: the most complex first in a hard list, the least complex first in an easy one.
    pub classes: Vec<String>,
}

/// The classes of a category, the most complex first; of equal ones that with the smaller synset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// The category.
    pub category: String,
    /// Its classes.
    #[serde(rename = "class")]
    pub classes: Vec<Listed>,
}

/// A class in a ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Synset or name.
    pub synset: String,
    /// Human name.
    pub label: String,
    /// Mean complexity of its images.
    pub complexity: f64,
    /// Standard error of that mean.
    pub standard_error: f64,
    /// Its images.
    pub images: usize,
}

/// Ranks every category and takes the two ends.
///
/// # Source
/// EDF, section 5: inside each category the ten classes of highest complexity are hard, the ten of lowest easy.
///
/// # Errors
/// When a class has no scores, or a category has fewer than two lists' classes.
pub fn build(summary: &Summary, categories: &Categories, options: BuildOptions) -> Result<ListFile, ScoresError> {
    let threshold = summary.threshold(options.threshold)?;
    let provenance = provenance(summary, options.threshold);
    let (mut lists, mut rankings) = (Vec::new(), Vec::new());
    for (category, classes) in categories.iter() {
        let ranking = rank(summary, category, classes, threshold)?;
        if options.per == 0 || classes.len() < 2 * options.per {
            let (category, classes) = (category.to_owned(), classes.len());
            return Err(ScoresError::TooFew { category, classes, per: options.per.max(1) });
        }
        for difficulty in Difficulty::ALL {
            lists.push(take(&ranking, difficulty, options.per, &provenance));
        }
        rankings.push(ranking);
    }
    Ok(ListFile { provenance, lists, rankings })
}

/// The proposal `music-hard@fixed`: the published list with its nine distinct classes, and in place of the banjo that stands
/// there a second time the most complex class of the measured ranking of `music` that no published music list has. The published
/// list stays as it is.
///
/// # Errors
/// When there is no category `music`, or it has no further class.
pub fn propose_fixed(file: &ListFile) -> Result<BuiltList, ScoresError> {
    let not = |why: &str| ScoresError::NotFixable { why: why.into() };
    let ranking = file.rankings.iter().find(|ranking| ranking.category == "music");
    let ranking = ranking.ok_or_else(|| not("there is no category `music`"))?;
    let (published, easy) = (Subset::find("music-hard@paper")?, Subset::find("music-easy")?);
    let known = |synset: &str| published.label_of(synset).is_some() || easy.label_of(synset).is_some();
    let tenth = ranking.classes.iter().find(|class| !known(&class.synset));
    let tenth = tenth.ok_or_else(|| not("every class of `music` is in a published list"))?;
    let mut classes: Vec<String> = published.classes.iter().map(|class| class.synset.clone()).collect();
    for label in published.unused_labels() {
        classes[label as usize].clone_from(&tenth.synset);
    }
    let scores = |synset: &String| ranking.classes.iter().find(|class| class.synset == *synset);
    let lacking: Vec<String> = classes.iter().filter(|synset| scores(synset).is_none()).cloned().collect();
    if !lacking.is_empty() {
        return Err(ScoresError::Unscored { category: "music".into(), classes: lacking });
    }
    let own: Vec<f64> = classes.iter().filter_map(scores).map(|class| class.complexity).collect();
    let next = ranking.classes.iter().find(|class| !known(&class.synset) && class.synset != tenth.synset);
    let note = format!(
        "a proposal, not the published list: label 0, where banjo (n02787622) is printed twice, has {} ({}), the most complex class of \
         this ranking that no published music list has",
        tenth.synset, tenth.label
    );
    Ok(BuiltList {
        slug: "music-hard".into(),
        version: "fixed".into(),
        category: "music".into(),
        difficulty: Difficulty::Hard,
        complexity: own.iter().sum::<f64>() / own.len() as f64,
        margin: next.map_or(0.0, |next| tenth.complexity - next.complexity),
        notes: vec![note],
        classes,
    })
}

fn provenance(summary: &Summary, threshold: f32) -> ListsProvenance {
    let header = &summary.header;
    ListsProvenance {
        compdd: env!("CARGO_PKG_VERSION").into(),
        scores: summary.scores.clone(),
        network: header.network.clone(),
        judge: header.judge.clone(),
        tap: header.tap.clone(),
        method: header.settings.method.to_string(),
        class: header.settings.question.to_string(),
        grid: header.settings.grid.to_string(),
        threshold,
        resolution: header.resolution,
        images: header.listed - header.skipped,
    }
}

fn rank(summary: &Summary, category: &str, classes: &[String], threshold: usize) -> Result<Ranking, ScoresError> {
    let found: Vec<Option<&ClassSummary>> = classes.iter().map(|synset| summary.class(synset)).collect();
    let lacking: Vec<String> =
        classes.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(synset, _)| synset.clone()).collect();
    if !lacking.is_empty() {
        return Err(ScoresError::Unscored { category: category.into(), classes: lacking });
    }
    let listed = |class: &ClassSummary| Listed {
        synset: class.synset.clone(),
        label: class.label.clone(),
        complexity: class.means[threshold].complexity,
        standard_error: class.means[threshold].standard_error,
        images: class.images,
    };
    let mut classes: Vec<Listed> = found.into_iter().flatten().map(listed).collect();
    classes.sort_by(|a, b| b.complexity.total_cmp(&a.complexity).then_with(|| a.synset.cmp(&b.synset)));
    Ok(Ranking { category: category.into(), classes })
}

/// One end of a ranking of at least twice `per` classes.
fn take(ranking: &Ranking, difficulty: Difficulty, per: usize, provenance: &ListsProvenance) -> BuiltList {
    let mut order: Vec<&Listed> = ranking.classes.iter().collect();
    if difficulty == Difficulty::Easy {
        order.reverse();
    }
    let classes: Vec<String> = order[..per].iter().map(|class| class.synset.clone()).collect();
    let slug = format!("{}-{}", ranking.category, difficulty.slug());
    let version = hash::short(&hash::of(&(&slug, &classes, provenance))).to_owned();
    BuiltList {
        slug,
        version,
        category: ranking.category.clone(),
        difficulty,
        complexity: order[..per].iter().map(|class| class.complexity).sum::<f64>() / per as f64,
        margin: order.get(per).map_or(0.0, |next| (order[per - 1].complexity - next.complexity).abs()),
        notes: Vec::new(),
        classes,
    }
}

impl ListFile {
    /// Reads a file of lists.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self, ScoresError> {
        let text = plain::regular_text(path, limits::TEXT_BYTES)?;
        toml::from_str(&text).map_err(|error| ScoresError::Malformed {
            path: path.into(),
            what: "lists",
            why: error.to_string().trim().replace('\n', " "),
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ScoresError> {
        let text = toml::to_string(self).map_err(std::io::Error::other);
        let written = text.and_then(|text| atomic::write(path, text.as_bytes()));
        written.map_err(|source| ScoresError::from(IoError { action: "write", path: path.into(), source }))
    }
}
