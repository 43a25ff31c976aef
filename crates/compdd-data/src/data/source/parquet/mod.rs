//! Parquet shards of images and labels, as Hugging Face keeps them.

mod shards;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use rayon::prelude::*;

use super::{
    Item, Picture, Place, Source, Split, Wanted,
    annotation::malformed,
    numbered::{list, meaning, read_list, without_list},
};
use crate::data::{
    error::DataError,
    parse::{
        ParseError, is_synset,
        parquet::{Label, Shard},
    },
};
use compdd_core::subset::ClassEntry;
use shards::{Positioned, Shards};

/// Shards named `train-00000-of-00005.parquet`, `validation-...` and `test-...` in a folder or in `data/` in it, or shards of any
/// name in `train/`, `validation/` and `test/`.
///
/// The class of an image is a synset in its path (`n01440764_10026_n01440764.JPEG`), else its label: a name, or a number whose
/// name is in the metadata that Hugging Face writes, in `classes.txt`, `synsets.txt` or `classes.json` beside the shards, or, where the
/// numbers are all of 0 to 999, a synset of `ImageNet`. The test split is `test` unless it has no labels, then `validation`.
#[derive(Debug)]
pub struct Parquet {
    folder: PathBuf,
    /// Training shards; then those of every split that may be the test split, in the order in which they are tried.
    train: Option<Shards>,
    tests: Vec<Shards>,
    opened: [OnceLock<Opened>; 2],
}

/// The shards of the training split of a folder, all of which are there; none where the folder has no shards.
///
/// # Errors
/// [`DataError::MissingFiles`].
pub(crate) fn train_shards(folder: &Path) -> Result<Option<Vec<PathBuf>>, DataError> {
    let Some(shards) = Shards::find(folder, &["train"]).into_iter().next() else { return Ok(None) };
    shards.complete(folder, Split::Train)?;
    Ok(Some(shards.files))
}

/// The shards of a split with their directories.
#[derive(Debug)]
struct Opened {
    shards: Vec<(PathBuf, Shard)>,
    /// Names of the classes by number.
    names: Vec<String>,
    list: Option<PathBuf>,
    /// Every class there is.
    classes: Vec<String>,
}

impl Parquet {
    /// Recognises the layout by the names of files; none is opened.
    pub fn detect(folder: &Path) -> Option<Self> {
        let train = Shards::find(folder, &["train"]).into_iter().next();
        let tests = Shards::find(folder, &["test", "validation", "val", "valid"]);
        if train.is_none() && tests.is_empty() {
            return None;
        }
        Some(Self { folder: folder.to_owned(), train, tests, opened: Default::default() })
    }

    fn opened(&self, split: Split) -> Result<&Opened, DataError> {
        let cell = &self.opened[split as usize];
        if let Some(opened) = cell.get() {
            return Ok(opened);
        }
        let missing = |looked: &[&str]| DataError::MissingSplit {
            path: self.folder.clone(),
            split,
            looked: looked.iter().map(|&looked| looked.to_owned()).collect(),
        };
        let opened = match split {
            Split::Train => {
                let train = self.train.as_ref().ok_or_else(|| missing(&["train-*.parquet"]))?;
                self.open(train, split)?
            }
            Split::Test => {
                let mut labelled = None;
                for shards in &self.tests {
                    if labelled.is_none() && shards.has_labels()? {
                        labelled = Some(shards);
                    }
                }
                let shards = labelled
                    .ok_or_else(|| missing(&["validation-*.parquet with labels", "test-*.parquet with labels"]))?;
                self.open(shards, split)?
            }
        };
        Ok(cell.get_or_init(|| opened))
    }

