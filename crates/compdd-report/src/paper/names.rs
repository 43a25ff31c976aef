//! The words of the papers and what compdd calls them: `benchmarks/paper/names.toml`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

use super::data;
use compdd_core::{
    pruning::{Rule, Share},
    subset::Subset,
};

/// Names of methods, data sets, networks, metrics and factors.
pub static NAMES: LazyLock<Names> =
    LazyLock::new(|| toml::from_str(data::NAMES).expect("names.toml is compiled in and read by the tests"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub papers: BTreeMap<String, String>,
    pub methods: BTreeMap<String, Method>,
    protocols: BTreeMap<String, String>,
    protocols_with_teacher: BTreeMap<String, Taught>,
    /// The networks in whose names methods distil that recover from several.
    pub sources: BTreeMap<String, String>,
    /// The lists of teachers that these methods recover with, by subset.
    teacher_lists: BTreeMap<String, BTreeMap<String, String>>,
    /// Papers that score every method with a teacher alike.
    papers_with_teacher: BTreeMap<String, String>,
    pub datasets: BTreeMap<String, Dataset>,
    networks: BTreeMap<String, String>,
    exceptions: Vec<Exception>,
    pub metrics: BTreeMap<String, Metric>,
    pub factors: BTreeMap<String, Factor>,
    /// Words of rows that name a criterion of pruning, and the criterion.
    pub criteria: BTreeMap<String, String>,
    bilp: Vec<TwoLevels>,
}

/// `BiLP`'s settings for a subset, by images per class.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TwoLevels {
    subset: String,
    removed: BTreeMap<String, Share>,
    beta: f64,
    lazy: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    pub slug: String,
    /// Keys of the recipe that the word changes.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// Slug of the protocol with a teacher, where the word means another one.
    pub protocol: Option<String>,
    /// What is removed of the training images.
    pub prune: Option<Rule>,
    /// Whether `BiLP` prunes on both levels.
    #[serde(default)]
    pub bilp: bool,
    /// Trained on all images: what others are held against.
    #[serde(default)]
    pub reference: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    pub name: String,
    pub slug: Option<String>,
}

/// Slug of the protocol with a teacher: one for all data sets, or the usual one and others by subset.
#[derive(Deserialize)]
#[serde(untagged)]
enum Taught {
    One(String),
    BySubset(BTreeMap<String, String>),
}

/// Where a paper means another network or protocol for one method.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    paper: String,
    method: String,
    /// The usual slug, and the one that is meant.
    #[serde(default)]
    networks: BTreeMap<String, String>,
    /// The same on images of less than 128 pixels a side, where it is yet another one.
    #[serde(default)]
    small_networks: BTreeMap<String, String>,
    /// If there are any, no other network is in compdd.
    #[serde(default)]
    only: Vec<String>,
    /// Slug of the protocol that its scores are compared with.
    protocol: Option<String>,
    /// Sides of the images in pixels by subset, where they are not the usual ones.
    #[serde(default)]
    resolutions: BTreeMap<String, usize>,
    /// What a reader must know.
    #[serde(default)]
    pub note: String,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Best {
    Highest,
    Lowest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    pub name: String,
    pub best: Option<Best>,
    /// What records are asked to answer it; none cannot be measured.
    pub asks: Option<Asks>,
}

/// What records are asked for a printed number.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Asks {
    /// The accuracy of one.
    Accuracy,
    /// How far one method is above another.
    Gain,
    /// The largest share that may be removed without loss.
    Harmless,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    pub name: String,
    /// Values that change nothing.
    #[serde(default)]
    pub plain: Vec<String>,
    /// Key of the recipe, and what its values are called there.
    pub key: Option<String>,
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// Values that mean another protocol.
    #[serde(default)]
    pub protocols: BTreeMap<String, String>,
    /// Values that change several keys of the recipe at once.
    #[serde(default)]
    pub recipes: BTreeMap<String, BTreeMap<String, Value>>,
    /// Setting of the protocol, and what its values are called there.
    pub scoring: Option<String>,
    #[serde(default)]
    pub scoring_values: BTreeMap<String, Value>,
    /// Values that are attacks, and what `compdd attack` calls them.
    #[serde(default)]
    pub attacks: BTreeMap<String, String>,
    /// The paper's words for the networks of methods, by slug, where a table of the factor names neither network nor protocol.
    #[serde(default)]
    pub unstated: BTreeMap<String, String>,
    /// Keys that may differ from the recipe as well.
    #[serde(default)]
    pub free: Vec<String>,
    /// Whether the value names the network that distils.
    #[serde(default)]
    pub distils: bool,
    /// Whether the value is the percentage of the training images that is removed.
    #[serde(default)]
    pub prunes: bool,
    /// Whether it is the percentage that is kept.
    #[serde(default)]
    pub keeps: bool,
}

