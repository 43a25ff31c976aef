//! What a data folder holds of a subset, counted without decoding.

use std::{collections::BTreeSet, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    error::DataError,
    scenes,
    source::{Split, find, name_of},
    task::labelled,
};
use compdd_core::subset::{ClassEntry, Family, Subset};

/// Images of one class, counted and expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClassCount {
    /// Identity of the class.
    pub synset: String,
    /// Its human name.
    pub label: String,
    /// Training images found; `None` where the class is not there.
    pub train: Option<usize>,
    /// Test images found; `None` where the class is not there.
    pub test: Option<usize>,
    /// Training images that the full dataset has, where that is known.
    pub expected_train: Option<usize>,
    /// Test images that the full dataset has, where that is known.
    pub expected_test: Option<usize>,
}

impl ClassCount {
    /// Whether the class is there with images in both splits, and with the known number where there is one.
    pub fn is_complete(&self) -> bool {
        let fits = |found: Option<usize>, expected: Option<usize>| match (found, expected) {
            (Some(found), Some(expected)) => found == expected,
            (Some(found), None) => found > 0,
            (None, _) => false,
        };
        fits(self.train, self.expected_train) && fits(self.test, self.expected_test)
    }
}

/// Counts the images of every class of a subset, in class order, without decoding any.
///
/// Missing classes are rows without counts, not errors; a missing folder, layout or split is an error. Where a list names
/// a class twice, its images count at the last position, as [`Task::load`](super::Task::load) labels them.
pub fn verify(subset: &Subset, roots: &[PathBuf]) -> Result<Vec<ClassCount>, DataError> {
    let counted = match subset.family {
        Family::Scenes { .. } => None,
        _ if roots.is_empty() => return Err(DataError::NoRoot { subset: subset.slug.clone() }),
        _ => {
            let found = find(subset, roots)?;
            Some([found.train.source.counts(Split::Train)?, found.test.source.counts(Split::Test)?])
        }
    };
    let names =
        counted.as_ref().map(|splits| splits.each_ref().map(|counts| counts.keys().cloned().collect::<Vec<_>>()));
    let count = |split: Split, class: &ClassEntry| match (&counted, &names) {
        (Some(counts), Some(names)) => name_of(class, &names[split as usize]).map(|name| counts[split as usize][name]),
        _ => scenes::count(split, &class.synset),
    };
    let kept: BTreeSet<u32> = labelled(subset).into_iter().map(|(_, label)| label).collect();
    let expected = subset.expected_counts();
    let rows = subset.classes.iter().enumerate().map(|(i, class)| {
        let found = |split| if kept.contains(&(i as u32)) { count(split, class) } else { Some(0) };
        ClassCount {
            synset: class.synset.clone(),
            label: class.label.clone(),
            train: found(Split::Train),
            test: found(Split::Test),
            expected_train: expected.get(i).and_then(|count| count.train),
            expected_test: expected.get(i).and_then(|count| count.test),
        }
    });
    Ok(rows.collect())
}
