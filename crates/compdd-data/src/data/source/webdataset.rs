//! `WebDataset`: shards of samples, each an image and its class beside it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use rayon::prelude::*;

use super::{
    Item, Picture, Place, Wanted,
    annotation::{malformed, text},
    archive::{Archives, tars},
    numbered::imagenet_1k,
    split_source::{SplitPair, SplitSource},
};
use crate::data::{
    error::DataError,
    parse::{self, Label, ParseError, Sample, is_synset, samples},
};
use compdd_core::subset::ClassEntry;

/// Lists that say what the numbers in the shards mean: one class a line, class 0 first.
const LISTS: [&str; 2] = ["classes.txt", "synsets.txt"];

/// What the files and folders of a split are called: a word of their name begins so. The validation shards come first,
/// because those of a test split often have no classes.
const SPLITS: [&[&str]; 2] = [&["train"], &["val", "test"]];

/// Recognises shards by their names (`imagenet1k-train-0000.tar`, `train/0000.tar`); nothing is opened.
pub(super) fn detect(root: &Path) -> Option<SplitPair> {
    let here: Vec<PathBuf> = tars(root).into_iter().filter(|path| !starts(path, "ILSVRC2012_img")).collect();
    let [train, test] = SPLITS.map(|names| names.iter().find_map(|name| shards(root, &here, name)));
    let train = train.ok_or("shard *train*.tar or train/*.tar");
    SplitPair::new("webdataset", root, train, test.ok_or("shard *val*.tar, val/*.tar, *test*.tar or test/*.tar"))
}

fn starts(path: &Path, with: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with))
}

/// The shards of a split: those directly in the folder, else those in a folder of its own.
fn shards(root: &Path, here: &[PathBuf], split: &str) -> Option<Box<dyn SplitSource>> {
    let is_split = |path: &&PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        name.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(split))
    };
    let mut folder = root.to_owned();
    let mut archives: Vec<PathBuf> = here.iter().filter(is_split).cloned().collect();
    if archives.is_empty() {
        let names: &[&str] = if split == "val" { &["val", "validation"] } else { &[split] };
        folder = names.iter().map(|name| root.join(name)).find(|folder| folder.is_dir())?;
        archives = tars(&folder);
        // Archives of classes are another layout.
        archives.retain(|path| !path.file_stem().is_some_and(|stem| is_synset(stem.as_encoded_bytes())));
    }
    if archives.is_empty() {
        return None;
    }
    let near = [folder.clone(), root.to_owned()];
    Some(Box::new(Shards { archives: Archives(archives), folder, near, names: OnceLock::new() }))
}

/// The shards of a split.
#[derive(Debug)]
struct Shards {
    archives: Archives,
    folder: PathBuf,
    /// Where a list of classes is looked for.
    near: [PathBuf; 2],
    names: OnceLock<Names>,
}

/// What the classes in the shards are called.
#[derive(Debug)]
struct Names {
    /// The name of every class that a sample has.
    of: BTreeMap<Label, String>,
    /// The list that numbers were looked up in.
    list: Option<PathBuf>,
}

impl Names {
    /// The name of a sample's class. A number is checked against the key, which in most conversions of `ImageNet` begins with
    /// the synset: a list in another order than the numbers would go unnoticed otherwise.
    fn of(&self, sample: &Sample) -> Result<&str, ParseError> {
        let wrong = |why: String| Err(ParseError::byte(sample.image.start, format!("sample {:?}: {why}", sample.key)));
        let Some(name) = self.of.get(&sample.label) else {
            return wrong("a class that was not there before: the shard is being written".into());
        };
        let base = sample.key.rsplit('/').next().unwrap_or_default();
        match (&sample.label, base.split_once('_')) {
            (Label::Index(index), Some((synset, _))) if is_synset(synset.as_bytes()) && is_synset(name.as_bytes()) => {
                if synset == name {
                    Ok(name)
                } else {
                    wrong(format!("class {index} is {name} by the list of classes"))
                }
            }
            _ => Ok(name),
        }
    }
}

