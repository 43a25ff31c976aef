//! What a folder is, which subsets it can serve, and what is wrong with it: without decoding, in memory that does not grow
//! with the number of images.
//!
//! [`inspect`] counts. [`sheet`] decodes a few images to look at, and [`duplicates`] reads every image once; both are only done
//! when asked for.

mod duplicates;
mod known;
mod sheet;

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use duplicates::{Duplicate, duplicates};
pub use sheet::sheet;

use super::{
    error::DataError,
    source::{
        Source, Split,
        find::{listing, unknown},
        name_of, open,
    },
};
use compdd_core::{
    files::plain::is_hidden,
    subset::{ClassEntry, Subset},
};
use known::Known;

/// One dataset that lies in a folder.
#[derive(Debug)]
pub struct Dataset {
    /// Where.
    pub folder: PathBuf,
    /// Its layout, as records name it.
    pub source: Arc<dyn Source>,
    /// Images of every class that is in either split, by name.
    pub classes: BTreeMap<String, Counts>,
    /// Splits that cannot be read, and why.
    pub refused: Vec<(Split, DataError)>,
}

/// Images of a class beside what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Its human name, where it is known.
    pub label: Option<String>,
    /// Training images; `None` where the split lacks the class.
    pub train: Option<usize>,
    /// Test images; `None` where the split lacks the class.
    pub test: Option<usize>,
    /// Training images of the whole dataset, where that is known.
    pub known_train: Option<RangeInclusive<usize>>,
    /// Test images of the whole dataset, where that is known.
    pub known_test: Option<RangeInclusive<usize>>,
}

/// How much of a subset is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Id of the subset.
    pub subset: String,
    /// Its distinct classes.
    pub classes: usize,
    /// Classes with images in both splits.
    pub present: usize,
    /// Classes whose numbers of images are those of the whole dataset.
    pub complete: usize,
}

impl Counts {
    /// Whether both splits hold the class with a number of images that the whole dataset may have.
    pub fn is_complete(&self) -> bool {
        let fits = |found: Option<usize>, known: &Option<RangeInclusive<usize>>| {
            found.is_some_and(|found| known.as_ref().map_or(found > 0, |known| known.contains(&found)))
        };
        fits(self.train, &self.known_train) && fits(self.test, &self.known_test)
    }

    fn is_usable(&self) -> bool {
        self.train.is_some_and(|n| n > 0) && self.test.is_some_and(|n| n > 0)
    }
}

/// Every dataset that a folder is, or that lies in a folder directly below it.
///
/// # Errors
/// When the folder is none, or nothing in it is a known layout.
pub fn inspect(root: &Path) -> Result<Vec<Dataset>, DataError> {
    if !root.is_dir() {
        return Err(DataError::MissingRoot { path: root.to_owned(), is_file: root.exists() });
    }
    let mut datasets = look(root)?;
    if !datasets.is_empty() {
        return Ok(datasets);
    }
    let names = listing(root)?;
    for name in names.iter().filter(|name| !is_hidden(name)) {
        let folder = root.join(name);
        if folder.is_dir() {
            datasets.extend(look(&folder)?);
        }
    }
    if datasets.is_empty() {
        return Err(unknown(root.to_owned(), names));
    }
    Ok(datasets)
}

fn look(folder: &Path) -> Result<Vec<Dataset>, DataError> {
    let sources = open(folder)?;
    let mut datasets: Vec<_> = sources.into_iter().map(|source| Dataset::of(folder, source.into())).collect();
    // Where one layout explains the folder whole, another one that serves nothing is a misunderstanding.
    if datasets.iter().any(Dataset::is_whole) {
        datasets.retain(|dataset| !dataset.served().is_empty());
    }
    Ok(datasets)
}

impl Dataset {
    fn of(folder: &Path, source: Arc<dyn Source>) -> Self {
        let mut classes: BTreeMap<String, Counts> = BTreeMap::new();
        let mut refused = Vec::new();
        for split in Split::ALL {
            match source.has_split(split).and_then(|()| source.counts(split)) {
                Ok(counted) => {
                    for (name, count) in counted {
                        let counts = classes.entry(name).or_default();
                        match split {
                            Split::Train => counts.train = Some(count),
                            Split::Test => counts.test = Some(count),
                        }
                    }
                }
                Err(error) => refused.push((split, error)),
            }
        }
        let names: Vec<String> = classes.keys().cloned().collect();
        let known = Known::of(source.kind(), &names);
        for (name, counts) in &mut classes {
            if let Some(class) = known.class(name) {
                counts.label = Some(class.label.clone());
                counts.known_train = Some(class.train.clone());
                counts.known_test = Some(class.test.clone());
            }
        }
        Self { folder: folder.to_owned(), source, classes, refused }
    }

    /// Whether both splits are there with every class of some subset.
    fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.served().iter().any(|served| served.present == served.classes)
    }

    /// Images of a split.
    pub fn images(&self, split: Split) -> usize {
        let of = |counts: &Counts| match split {
            Split::Train => counts.train,
            Split::Test => counts.test,
        };
        self.classes.values().filter_map(of).sum()
    }

    /// Where images of a class would have to lie that only one split has, or that has none: of splits that are there.
    pub fn missing(&self) -> Vec<(Split, PathBuf)> {
        let mut places = Vec::new();
        let refused = |split| self.refused.iter().any(|(other, _)| *other == split);
        for split in Split::ALL.into_iter().filter(|&split| !refused(split)) {
            for (name, counts) in &self.classes {
                let found = if split == Split::Train { counts.train } else { counts.test };
                if found.unwrap_or(0) == 0 {
                    let label = counts.label.clone().unwrap_or_default();
                    let class = ClassEntry { synset: name.clone(), label, index: None };
                    places.push((split, self.source.place(split, &class)));
                }
            }
        }
        places
    }

    /// The subsets of which at least one class is there, the fullest first.
    pub fn served(&self) -> Vec<Served> {
        let names: Vec<String> = self.classes.keys().cloned().collect();
        let mut served: Vec<Served> = Vec::new();
        for subset in Subset::all().iter().filter(|subset| !subset.family.is_built_in()) {
            let unused = subset.unused_labels();
            let used = subset.classes.iter().enumerate().filter(|(label, _)| !unused.contains(&(*label as u32)));
            let counts = used.filter_map(|(_, class)| name_of(class, &names).map(|name| &self.classes[name]));
            let counts: Vec<&Counts> = counts.collect();
            let present = counts.iter().filter(|counts| counts.is_usable()).count();
            if present > 0 {
                let complete = counts.iter().filter(|counts| counts.is_complete()).count();
                served.push(Served { subset: subset.id(), classes: subset.distinct_classes(), present, complete });
            }
        }
        served.sort_by_key(|one| (one.classes - one.present, one.classes - one.complete));
        served
    }
}
