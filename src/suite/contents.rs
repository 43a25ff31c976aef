//! What only files can say of a plan's cells, pinned by whoever looks first.

use std::collections::HashMap;

use super::{Folder, Prerequisites, SuiteError, entry::Pruned};
use crate::{
    data::Task,
    files::IoError,
    pruning::Pruning,
    record::{hash, value_of},
    run::{Content, Places, RunError},
    subset::Subset,
};

/// What the file of a pin is called after.
const PRUNING: &str = "pruning";

/// Hashes of images and of teachers, as far as they are known. They are pinned with the first cell that needs them, so that everybody who works
/// on a plan works on the same images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    images: Vec<Option<String>>,
    teachers: Vec<Option<String>>,
    prunings: HashMap<Pruned, Pruning>,
}

impl Contents {
    /// What is pinned so far.
    ///
    /// # Errors
    /// [`SuiteError::Io`].
    pub fn pinned(folder: &Folder, shared: &Prerequisites) -> Result<Self, SuiteError> {
        let read =
            |kind: &str, count: usize| (0..count).map(|i| folder.pinned(kind, i)).collect::<Result<_, IoError>>();
        let (images, teachers) = (read("images", shared.images.len())?, read("teacher", shared.teachers.len())?);
        let kept = read(PRUNING, shared.prunings.len())?;
        let known = |(pruned, kept): (&Pruned, &Option<String>)| {
            Some((pruned.clone(), serde_json::from_str(kept.as_deref()?).ok()?))
        };
        let prunings = shared.prunings.iter().zip(&kept).filter_map(known).collect();
        Ok(Self { images, teachers, prunings })
    }

    /// Hash of a set of images.
    pub fn images(&self, index: usize) -> Option<&str> {
        self.images.get(index)?.as_deref()
    }

    /// Content address of a teacher.
    pub fn teacher(&self, index: usize) -> Option<&str> {
        self.teachers.get(index)?.as_deref()
    }

    /// Which images are kept of a set.
    pub(super) fn pruning(&self, pruned: &Pruned) -> Option<&Pruning> {
        self.prunings.get(pruned)
    }

    /// Loads every set of images that is not pinned yet, and pins it.
    ///
    /// # Errors
    /// What keeps the images from being loaded.
    pub fn look(&mut self, folder: &Folder, shared: &Prerequisites, places: &Places) -> Result<(), SuiteError> {
        for (index, images) in shared.images.iter().enumerate() {
            if self.images[index].is_some() {
                continue;
            }
            let subset = Subset::find(&images.subset).map_err(RunError::from)?;
            let task = Task::load(&subset, &places.data, &images.options()).map_err(RunError::from)?;
            let data = hash::of(&(task.source.identity(), task.space.hash()));
            folder.pin("images", index, &format!("images of {}", images.subset), &data)?;
            self.images[index] = Some(data);
        }
        Ok(())
    }

    /// Pins what a cell was found to depend on.
    ///
    /// # Errors
    /// [`SuiteError::OtherContent`] when the plan was begun with something else.
    pub(super) fn pin(
        folder: &Folder,
        shared: &Prerequisites,
        entry: &super::Entry,
        content: &Content,
    ) -> Result<(), SuiteError> {
        let what = format!("images of {}", shared.images[entry.images].subset);
        folder.pin("images", entry.images, &what, &content.data)?;
        if let (Some(index), Some(hash)) = (entry.teacher, &content.teacher) {
            folder.pin("teacher", index, &format!("parameters of {}", shared.teachers[index].names()), hash)?;
        }
        let pruned = entry.pruned().and_then(|pruned| shared.prunings.iter().position(|known| *known == pruned));
        if let (Some(index), Some(kept)) = (pruned, &content.pruning) {
            folder.pin(PRUNING, index, &format!("images that {} keeps", kept.rule), &value_of(kept).to_string())?;
        }
        Ok(())
    }
}
