//! The same ten images for the tests of every layout without file names, and what they are as a folder of images.

use std::{fs, path::Path};

use crate::data::{Task, TaskOptions};
use compdd_core::subset::{ClassEntry, Family, Subset};

/// Side of the images.
pub const SIDE: usize = 16;
/// Label of every image: six for training, then four for testing.
pub const LABELS: [[u8; 6]; 2] = [[0, 1, 1, 0, 1, 0], [1, 0, 0, 1, 9, 9]];
/// Images of each split.
pub const COUNTS: [usize; 2] = [6, 4];

/// Two classes of `ImageNet`.
pub fn subset() -> Subset {
    let class = |synset: &str, label: &str| ClassEntry { synset: synset.into(), label: label.into(), index: None };
    Subset {
        slug: "pair".into(),
        version: "1".into(),
        classes: vec![class("n01440764", "tench"), class("n02102040", "English springer")],
        family: Family::ImagenetTen,
        notes: Vec::new(),
    }
}

/// Interleaved pixels of an image; all images differ.
pub fn pixels(split: usize, index: usize) -> Vec<u8> {
    (0..SIDE * SIDE * 3).map(|i| (i * (7 + index) + 91 * split) as u8).collect()
}

/// The labels of a split.
pub fn labels(split: usize) -> &'static [u8] {
    &LABELS[split][..COUNTS[split]]
}

/// An image as a PNG file.
pub fn png(split: usize, index: usize) -> Vec<u8> {
    let image = image::RgbImage::from_raw(SIDE as u32, SIDE as u32, pixels(split, index)).unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Hashes of both splits as a source has them, or the error.
pub fn hashes(root: &Path) -> Result<[String; 2], String> {
    let options = TaskOptions { resolution: Some(SIDE), ..TaskOptions::default() };
    let task = Task::load(&subset(), &root.into(), &options).map_err(|error| error.to_string())?;
    Ok([task.source.train.hash, task.source.test.hash])
}

/// The hashes of the images in class folders.
pub fn expected() -> [String; 2] {
    let root = tempfile::tempdir().unwrap();
    for (split, name) in ["train", "val"].into_iter().enumerate() {
        for (index, label) in labels(split).iter().enumerate() {
            let class = ["n01440764", "n02102040"][usize::from(*label)];
            let folder = root.path().join(name).join(class);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("{index:08}.png")), png(split, index)).unwrap();
        }
    }
    hashes(root.path()).unwrap()
}
