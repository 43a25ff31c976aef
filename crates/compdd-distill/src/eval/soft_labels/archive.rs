//! Archives of soft labels as the programs of `SRe2L`, CDA, G-VBSM and EDC write them, taken in as [`SoftLabels`].

use std::path::{Path, PathBuf};

use super::{LabelsCard, SoftLabels, epoch::EpochLabels};
use crate::eval::EvalError;
use compdd_core::{
    files::plain,
    limits,
    progress::{Interrupted, Progress, Stop},
    record::hash,
};
use compdd_data::import::StoredViews;

/// An archive: folders `epoch_E` of files `batch_B.tar`.
pub struct LabelsArchive<'a> {
    /// The folder of the folders.
    pub path: &'a Path,
    /// The images of every epoch in order, for archives that do not say which these are: they rely on a sampler being replayed.
    pub order: Option<Vec<Vec<u32>>>,
    /// Who hears about it.
    pub progress: &'a dyn Progress,
    /// Asked before every file.
    pub stop: &'a Stop,
}

impl LabelsArchive<'_> {
    /// Takes the archive in as labels of the set and the protocol of `card`, below `root`. The card's teacher becomes the hash of the archive.
    ///
    /// # Errors
    /// [`EvalError::Archive`] when it was made for another number of epochs, images or classes or for other minibatches, or when nothing says
    /// which images its views are of; when a file cannot be read.
    pub fn take_in(&self, root: &Path, mut card: LabelsCard) -> Result<SoftLabels, EvalError> {
        const STAGE: &str = "archive of soft labels";
        card.teacher = self.hash(&card)?;
        let labels = SoftLabels::below(root, card);
        let _lock = labels.take()?;
        self.progress.begin(STAGE, labels.card().epochs);
        for epoch in labels.missing() {
            labels.write(epoch, &self.epoch(epoch, labels.card())?)?;
            self.progress.advance(STAGE, epoch + 1, "");
        }
        self.progress.end(STAGE, "");
        Ok(labels)
    }

    fn file(&self, epoch: usize, batch: usize) -> PathBuf {
        self.path.join(format!("epoch_{epoch}")).join(format!("batch_{batch}.tar"))
    }

    fn refused(&self, reason: String) -> EvalError {
        EvalError::Archive { path: self.path.to_owned(), reason }
    }

    /// Hash of all files in order, which must be as many as the card says, and of what is said about their images.
    fn hash(&self, card: &LabelsCard) -> Result<String, EvalError> {
        let batches = card.minibatches().count();
        let (beyond, more) = (self.path.join(format!("epoch_{}", card.epochs)), self.file(0, batches));
        if beyond.exists() || more.exists() {
            let found = if more.exists() { &more } else { &beyond };
            return Err(self.refused(format!(
                "{} is beyond the {} epochs of {batches} minibatches of the protocol",
                found.display(),
                card.epochs
            )));
        }
        let mut hashes = Vec::new();
        for epoch in 0..card.epochs {
            for batch in 0..batches {
                self.go_on()?;
                hashes.push(hash::bytes(&plain::regular_bytes(&self.file(epoch, batch), limits::TENSORS_BYTES)?));
            }
        }
        Ok(hash::of(&(hashes, &self.order)))
    }

    fn go_on(&self) -> Result<(), EvalError> {
        if self.stop.is_requested() { Err(Interrupted.into()) } else { Ok(()) }
    }

    fn epoch(&self, epoch: usize, card: &LabelsCard) -> Result<EpochLabels, EvalError> {
        let mut labels = EpochLabels::default();
        for (batch, size) in card.minibatches().enumerate() {
            self.go_on()?;
            let path = self.file(epoch, batch);
            let views = StoredViews::open(&path)?;
            if (views.boxes.len(), views.classes) != (size, card.classes) {
                return Err(self.refused(format!(
                    "{} holds {} views of {} classes, the protocol has {size} views of {} there",
                    path.display(),
                    views.boxes.len(),
                    views.classes,
                    card.classes
                )));
            }
            let first = batch * card.batch;
            let ordered = || {
                let order = self.order.as_ref()?.get(epoch)?;
                order.get(first..first + size).map(<[u32]>::to_vec)
            };
            let Some(images) = views.images.clone().or_else(ordered) else {
                return Err(self.refused("nothing says which images its views are of".to_owned()));
            };
            labels.order.extend(images);
            labels.boxes.extend(views.boxes.iter().map(|shares| pixels(shares, card.shape)));
            labels.mirrors.extend(views.mirrors.iter().map(|&mirror| u8::from(mirror)));
            let (partners, window) = views.mix.unwrap_or_else(|| ((0..size as u32).collect(), [0; 4]));
            labels.partners.extend(partners);
            labels.windows.push(window);
            labels.logits.extend(views.logits);
        }
        Ok(labels)
    }
}

/// A crop in whole pixels: shares multiplied back and rounded.
fn pixels(shares: &[f32; 4], [_, height, width]: [usize; 3]) -> [u32; 4] {
    let sides = [height, width, height, width].map(|side| side as f32);
    std::array::from_fn(|i| (shares[i] * sides[i]).round() as u32)
}
