//! Arrays of images and labels as `NumPy` saves them: `.npz` archives and `.npy` files.

mod find;
mod held;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{
    Item, Picture, Place, Source, Split, Wanted,
    annotation::malformed,
    numbered::{list, meaning, read_list, without_list},
};
use crate::data::{error::DataError, parse::ParseError};
use compdd_core::subset::ClassEntry;
use find::{Arrangement, Pair, Place as At};
use held::{Pictures, Values};

/// Two arrays for each split: images of bytes, `[n, h, w, 3]`, `[n, 3, h, w]`, `[n, h, w]` or `[n, h, w, 1]`, and labels, which
/// are numbers or names.
///
/// | files | arrays |
/// |---|---|
/// | `train.npz` with `test.npz` or `val.npz` | `images`, `x`, `data` or `arr_0`, and `labels`, `y` or `arr_1` |
/// | one `.npz` | `x_train`, `y_train`, `x_test`, `y_test`; or `train_images`, `train_labels`, ...; `val` for `test` |
/// | `.npy` files | called as the arrays in one `.npz` |
///
/// Numbers need names: `class_names` among the arrays, or `classes.txt`, `synsets.txt` or `classes.json` beside them. Without, only
/// all the numbers from 0 to 999 are understood: the sorted synsets of `ImageNet`. Images keep their order. Those that are not
/// compressed are read one by one where they lie; compressed ones are kept in memory.
#[derive(Debug)]
pub struct Arrays {
    folder: PathBuf,
    arrangement: Arrangement,
    /// The file or folder that holds the arrays.
    at: PathBuf,
    opened: OnceLock<Opened>,
}

/// The arrays of a source.
#[derive(Debug)]
struct Opened {
    splits: [Option<Images>; 2],
    names: Vec<String>,
    /// Files beside the arrays that say what classes are called.
    list: Option<PathBuf>,
}

/// The images of a split with the position of the class of each.
#[derive(Debug)]
struct Images {
    pair: Pair,
    pictures: Pictures,
    labels: Vec<u32>,
}

impl Arrays {
    /// Every source of arrays in a folder, judged by names of files alone.
    pub fn detect(folder: &Path) -> Vec<Self> {
        find::places(folder)
            .into_iter()
            .map(|(arrangement, at)| Self { folder: folder.to_owned(), arrangement, at, opened: OnceLock::new() })
            .collect()
    }

    fn opened(&self) -> Result<&Opened, DataError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let opened = self.open()?;
        Ok(self.opened.get_or_init(|| opened))
    }

    fn open(&self) -> Result<Opened, DataError> {
        let found = self.arrangement.find(&self.at)?;
        let mut values = Vec::new();
        for pair in found.splits.iter().flatten() {
            values.push(held::values(&pair.labels)?);
        }
        let list =
            list(std::slice::from_ref(&self.folder)).filter(|_| values.iter().any(|v| matches!(v, Values::Numbers(_))));
        let (names, list) = match (&found.names, list) {
            _ if values.iter().all(|v| matches!(v, Values::Names(_))) => (said(&values), None),
            (Some(names), _) => {
                let names = held::values(names)?.into_names(names)?;
                (meaning(names).map_err(|error| malformed(&self.at, &error))?, None)
            }
            (None, Some(list)) => (read_list(&list)?, Some(list)),
            (None, None) => (without_list(&numbers(&values), &self.at)?, None),
        };
        let mut values = values.into_iter();
        let mut images = |pair: Option<Pair>| -> Result<Option<Images>, DataError> {
            let (Some(pair), Some(values)) = (pair.as_ref(), pair.as_ref().and_then(|_| values.next())) else {
                return Ok(None);
            };
            let labels = values.positions(&names).map_err(|error| wrong(&pair.labels, &error))?;
            let pictures = Pictures::open(&pair.images)?;
            if pictures.len() != labels.len() {
                let why = format!(
                    "{} labels for {} images in {}",
                    labels.len(),
                    pictures.len(),
                    pair.images.described().display()
                );
                return Err(wrong(&pair.labels, &ParseError::new(why)));
            }
            Ok(Some(Images { pair: pair.clone(), pictures, labels }))
        };
        let [train, test] = found.splits;
        Ok(Opened { splits: [images(train)?, images(test)?], names, list })
    }

    fn split(&self, split: Split) -> Result<(&Images, &[String]), DataError> {
        let opened = self.opened()?;
        let images = opened.splits[split as usize].as_ref().ok_or_else(|| DataError::MissingSplit {
            path: self.at.clone(),
            split,
            looked: vec![self.arrangement.looked(split).to_owned()],
        })?;
        Ok((images, &opened.names))
    }
}

/// All names that labels are made of.
fn said(values: &[Values]) -> Vec<String> {
    let names: BTreeSet<&String> = values.iter().flat_map(Values::names).collect();
    names.into_iter().cloned().collect()
}

fn numbers(values: &[Values]) -> BTreeSet<i64> {
    values
        .iter()
        .flat_map(|values| if let Values::Numbers(numbers) = values { numbers.as_slice() } else { &[] })
        .copied()
        .collect()
}

fn wrong(at: &At, error: &ParseError) -> DataError {
    malformed(&at.described(), error)
}

impl Source for Arrays {
    fn kind(&self) -> &'static str {
        self.arrangement.kind()
    }

    fn has_split(&self, split: Split) -> Result<(), DataError> {
        self.split(split).map(|_| ())
    }

    fn place(&self, split: Split, _class: &ClassEntry) -> PathBuf {
        self.split(split).map_or_else(|_| self.at.clone(), |(images, _)| images.pair.labels.described())
    }

    fn classes(&self, split: Split) -> Result<Vec<String>, DataError> {
        let mut names = self.split(split)?.1.to_vec();
        names.sort();
        Ok(names)
    }

    fn scan(&self, split: Split, wanted: Wanted, visit: &mut dyn FnMut(&str, Item)) -> Result<(), DataError> {
        let (images, names) = self.split(split)?;
        let wanted: Vec<bool> = names.iter().map(|name| wanted(name)).collect();
        for (row, &label) in images.labels.iter().enumerate().filter(|(_, label)| wanted[**label as usize]) {
            visit(&names[label as usize], Item::numbered(row, Place { part: 0, start: row as u64, length: 0 }));
        }
        Ok(())
    }

    fn files(&self, split: Split, _wanted: Wanted, visit: &mut dyn FnMut(&Path)) -> Result<(), DataError> {
        let (images, _) = self.split(split)?;
        let arrays = [images.pair.images.file(), images.pair.labels.file()];
        let files: BTreeSet<&Path> = arrays.into_iter().chain(self.opened()?.list.as_deref()).collect();
        files.into_iter().for_each(visit);
        Ok(())
    }

    fn read(&self, split: Split, item: &Item) -> Result<Picture, String> {
        let (images, _) = self.split(split).map_err(|error| error.to_string())?;
        images.pictures.read(item.place.start)
    }

    fn path(&self, split: Split, item: &Item) -> PathBuf {
        let images = self.split(split).map(|(images, _)| images.pair.images.described());
        images.unwrap_or_else(|_| self.at.clone()).join(item.place.start.to_string())
    }
}

#[cfg(test)]
mod tests;
