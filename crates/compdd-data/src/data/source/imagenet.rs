//! `ImageNet` as folders, and `Tiny-ImageNet`: class folders for training and a flat validation split with an annotation.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    annotation::Annotation,
    class_folders::ClassFolders,
    flat::Flat,
    split_source::{Found, SplitPair, SplitSource},
};
use crate::data::error::DataError;

/// Kaggle's folder structure below, at or inside `root`: `ILSVRC/Data/CLS-LOC/{train,val}` with `LOC_val_solution.csv` in any
/// folder from `CLS-LOC` up to the one that holds `ILSVRC`.
pub(super) fn kaggle(root: &Path) -> Result<Option<SplitPair>, DataError> {
    let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let inside = real.file_name().is_some_and(|name| name == "CLS-LOC");
    let below = ["ILSVRC/Data/CLS-LOC", "Data/CLS-LOC"].map(|path| root.join(path));
    let Some(base) = below.into_iter().find(|base| base.is_dir()).or_else(|| inside.then(|| root.to_owned())) else {
        return Ok(None);
    };
    let val = base.join("val");
    // Folders of the structure may be links, and the path may end inside it.
    let real = fs::canonicalize(&base).unwrap_or_else(|_| base.clone());
    let written = base.ancestors().take_while(|folder| folder.starts_with(root));
    let above = real.ancestors().take(4).chain(written).map(Path::to_owned).collect();
    let test = match ClassFolders::detect(&val)? {
        Some(folders) => Ok(Box::new(folders) as Box<dyn SplitSource>),
        None if Flat::is_flat(&val) => Ok(flat(&val, above, root)),
        None => Err("image in val"),
    };
    Ok(SplitPair::new("kaggle", &base, class_folders(&base)?, test))
}

/// Class folders in `train`, images directly in `val`, or in `test` where there is no `val`.
pub(super) fn flat_val(root: &Path) -> Result<Option<SplitPair>, DataError> {
    let val = if root.join("val").is_dir() { root.join("val") } else { root.join("test") };
    if !Flat::is_flat(&val) {
        return Ok(None);
    }
    let near = vec![val.clone(), root.to_owned()];
    Ok(SplitPair::new("flat-val", root, class_folders(root)?, Ok(flat(&val, near, root))))
}

/// `Tiny-ImageNet-200` as it is distributed: `train/<synset>/images`, `val/images` with `val/val_annotations.txt`; or with the images of
/// `val/images` in a folder for every class.
pub(super) fn tiny(root: &Path) -> Result<Option<SplitPair>, DataError> {
    let val = root.join("val");
    let images = val.join("images");
    let test = if Flat::is_flat(&images) {
        flat(&images, vec![val], root)
    } else if let Some(folders) = ClassFolders::detect(&images)? {
        Box::new(folders)
    } else {
        return Ok(None);
    };
    Ok(SplitPair::new("tiny-imagenet", root, class_folders(root)?, Ok(test)))
}

fn class_folders(root: &Path) -> Result<Found, DataError> {
    let train = ClassFolders::detect(&root.join("train"))?;
    Ok(train.map(|train| Box::new(train) as Box<dyn SplitSource>).ok_or("class folder under train"))
}

fn flat(images: &Path, near: Vec<PathBuf>, root: &Path) -> Box<dyn SplitSource> {
    Box::new(Flat::new(images, Annotation::of(images, near, root)))
}