    fn open(&self, shards: &Shards, split: Split) -> Result<Opened, DataError> {
        shards.complete(&self.folder, split)?;
        let shards: Vec<(PathBuf, Shard)> = shards
            .files
            .par_iter()
            .map(|path| Ok((path.clone(), shards::open(path)?.0)))
            .collect::<Result<_, DataError>>()?;
        let mut opened = Opened { shards, names: Vec::new(), list: None, classes: Vec::new() };
        let (path, first) = opened.shards.first().ok_or_else(|| DataError::MissingSplit {
            path: self.folder.clone(),
            split,
            looked: vec!["*.parquet".into()],
        })?;
        if let Some(names) =
            first.names().and_then(|names| names.map(meaning).transpose()).map_err(|e| malformed(path, &e))?
        {
            opened.names = names;
        } else if let Some(list) = list(&[path.parent().unwrap_or(&self.folder).to_owned(), self.folder.clone()]) {
            opened.names = read_list(&list)?;
            opened.list = Some(list);
        }
        // Synsets say all that there is to say about the classes; otherwise paths may know better, so they are looked at.
        if !opened.names.is_empty() && opened.names.iter().all(|name| is_synset(name.as_bytes())) {
            opened.classes.clone_from(&opened.names);
        } else {
            opened.look()?;
        }
        opened.classes.sort();
        Ok(opened)
    }
}

/// What is told of every row: the number of its shard, its row there, its label, its path.
type VisitPlace<'a> = dyn FnMut(usize, u64, Label, Option<&str>) -> Result<(), ParseError> + 'a;

impl Opened {
    /// Finds out which classes there are by walking over all labels and paths.
    fn look(&mut self) -> Result<(), DataError> {
        let (mut numbers, mut classes) = (BTreeSet::new(), BTreeSet::new());
        self.rows(&mut |_, _, label, path| {
            match (path.and_then(synset_in), label) {
                (Some(synset), _) => _ = !classes.contains(synset) && classes.insert(synset.to_owned()),
                (None, Label::Number(number)) => _ = numbers.insert(number),
                (None, Label::Name(name)) => _ = classes.insert(name),
            }
            Ok(())
        })?;
        if !numbers.is_empty() && self.names.is_empty() {
            let folder = self.shards.first().and_then(|(path, _)| path.parent()).unwrap_or(Path::new("."));
            self.names = without_list(&numbers, folder)?;
        }
        if !numbers.is_empty() {
            classes.extend(self.names.iter().cloned());
        }
        self.classes = classes.into_iter().collect();
        Ok(())
    }

    /// Visits every row of every shard.
    fn rows(&self, visit: &mut VisitPlace<'_>) -> Result<(), DataError> {
        for (number, (path, shard)) in self.shards.iter().enumerate() {
            let mut row = 0;
            let file = shards::file(path)?;
            let visited = shard.labels(&Arc::new(file), &mut |label, name| {
                visit(number, row, label, name)?;
                row += 1;
                Ok(())
            });
            visited.map_err(|error| malformed(path, &error))?;
        }
        Ok(())
    }

    /// The class of a row.
    fn class<'a>(&'a self, row: u64, label: &'a Label, path: Option<&'a str>) -> Result<&'a str, ParseError> {
        if let Some(synset) = path.and_then(synset_in) {
            return Ok(synset);
        }
        match label {
            Label::Name(name) => Ok(name),
            Label::Number(number) => {
                let name = usize::try_from(*number).ok().and_then(|number| self.names.get(number));
                let why = || format!("row {row} has label {number}, but {} classes have names", self.names.len());
                name.map(String::as_str).ok_or_else(|| ParseError::new(why()))
            }
        }
    }

    /// The row group of a row of a shard, and the first row of the group.
    fn group(shard: &Shard, row: u64) -> Option<(usize, u64)> {
        let mut start = 0;
        shard.groups().enumerate().find_map(|(group, rows)| {
            let first = start;
            start += rows;
            (row < start).then_some((group, first))
        })
    }
}

/// A synset at the end of a file name, or at its beginning: `ILSVRC2012_val_00000293_n01440764.JPEG`, `n01440764_10026.JPEG`.
fn synset_in(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let ends = [stem.rsplit_once('_').map(|(_, end)| end), stem.split_once('_').map(|(start, _)| start)];
    ends.into_iter().flatten().find(|part| is_synset(part.as_bytes()))
}

