//! Test images that are training images as well.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::Dataset;
use crate::data::{
    error::DataError,
    source::{Item, Picture, Split},
};

/// How many images are listed before they are read.
const PORTION: usize = 4096;

/// A test image and a training image with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duplicate {
    /// The test image.
    pub test: PathBuf,
    /// The training image.
    pub train: PathBuf,
}

/// Every test image whose file is byte for byte that of a training image, sorted. Reads all images of a dataset once.
pub fn duplicates(dataset: &Dataset) -> Result<Vec<Duplicate>, DataError> {
    let mut test: HashMap<[u8; 32], PathBuf> = HashMap::new();
    each_hash(dataset, Split::Test, &mut |hash, path| {
        test.insert(hash, path);
    })?;
    let mut found = Vec::new();
    each_hash(dataset, Split::Train, &mut |hash, train| {
        if let Some(test) = test.get(&hash) {
            found.push(Duplicate { test: test.clone(), train });
        }
    })?;
    found.sort();
    Ok(found)
}

/// Images that cannot be read are left out: loading reports them.
fn each_hash(dataset: &Dataset, split: Split, each: &mut dyn FnMut([u8; 32], PathBuf)) -> Result<(), DataError> {
    let mut flush = |items: &mut Vec<Item>| {
        let hashes: Mutex<Vec<(usize, [u8; 32])>> = Mutex::new(Vec::with_capacity(items.len()));
        dataset.source.read_each(split, items, &|i, picture| {
            let hash = match picture {
                Ok(Picture::Encoded(bytes)) => blake3::hash(&bytes),
                Ok(Picture::Rgb { pixels, .. }) => blake3::hash(&pixels),
                Err(_) => return,
            };
            hashes.lock().unwrap_or_else(PoisonError::into_inner).push((i, *hash.as_bytes()));
        });
        let hashes = hashes.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (i, hash) in hashes {
            each(hash, dataset.source.path(split, &items[i]));
        }
        items.clear();
    };
    let mut items = Vec::with_capacity(PORTION);
    dataset.source.scan(split, &|_| true, &mut |_, item| {
        items.push(item);
        if items.len() == PORTION {
            flush(&mut items);
        }
    })?;
    flush(&mut items);
    Ok(())
}
