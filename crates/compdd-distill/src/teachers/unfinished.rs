//! What a training keeps on disk until it has finished: one folder per identity, so that nothing of another training is in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::Device;

use super::TeacherError;
use compdd_core::{
    files::{IoError, Lock, LockError},
    record::hash,
};
use compdd_nn::nn::{Network, Params};

/// The folder, held by this process alone.
#[derive(Debug)]
pub(super) struct Unfinished {
    folder: PathBuf,
    lock: Lock,
}

impl Unfinished {
    /// Takes the folder of `identity` below `root`.
    ///
    /// # Errors
    /// [`TeacherError::Lock`] when another process has it.
    pub fn take(root: &Path, identity: &str) -> Result<Self, TeacherError> {
        let folder = Self::folder(root, identity);
        let lock = Lock::take(&folder)?;
        Ok(Self { folder, lock })
    }

    fn folder(root: &Path, identity: &str) -> PathBuf {
        root.join(format!("unfinished-{}", hash::short(identity)))
    }

    /// Removes the folder of a training that has finished, if it is still there and nobody has it.
    pub fn sweep(root: &Path, identity: &str) -> Result<(), TeacherError> {
        if !Self::folder(root, identity).is_dir() {
            return Ok(());
        }
        match Self::take(root, identity) {
            Err(TeacherError::Lock(LockError::Busy { .. })) => Ok(()),
            taken => taken?.remove(),
        }
    }

    /// The state of the network in training.
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("student.safetensors")
    }

    fn best(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("best-{epoch:06}.safetensors"))
    }

    fn epochs(&self) -> Result<Vec<usize>, TeacherError> {
        let mut epochs = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(IoError::at("read", &self.folder))? {
            let name = entry.map_err(IoError::at("read", &self.folder))?.file_name();
            let name = name.to_string_lossy().into_owned();
            let epoch = name.strip_prefix("best-").and_then(|rest| rest.strip_suffix(".safetensors"));
            epochs.extend(epoch.and_then(|epoch| epoch.parse::<usize>().ok()));
        }
        Ok(epochs)
    }

    /// The best epoch so far and its parameters, if there is one.
    pub fn load_best(&self, network: &Network, device: &Device) -> Result<Option<(usize, Params)>, TeacherError> {
        let Some(epoch) = self.epochs()?.into_iter().max() else { return Ok(None) };
        Ok(Some((epoch, Params::load(network.layout(), &self.best(epoch), device)?)))
    }

    /// Keeps the parameters after `epoch` instead of earlier ones. A kill in between leaves both, and the later one counts.
    pub fn keep_best(&self, epoch: usize, params: &Params) -> Result<(), TeacherError> {
        params.save(&self.best(epoch))?;
        for old in self.epochs()?.into_iter().filter(|old| *old < epoch) {
            let path = self.best(old);
            fs::remove_file(&path).map_err(IoError::at("remove", &path))?;
        }
        Ok(())
    }

    /// Removes the folder.
    pub fn remove(self) -> Result<(), TeacherError> {
        Ok(self.lock.clear(&self.folder)?)
    }
}
