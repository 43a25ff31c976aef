//! `ImageFolder`: `train/<class>/...` with `val/<class>/...` or `test/<class>/...`.

use std::{cmp::Reverse, path::Path};

use super::{
    class_folders::ClassFolders,
    find::listing,
    split_source::{SplitPair, SplitSource},
};
use crate::data::error::DataError;

/// Names that the folder of the training images may have, up to case.
const TRAIN: [&str; 2] = ["train", "training"];

/// Names that the folder of the test images may have, up to case.
const TEST: [&str; 4] = ["test", "val", "validation", "valid"];

/// Recognises the layout by a split folder that has folders in it.
pub(super) fn detect(root: &Path) -> Result<Option<SplitPair>, DataError> {
    let there = listing(root)?;
    let train = detected(root, &there, &TRAIN)?.into_iter().next();
    let mut tests = detected(root, &there, &TEST)?;
    // Where there are both, the unlabelled one has no class folders, or one that no training class is called like.
    let common = |test: &ClassFolders| train.as_ref().map_or(0, |train| train.common(test));
    tests.sort_by_key(|test| Reverse(common(test)));
    let test = tests.into_iter().next();
    let boxed = |half: Option<ClassFolders>| half.map(|half| Box::new(half) as Box<dyn SplitSource>);
    let train = boxed(train).ok_or("class folder under train");
    Ok(SplitPair::new("image-folder", root, train, boxed(test).ok_or("class folder under test or val")))
}

/// The folders of these names that have folders in them; a name in lower case comes before the same in another.
fn detected(root: &Path, there: &[String], names: &[&str]) -> Result<Vec<ClassFolders>, DataError> {
    let mut folders = Vec::new();
    for name in names {
        for other in there.iter().rev().filter(|other| other.eq_ignore_ascii_case(name)) {
            folders.extend(ClassFolders::detect(&root.join(other))?);
        }
    }
    Ok(folders)
}
