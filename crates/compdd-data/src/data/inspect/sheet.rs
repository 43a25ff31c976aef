//! A few images of every class, to look at.

use std::{collections::BTreeMap, path::PathBuf};

use super::Dataset;
use crate::data::{
    decode::Decode,
    error::{BadFile, DataError},
    load::pixels,
    planes::interleaved,
    resize::ResizeMode,
    source::{Item, Split},
};
use compdd_core::record::contact_sheet;

const CLASSES: usize = 40;
const TRAIN: usize = 6;
const TEST: usize = 2;
const DECODE: Decode = Decode { resolution: 64, resize: ResizeMode::Squash, antialias: true };

/// A PNG with one row per class, in the order of their names: the first six training and the first two test images of each
/// of the first forty classes. Images that cannot be decoded are grey, and returned.
pub fn sheet(dataset: &Dataset) -> Result<(Vec<u8>, Vec<BadFile>), DataError> {
    let shown: Vec<&String> = dataset.classes.keys().take(CLASSES).collect();
    let mut rows: BTreeMap<&str, Vec<Vec<u8>>> = shown.iter().map(|name| (name.as_str(), Vec::new())).collect();
    let mut bad = Vec::new();
    for (split, count) in [(Split::Train, TRAIN), (Split::Test, TEST)] {
        for (name, items) in first(dataset, split, &shown, count)? {
            for item in items {
                let picture = dataset.source.read(split, &item).and_then(|picture| pixels(&picture, &DECODE));
                let rgb = match picture {
                    Ok(planar) => interleaved(&planar, 3),
                    Err(reason) => {
                        bad.push(BadFile { path: dataset.source.path(split, &item), reason });
                        vec![128; 3 * DECODE.resolution * DECODE.resolution]
                    }
                };
                rows.entry(name).or_default().push(rgb);
            }
        }
    }
    let rows: Vec<Vec<Vec<u8>>> = rows.into_values().collect();
    let png = contact_sheet::png(&rows, [DECODE.resolution; 2]);
    let png = png.map_err(|error| DataError::Inconsistent { why: format!("the sheet cannot be encoded: {error}") })?;
    Ok((png, bad))
}

/// The first images of every class by name; no more than these are held at any time.
fn first<'a>(
    dataset: &Dataset,
    split: Split,
    shown: &[&'a String],
    count: usize,
) -> Result<BTreeMap<&'a str, Vec<Item>>, DataError> {
    let mut first: BTreeMap<&str, BTreeMap<(Vec<u8>, PathBuf), Item>> =
        shown.iter().map(|name| (name.as_str(), BTreeMap::new())).collect();
    if dataset.source.has_split(split).is_err() {
        return Ok(BTreeMap::new());
    }
    let wanted = |name: &str| shown.iter().any(|own| *own == name);
    dataset.source.scan(split, &wanted, &mut |name, item| {
        if let Some(items) = first.get_mut(name) {
            items.insert(item.order(), item);
            if items.len() > count {
                items.pop_last();
            }
        }
    })?;
    Ok(first.into_iter().map(|(name, items)| (name, items.into_values().collect())).collect())
}
