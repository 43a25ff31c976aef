//! Statistics on disk.
//!
//! ```text
//! <teacher>/statistics/<hash>/
//!   card.json                what they were gathered from
//!   statistics.safetensors   LAYER/KEY [values] and LAYER/KEY/classes [classes, values], F32
//! ```

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::{HookedLayer, StatisticsError, error::damaged, layer::KEYS};
use compdd_core::{
    files::{IoError, atomic, plain},
    limits,
    record::{
        hash,
        json::{self, Format},
    },
};

const CARD: &str = "card.json";
const FILE: &str = "statistics.safetensors";
const FORMAT: Format =
    Format { name: "compdd-statistics", newest: 1, help: "remove the folder: the statistics are then gathered afresh" };

/// What statistics were gathered from.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    pub format: String,
    pub version: u64,
    /// Hash of teacher, images and demand.
    pub identity: String,
    /// Id of the subset.
    pub subset: String,
    /// How many images were seen.
    pub images: usize,
    /// BLAKE3 of the file.
    pub blake3: String,
}

impl Card {
    pub fn new(identity: &str, subset: String, images: usize) -> Self {
        let format = FORMAT.name.to_owned();
        Self { format, version: FORMAT.newest, identity: identity.to_owned(), subset, images, blake3: String::new() }
    }
}

/// The statistics of one teacher over one training set.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    path: PathBuf,
    /// Shape and values by name.
    arrays: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Statistics {
    /// Those in a folder, compared with their card; none where there is no card.
    ///
    /// # Errors
    /// [`StatisticsError::Damaged`] with the file and what is wrong with it.
    pub(super) fn open(folder: &Path, identity: &str) -> Result<Option<Self>, StatisticsError> {
        let card = folder.join(CARD);
        if !card.exists() {
            return Ok(None);
        }
        let (found, path) = (json::read::<Card>(&card, FORMAT)?, folder.join(FILE));
        if found.identity != identity {
            return Err(damaged(&card, &"it describes other statistics"));
        }
        if !path.is_file() {
            return Err(damaged(&path, &"the file is missing"));
        }
        let bytes = plain::regular_bytes(&path, limits::TENSORS_BYTES)?;
        if hash::bytes(&bytes) != found.blake3 {
            return Err(damaged(&path, &"it does not match its card"));
        }
        let file = SafeTensors::deserialize(&bytes).map_err(|error| damaged(&path, &error))?;
        let arrays = file.tensors().into_iter();
        let arrays =
            arrays.map(|(name, view)| (name, (view.shape().to_vec(), bytemuck::pod_collect_to_vec(view.data()))));
        Ok(Some(Self { path, arrays: arrays.collect() }))
    }

    /// Writes arrays into a folder, whole or not at all.
    pub(super) fn write(
        folder: &Path,
        arrays: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
        mut card: Card,
    ) -> Result<Self, StatisticsError> {
        let path = folder.join(FILE);
        let views = arrays.iter().map(|(name, (shape, values))| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(values));
            Ok((name.as_str(), view.map_err(|error| damaged(&path, &error))?))
        });
        let views = views.collect::<Result<Vec<_>, StatisticsError>>()?;
        let bytes = safetensors::serialize(views, None).map_err(|error| damaged(&path, &error))?;
        card.blake3 = hash::bytes(&bytes);
        let text = json::text(&card, &folder.join(CARD))?;
        atomic::write_folder(folder, |fresh| {
            fs::write(fresh.join(FILE), &bytes)?;
            fs::write(fresh.join(CARD), &text)
        })
        .map_err(IoError::at("write", folder))?;
        Ok(Self { path, arrays })
    }

    /// The statistics of a layer over all images, in the order of [`moments`](super::moments()).
    ///
    /// # Errors
    /// [`StatisticsError::Damaged`] when they are not there.
    pub fn of_all(&self, layer: &HookedLayer) -> Result<Vec<&[f32]>, StatisticsError> {
        self.rows(layer, |name| name)
    }

    /// The statistics of a layer by class, each `[classes, values]`, row by row.
    ///
    /// # Errors
    /// [`StatisticsError::Damaged`] when they are not there.
    pub fn of_classes(&self, layer: &HookedLayer) -> Result<Vec<&[f32]>, StatisticsError> {
        self.rows(layer, of_classes)
    }

    fn rows(&self, layer: &HookedLayer, named: impl Fn(String) -> String) -> Result<Vec<&[f32]>, StatisticsError> {
        let row = |key: &&str| {
            let name = named(array(layer, key));
            let missing = || damaged(&self.path, &format!("it has no `{name}`"));
            self.arrays.get(&name).map(|(_, values)| values.as_slice()).ok_or_else(missing)
        };
        layer.keys().iter().map(row).collect()
    }
}

/// The name of an array over all images.
pub(super) fn array(layer: &HookedLayer, key: &str) -> String {
    format!("{}/{key}", layer.name)
}

/// The end of the names of arrays by class.
pub(super) const CLASSES: &str = "/classes";

/// The same by class.
pub(super) fn of_classes(name: String) -> String {
    name + CLASSES
}

impl HookedLayer {
    /// What is measured of it.
    pub(super) fn keys(&self) -> &'static [&'static str] {
        if self.kind == compdd_nn::nn::LayerKind::Conv { &KEYS } else { &KEYS[..2] }
    }
}
