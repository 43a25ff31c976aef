//! The scenes as an `ImageFolder`, to try with real files what is meant for real images.

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use rayon::prelude::*;

use super::{CLASSES, World};
use crate::data::{error::DataError, planes::interleaved, source::Split};
use compdd_core::files::{IoError, atomic};

/// What is written.
#[derive(Clone, Debug)]
pub struct Export {
    /// Which pictures.
    pub world: World,
    /// Side of the pictures in pixels.
    pub side: usize,
    /// Training pictures a class.
    pub train: usize,
    /// Test pictures a class.
    pub test: usize,
    /// Names of the ten class folders: the scenes' own, or ten synsets, so that the folder passes for that subset.
    pub names: Vec<String>,
}

/// Writes `folder/{train,val}/<class>/<class>_NNNNN.png`; the folder must not exist. It appears whole or not at all.
///
/// The order of the files is that of the pictures, so that a folder of the scenes' own names holds the very images of the
/// built-in subsets.
pub fn export(folder: &Path, export: &Export) -> Result<(), DataError> {
    if folder.exists() {
        return Err(DataError::Exists { path: folder.to_owned() });
    }
    if export.names.len() != CLASSES.len() {
        let why = format!("{} names for the ten classes of the scenes", export.names.len());
        return Err(DataError::Inconsistent { why });
    }
    let fail = |source| DataError::from(IoError { action: "write", path: folder.to_owned(), source });
    atomic::write_folder(folder, |staging| fill(staging, export)).map_err(fail)
}

fn fill(staging: &Path, export: &Export) -> std::io::Result<()> {
    let mut pictures: Vec<(Split, usize, usize, PathBuf)> = Vec::new();
    for (split, place, count) in [(Split::Train, "train", export.train), (Split::Test, "val", export.test)] {
        for (class, name) in export.names.iter().enumerate() {
            let folder = staging.join(place).join(name);
            fs::create_dir_all(&folder)?;
            pictures.extend((0..count).map(|i| (split, class, i, folder.join(format!("{name}_{i:05}.png")))));
        }
    }
    pictures.into_par_iter().try_for_each(|(split, class, index, path)| {
        let planar = export.world.scene(split, class, index, export.side).pixels;
        let rgb = interleaved(&planar, 3);
        let mut bytes = Vec::new();
        let side = export.side as u32;
        PngEncoder::new(&mut bytes)
            .write_image(&rgb, side, side, ExtendedColorType::Rgb8)
            .map_err(std::io::Error::other)?;
        fs::write(path, bytes)
    })
}