impl Shards {
    /// Names of the classes, from one walk over all shards.
    fn names(&self) -> Result<&Names, DataError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let parts: Vec<usize> = (0..self.archives.0.len()).collect();
        let sets: Vec<BTreeSet<Label>> = parts
            .par_iter()
            .map(|&part| {
                let mut labels = BTreeSet::new();
                self.walk(part, &mut |sample| {
                    labels.insert(sample.label);
                    Ok(())
                })?;
                Ok(labels)
            })
            .collect::<Result<_, DataError>>()?;
        let names = self.named(sets.into_iter().flatten().collect())?;
        Ok(self.names.get_or_init(|| names))
    }

    fn walk(&self, part: usize, visit: &mut dyn FnMut(Sample) -> Result<(), ParseError>) -> Result<(), DataError> {
        samples(self.archives.span(part)?, visit).map_err(|error| malformed(&self.archives.0[part], &error))
    }

    /// The names of labels: themselves, or for numbers the lines of a list.
    fn named(&self, labels: BTreeSet<Label>) -> Result<Names, DataError> {
        let numbers: Vec<u32> =
            labels.iter().filter_map(|label| if let Label::Index(i) = label { Some(*i) } else { None }).collect();
        let list = self.near.iter().flat_map(|folder| LISTS.map(|name| folder.join(name))).find(|list| list.is_file());
        let (classes, list) = match (numbers.last(), list) {
            (None, _) => (Vec::new(), None),
            (Some(_), Some(list)) => (text(&list, parse::classes)?, Some(list)),
            (Some(999), None) => (imagenet_1k(), None),
            (Some(&last), None) => {
                return Err(DataError::NumberedClasses { path: self.folder.clone(), classes: numbers.len(), last });
            }
        };
        let mut of = BTreeMap::new();
        for label in labels {
            let name = match &label {
                Label::Name(name) => name.clone(),
                Label::Index(index) => classes.get(*index as usize).cloned().ok_or_else(|| {
                    let why =
                        format!("names {} classes, but the shards have class {index} (counted from 0)", classes.len());
                    DataError::Malformed { path: list.clone().unwrap_or_else(|| self.folder.clone()), why }
                })?,
            };
            of.insert(label, name);
        }
        Ok(Names { of, list })
    }
}

impl SplitSource for Shards {
    fn place(&self, _class: &ClassEntry) -> PathBuf {
        self.folder.clone()
    }

    fn classes(&self) -> Result<Vec<String>, DataError> {
        let distinct: BTreeSet<&String> = self.names()?.of.values().collect();
        Ok(distinct.into_iter().cloned().collect())
    }

    fn scan(&self, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let names = self.names()?;
        let wanted: BTreeSet<&str> = names.of.values().map(String::as_str).filter(|name| wanted(name)).collect();
        let parts: Vec<usize> = (0..self.archives.0.len()).collect();
        // As many shards at a time as there are threads: what is in memory does not grow with the number of shards.
        for parts in parts.chunks(rayon::current_num_threads()) {
            let found: Vec<Vec<(&str, Item)>> = parts
                .par_iter()
                .map(|&part| {
                    let mut items = Vec::new();
                    self.walk(part, &mut |sample| {
                        let name = names.of(&sample)?;
                        if wanted.contains(name) {
                            let place =
                                Place { part: part as u32, start: sample.image.start, length: sample.image.length };
                            items.push((name, Item { file: sample.image.name.into(), place }));
                        }
                        Ok(())
                    })?;
                    Ok(items)
                })
                .collect::<Result<_, DataError>>()?;
            found.into_iter().flatten().for_each(|(name, item)| visit(name, item));
        }
        Ok(())
    }

    fn files(&self, _wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        self.archives.0.iter().chain(&self.names()?.list).for_each(|path| visit(path));
        Ok(())
    }

    fn read(&self, item: &Item) -> Result<Picture, String> {
        self.archives.read(item)
    }

    fn path(&self, item: &Item) -> PathBuf {
        self.archives.path(item)
    }

    fn read_each(&self, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        self.archives.read_each(items, each);
    }
}
