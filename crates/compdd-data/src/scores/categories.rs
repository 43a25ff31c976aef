//! Categories: which classes are ranked together.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Deserialize;

use super::ScoresError;
use compdd_core::{
    files::plain,
    limits,
    subset::{Category, Difficulty, Subset},
};

/// Named groups of classes, by name; the classes of each are sorted and distinct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Categories(BTreeMap<String, Vec<String>>);

/// A category as its file names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Synsets or names.
    #[serde(default)]
    classes: Vec<String>,
    /// Subsets whose classes belong to it.
    #[serde(default)]
    subsets: Vec<String>,
    /// Synsets whose descendants belong to it.
    #[serde(default)]
    ancestors: Vec<String>,
    /// Classes that do not belong to it, whatever the rest says.
    #[serde(default)]
    without: Vec<String>,
}

/// Which synset is a kind of which, from a file of `synset parent` lines (a synset may have several).
#[derive(Clone, Debug, Default)]
pub struct Hypernyms(BTreeMap<String, Vec<String>>);

impl Hypernyms {
    /// Reads a file; empty lines and lines that begin with `#` say nothing.
    ///
    /// # Errors
    /// When it cannot be read, or a line is not a synset and its parent.
    pub fn read(path: &Path) -> Result<Self, ScoresError> {
        let text = read(path)?;
        let mut parents: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                [child, parent] if !child.starts_with('#') => {
                    parents.entry(child.into()).or_default().push(parent.into());
                }
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                _ => {
                    let why = format!("line {} is not a synset and its parent", number + 1);
                    return Err(ScoresError::Malformed { path: path.into(), what: "hypernyms", why });
                }
            }
        }
        Ok(Self(parents))
    }

    /// Whether a synset is one of `ancestors` or descends from one of them. Circles in the file do no harm.
    pub fn descends(&self, synset: &str, ancestors: &BTreeSet<&str>) -> bool {
        let (mut waiting, mut seen) = (vec![synset], BTreeSet::new());
        while let Some(next) = waiting.pop() {
            if ancestors.contains(next) {
                return true;
            }
            if seen.insert(next) {
                waiting.extend(self.0.get(next).into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}

impl Categories {
    /// The classes of the published lists of Comp-DD, easy and hard together, by category. From which classes they were picked
    /// was never published.
    pub fn published() -> Self {
        Self::of_published(|category, _| category.slug().to_owned())
    }

    /// Each published list of Comp-DD by itself: `bird-easy`, `bird-hard`, ...
    pub fn published_lists() -> Self {
        Self::of_published(|category, difficulty| format!("{}-{}", category.slug(), difficulty.slug()))
    }

    fn of_published(name: impl Fn(Category, Difficulty) -> String) -> Self {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for category in Category::ALL {
            for difficulty in Difficulty::ALL {
                let subset = Subset::find(&format!("{}-{}", category.slug(), difficulty.slug()));
                let classes = subset.into_iter().flat_map(|subset| subset.classes).map(|class| class.synset);
                all.entry(name(category, difficulty)).or_default().extend(classes);
            }
        }
        Self::new(all)
    }

    /// Categories from lists of classes.
    pub fn new(categories: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        Self(categories.into_iter().map(|(name, classes)| (name, distinct(classes))).collect())
    }

    /// Reads a TOML file: a table for every category, with `classes`, `subsets`, `ancestors` and `without`. Descendants are
    /// looked for among `scored`, the classes that have scores.
    ///
    /// # Errors
    /// When the file cannot be read or understood, a category is empty, or ancestors are named without hypernyms.
    pub fn read(path: &Path, hypernyms: Option<&Hypernyms>, scored: &[&str]) -> Result<Self, ScoresError> {
        let malformed = |error: toml::de::Error| ScoresError::Malformed {
            path: path.into(),
            what: "categories",
            why: error.to_string().trim().replace('\n', " "),
        };
        let tables: BTreeMap<String, Table> = toml::from_str(&read(path)?).map_err(malformed)?;
        let mut all = BTreeMap::new();
        for (name, table) in tables {
            let mut classes = table.classes;
            for subset in &table.subsets {
                classes.extend(Subset::find(subset)?.classes.into_iter().map(|class| class.synset));
            }
            if !table.ancestors.is_empty() {
                let hypernyms = hypernyms.ok_or_else(|| ScoresError::NoHypernyms { category: name.clone() })?;
                let ancestors: BTreeSet<&str> = table.ancestors.iter().map(String::as_str).collect();
                let descendants = scored.iter().filter(|synset| hypernyms.descends(synset, &ancestors));
                classes.extend(descendants.map(|&synset| synset.to_owned()));
            }
            classes.retain(|synset| !table.without.contains(synset));
            if classes.is_empty() {
                return Err(ScoresError::EmptyCategory { category: name });
            }
            all.insert(name, distinct(classes));
        }
        Ok(Self(all))
    }

    /// Every category with its classes, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, classes)| (name.as_str(), classes.as_slice()))
    }

    /// The classes of a category.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

fn distinct(classes: impl IntoIterator<Item = String>) -> Vec<String> {
    classes.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn read(path: &Path) -> Result<String, ScoresError> {
    Ok(plain::regular_text(path, limits::WHOLE_BYTES)?)
}
