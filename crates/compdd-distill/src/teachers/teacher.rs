//! A teacher on disk.
//!
//! ```text
//! <root>/convnet-d3-scenes-easy-1f0c8a52/
//!   card.json            what it is and what it is worth
//!   params.safetensors   parameters and running statistics under `PyTorch`'s names
//! ```

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use burn::tensor::Device;

use super::{
    Card, Origin, Pixels, TeacherError,
    card::{CARD, PARAMS},
    gate::Tried,
};
use crate::eval::InferenceOptions;
use compdd_core::{
    files::{IoError, atomic, plain},
    limits,
    record::hash,
    subset::Subset,
};
use compdd_data::data::{Decode, Library, PixelSpace, Task, TaskOptions};
use compdd_nn::nn::{Network, NetworkSpec, Params};

/// A trained network with its parameters and its card.
#[derive(Clone, Debug)]
pub struct Teacher {
    path: PathBuf,
    network: Network,
    params: Params,
    card: Card,
}

impl Teacher {
    /// Opens the teacher in `folder`, with its parameters on `device`. The file is compared with its card first.
    ///
    /// # Errors
    /// [`TeacherError::NotATeacher`], [`TeacherError::Record`] for a damaged card, [`TeacherError::Missing`] and
    /// [`TeacherError::Damaged`] for the parameters, [`TeacherError::Network`] when they do not fit the network.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, TeacherError> {
        let card = Card::read(folder)?;
        let path = folder.join(PARAMS);
        if !path.is_file() {
            return Err(TeacherError::Missing { path });
        }
        let bytes = plain::regular_bytes(&path, limits::TENSORS_BYTES)?;
        let found = hash::bytes(&bytes);
        if found != card.blake3 {
            let (expected, length) = (card.blake3.clone(), bytes.len() as u64);
            return Err(TeacherError::Damaged { path, expected, found, missing: card.bytes.saturating_sub(length) });
        }
        let [channels, side, _] = card.input;
        let network = NetworkSpec::parse(&card.network)?.build(channels, side, card.classes.len())?;
        let params = Params::from_safetensors(network.layout(), &bytes, &path.display().to_string(), device)?;
        Ok(Self { path: folder.to_owned(), network, params, card })
    }

    /// Whether the teacher in `folder` is as it was written: it is opened, and dropped again.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn verify(folder: &Path) -> Result<(), TeacherError> {
        Self::open(folder, &Device::flex()).map(drop)
    }

    /// Writes a teacher into `folder`, whole or not at all. Length and hash of the file are entered into the card here.
    pub(super) fn write(folder: &Path, network: Network, params: Params, mut card: Card) -> Result<Self, TeacherError> {
        let bytes = params.to_safetensors()?;
        (card.bytes, card.blake3) = (bytes.len() as u64, hash::bytes(&bytes));
        let text = card.text()?;
        atomic::write_folder(folder, |fresh| {
            fs::write(fresh.join(PARAMS), &bytes)?;
            fs::write(fresh.join(CARD), &text)
        })
        .map_err(IoError::at("write", folder))?;
        Ok(Self { path: folder.to_owned(), network, params, card })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Its parameters and running statistics.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// What it says about itself.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The pixel space its images are in. A whitening is fitted again, on the training images of its subset that `library` has.
    ///
    /// # Errors
    /// [`TeacherError::Data`] when these images cannot be loaded, [`TeacherError::Images`] when they are others than the teacher's.
    pub fn space(&self, library: &Library) -> Result<PixelSpace, TeacherError> {
        let Pixels { kind, mean, std, .. } = &self.card.pixels;
        let plain = PixelSpace::Normalised { mean: *mean, std: *std };
        if *kind == plain.name() {
            return Ok(plain);
        }
        let Decode { resolution, resize, antialias } = self.card.decode.clone();
        let options =
            TaskOptions { resolution: Some(resolution), resize, antialias, zca: true, ..TaskOptions::default() };
        let task = Task::load(&Subset::known(&self.card.subset)?, library, &options)?;
        self.check_images(&task)?;
        Ok(task.space)
    }

    /// Network, parameters and card.
    pub fn into_parts(self) -> (Network, Params, Card) {
        (self.network, self.params, self.card)
    }

    /// Checks a teacher that others trained against its card, on the test images of a task: that it has the accuracy that is stated for them, and its
    /// classes in the order of its outputs. One that was trained here is known by its hash.
    ///
    /// # Errors
    /// [`TeacherError::Disagrees`] with both figures, [`TeacherError::Order`] with the first classes that differ.
    pub fn check_card(&self, task: &Task, passes: InferenceOptions<'_>) -> Result<(), TeacherError> {
        if !matches!(self.card.origin, Origin::Imported { .. }) {
            return Ok(());
        }
        Tried::of(&self.network, &self.params, &self.card, task, passes)?.check(&self.card, &self.path)
    }

    /// Checks that the images of a task are such as the teacher was trained on: their size and their pixel space.
    ///
    /// # Errors
    /// [`TeacherError::Images`].
    pub fn check_images(&self, task: &Task) -> Result<(), TeacherError> {
        self.card.check_images(task, &self.path)
    }
}

impl fmt::Display for Teacher {
    /// Name, network, subset and what it is worth: `one (convnet-d3-bn of cifar10@1, 80.12 % on its test images)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).display();
        write!(f, "{name} ({} of {}", self.card.network, self.card.subset)?;
        match &self.card.test {
            Some(score) => write!(f, ", {:.2} % on its test images)", score.accuracy.percent()),
            None => f.write_str(")"),
        }
    }
}

/// The folders below `root` that hold a card, sorted by name. None when `root` does not exist.
///
/// # Errors
/// [`TeacherError::Io`].
pub fn list(root: &Path) -> Result<Vec<PathBuf>, TeacherError> {
    if !root.exists() {
        return Ok(Vec::new());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(root).map_err(IoError::at("read", root))? {
        let path = entry.map_err(IoError::at("read", root))?.path();
        if path.join(CARD).is_file() && !atomic::is_leftover(&path) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}
