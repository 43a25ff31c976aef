//! Soft labels that others made, for the scoring of a bundle.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::RunError;
use crate::eval::{EvalError, LabelsArchive, LabelsCard, SoftLabels, TrainingSet};
use compdd_core::{
    files::plain,
    limits,
    progress::{Progress, Stop},
    protocol::{Protocol, Scoring},
    record::{Budget, Distilled},
};

/// An archive of soft labels.
#[derive(Clone, Debug)]
pub struct GivenLabels {
    /// The folder of the folders `epoch_E`.
    pub archive: PathBuf,
    /// A file with the indices of the images, a line an epoch, for archives that do not have them.
    pub order: Option<PathBuf>,
}

impl GivenLabels {
    /// Checks that the students of a protocol replay soft labels.
    pub(super) fn check(&self, protocol: &Protocol) -> Result<(), RunError> {
        if protocol.scoring(Budget::Paper).supervision.is_stored() {
            return Ok(());
        }
        let (archive, protocol) = (self.archive.display(), protocol.slug());
        let wrong = format!("students of `{protocol}` replay no labels of views");
        Err(RunError::flag(
            "--labels",
            &archive,
            wrong,
            "leave it out, or score with `--protocol kd-fkd` or `kd-gvbsm`",
        ))
    }

    /// Takes the archive in below `root`, as labels of a set for the students of a protocol.
    pub(super) fn take_in(
        &self,
        (set, classes, scoring): (&Distilled, usize, &Scoring),
        root: &Path,
        device: &Device,
        progress: &dyn Progress,
        stop: &Stop,
    ) -> Result<SoftLabels, RunError> {
        let data = TrainingSet::of(set, device)?;
        let order = self.order.as_deref().map(read_order).transpose()?;
        let archive = LabelsArchive { path: &self.archive, order, progress, stop };
        Ok(archive.take_in(root, LabelsCard::of(&data, classes, scoring, "", 0))?)
    }
}

/// The lines of a file of indices.
fn read_order(path: &Path) -> Result<Vec<Vec<u32>>, RunError> {
    let text = plain::text(path, limits::WHOLE_BYTES).map_err(EvalError::from)?;
    let line = |(number, line): (usize, &str)| {
        let indices: Result<Vec<u32>, _> =
            line.split([' ', ',', '\t']).filter(|it| !it.is_empty()).map(str::parse).collect();
        indices.map_err(|error| {
            let wrong = format!("line {} holds something else than indices of images: {error}", number + 1);
            RunError::flag(
                "--order",
                &path.display(),
                wrong,
                "write a line an epoch: whole numbers, separated by spaces",
            )
        })
    };
    text.lines().enumerate().map(line).collect()
}