impl Names {
    /// Slug of the protocol that a paper's score of a method without a teacher is compared with.
    pub fn protocol(&self, paper: &str, method: &str) -> &str {
        let meant = self.exception(paper, method).and_then(|exception| exception.protocol.as_ref());
        meant.or_else(|| self.protocols.get(method)).map_or(self.usual_protocol(), String::as_str)
    }

    /// Slug of the protocol that a paper's score of a method with a teacher on a subset is compared with; none if compdd has none.
    pub fn protocol_with_teacher(&self, paper: &str, method: &str, subset: &str) -> Option<&str> {
        if let Some(meant) = self.exception(paper, method).and_then(|exception| exception.protocol.as_ref()) {
            return Some(meant);
        }
        let of_method = self.protocols_with_teacher.get(method)?;
        match (self.papers_with_teacher.get(paper), of_method) {
            (Some(slug), _) | (None, Taught::One(slug)) => Some(slug),
            (None, Taught::BySubset(slugs)) => slugs.get(subset).or_else(|| slugs.get("usual")).map(String::as_str),
        }
    }

    /// The list of teachers that a method recovers a subset with.
    pub fn teacher_list(&self, method: &str, subset: &str) -> Option<&str> {
        self.teacher_lists.get(method)?.get(subset).map(String::as_str)
    }

    /// Side of the images that a paper means for a method on a subset, in pixels.
    pub fn resolution(&self, paper: &str, method: &str, subset: &Subset) -> usize {
        let meant = self.exception(paper, method).and_then(|exception| exception.resolutions.get(&subset.slug));
        meant.copied().unwrap_or_else(|| subset.default_resolution())
    }

    /// Slug of the protocol that a command without one uses.
    pub fn usual_protocol(&self) -> &str {
        self.protocols.get("usual").map_or("no-kd", String::as_str)
    }

    /// Slug of the network that a paper's word means for a method on images of `side` pixels a side.
    pub fn network(&self, paper: &str, method: &str, word: &str, side: usize) -> Option<String> {
        self.networks.get(word).and_then(|slug| self.meant(paper, method, slug, side))
    }

    /// Slug of the network that a paper means for a method on images of `side` pixels a side where others have the one of `slug`.
    pub fn meant(&self, paper: &str, method: &str, slug: &str, side: usize) -> Option<String> {
        let exception = self.exception(paper, method);
        let small = exception.and_then(|exception| exception.small_networks.get(slug)).filter(|_| side < 128);
        if let Some(small) = small {
            return Some(small.clone());
        }
        if exception.is_some_and(|exception| !exception.only.is_empty() && !exception.only.iter().any(|s| s == slug)) {
            return None;
        }
        Some(exception.and_then(|exception| exception.networks.get(slug).cloned()).unwrap_or_else(|| slug.to_owned()))
    }

    /// The exception for a method of a paper.
    pub fn exception(&self, paper: &str, method: &str) -> Option<&Exception> {
        self.exceptions.iter().find(|exception| exception.paper == paper && exception.method == method)
    }

    /// What `BiLP` removes of the training images, the share of a batch, and the iterations of a batch; none where its table says nothing.
    pub fn two_levels(&self, subset: &str, ipc: &str) -> Option<(Share, f64, usize)> {
        let settings = self.bilp.iter().find(|settings| settings.subset == subset)?;
        Some((*settings.removed.get(ipc)?, settings.beta, *settings.lazy.get(ipc)?))
    }

    /// How a data set is written.
    pub fn dataset<'a>(&'a self, word: &'a str) -> &'a str {
        self.datasets.get(word).map_or(word, |dataset| dataset.name.as_str())
    }

    /// How a metric is written.
    pub fn metric<'a>(&'a self, word: &'a str) -> &'a str {
        self.metrics.get(word).map_or(word, |metric| metric.name.as_str())
    }

    /// How a factor is written.
    pub fn factor<'a>(&'a self, word: &'a str) -> &'a str {
        self.factors.get(word).map_or(word, |factor| factor.name.as_str())
    }

    /// Whether a row is the reference that others are held against.
    pub fn is_reference(&self, method: &str) -> bool {
        self.methods.get(method).is_some_and(|method| method.reference)
    }
}
