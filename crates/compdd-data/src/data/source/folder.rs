//! `ImageFolder`: `train/<class>/...` with `val/<class>/...` or `test/<class>/...`.

use std::{cmp::Reverse, path::Path};

use super::{
    class_folders::ClassFolders,
    split_source::{SplitPair, SplitSource},
};
use crate::data::error::DataError;

/// Names that the folder of the test images may have.
const TEST: [&str; 2] = ["test", "val"];

/// Recognises the layout by a split folder that has folders in it.
pub(super) fn detect(root: &Path) -> Result<Option<SplitPair>, DataError> {
    let train = ClassFolders::detect(&root.join("train"))?;
    let mut tests = Vec::new();
    for name in TEST {
        tests.extend(ClassFolders::detect(&root.join(name))?);
    }
    // Where there are both, the unlabelled one has no class folders, or one that no training class is called like.
    let common = |test: &ClassFolders| train.as_ref().map_or(0, |train| train.common(test));
    tests.sort_by_key(|test| Reverse(common(test)));
    let test = tests.into_iter().next();
    let boxed = |half: Option<ClassFolders>| half.map(|half| Box::new(half) as Box<dyn SplitSource>);
    let train = boxed(train).ok_or("class folder under train");
    Ok(SplitPair::new("image-folder", root, train, boxed(test).ok_or("class folder under test or val")))
}