impl Source for Parquet {
    fn kind(&self) -> &'static str {
        "parquet"
    }

    fn has_split(&self, split: Split) -> Result<(), DataError> {
        self.opened(split).map(|_| ())
    }

    fn place(&self, split: Split, _class: &ClassEntry) -> PathBuf {
        let opened = self.opened(split).ok();
        opened.and_then(|opened| opened.shards.first()).map_or_else(|| self.folder.clone(), |(path, _)| path.clone())
    }

    fn classes(&self, split: Split) -> Result<Vec<String>, DataError> {
        Ok(self.opened(split)?.classes.clone())
    }

    fn scan(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let opened = self.opened(split)?;
        let mut index = 0;
        opened.rows(&mut |part, row, label, path| {
            let class = opened.class(row, &label, path)?;
            if wanted(class) {
                let place = Place { part: part as u32, start: row, length: 0 };
                let named = path.filter(|path| !path.is_empty()).map(|path| Item { file: path.into(), place });
                visit(class, named.unwrap_or_else(|| Item::numbered(index, place)));
            }
            index += 1;
            Ok(())
        })
    }

    fn files(&self, split: Split, _wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        let opened = self.opened(split)?;
        opened.shards.iter().for_each(|(path, _)| visit(path));
        opened.list.iter().for_each(|list| visit(list));
        Ok(())
    }

    fn read(&self, split: Split, item: &Item) -> Result<Picture, String> {
        let cell = OnceLock::new();
        self.read_each(split, std::slice::from_ref(item), &|_, picture| _ = cell.set(picture));
        cell.into_inner().unwrap_or_else(|| Err("the row was not found".into()))
    }

    fn path(&self, split: Split, item: &Item) -> PathBuf {
        let opened = self.opened(split).ok();
        let shard = opened.and_then(|opened| opened.shards.get(item.place.part as usize)).map(|(path, _)| path.clone());
        shard.unwrap_or_else(|| self.folder.clone()).join(format!("row {} ({})", item.place.start, item.file.display()))
    }

    /// Row groups are read side by side, each once for all of its rows that are wanted.
    fn read_each(&self, split: Split, items: &[Item], each: &(dyn Fn(usize, Result<Picture, String>) + Sync)) {
        let opened = match self.opened(split) {
            Ok(opened) => opened,
            Err(error) => return (0..items.len()).for_each(|i| each(i, Err(error.to_string()))),
        };
        let mut groups: BTreeMap<(usize, usize), Vec<(u64, usize)>> = BTreeMap::new();
        let mut files: BTreeMap<usize, Result<Arc<Positioned>, String>> = BTreeMap::new();
        for (i, Place { part, start, .. }) in items.iter().map(|item| item.place).enumerate() {
            let part = part as usize;
            let shard = opened.shards.get(part);
            match shard.and_then(|(_, shard)| Opened::group(shard, start)) {
                Some((group, first)) => groups.entry((part, group)).or_default().push((start - first, i)),
                None => each(i, Err("the shard has no such row".into())),
            }
        }
        for &(part, _) in groups.keys() {
            let open = || shards::file(&opened.shards[part].0).map(Arc::new).map_err(|error| error.to_string());
            files.entry(part).or_insert_with(open);
        }
        groups.into_par_iter().for_each(|((part, group), mut wanted)| {
            wanted.sort_unstable();
            let rows: Vec<u64> = wanted.iter().map(|(row, _)| *row).collect();
            let mut done = 0;
            let read = files[&part].clone().and_then(|file| {
                let (_, shard) = &opened.shards[part];
                let read = shard.images(&file, group, &rows, &mut |images| {
                    done += images.len();
                    images.par_iter().for_each(|(place, image)| {
                        let picture = image.map(|bytes| Picture::Encoded(bytes.to_vec()));
                        each(wanted[*place].1, picture.ok_or_else(|| "the row has no image".to_owned()));
                    });
                });
                read.map_err(|error| error.to_string())
            });
            if let Err(error) = read {
                wanted[done..].iter().for_each(|(_, i)| each(*i, Err(error.clone())));
            }
        });
    }
}

#[cfg(test)]
mod tests;
