//! Tests of a student while it trains: what papers choose the best of.

use std::path::PathBuf;

use super::{EvalError, InferenceOptions, Student, View, accuracy};
use compdd_core::{
    files::{IoError, atomic},
    protocol::Checks,
    record::{Accuracy, BestOnTest},
};

/// The accuracies of one student after the epochs that are checked. Kept in a file beside the student's checkpoint, so that one that goes on has those
/// of before.
pub(super) struct Checked<'a> {
    view: &'a View<'a>,
    passes: InferenceOptions<'a>,
    epochs: Vec<usize>,
    found: Vec<(usize, Accuracy)>,
    file: Option<PathBuf>,
}

impl<'a> Checked<'a> {
    /// Nothing is checked yet, but for what the file has.
    pub fn new(
        checks: Checks,
        total: usize,
        view: &'a View<'a>,
        passes: InferenceOptions<'a>,
        file: Option<PathBuf>,
    ) -> Self {
        let read = |path: &PathBuf| serde_json::from_slice(&std::fs::read(path).ok()?).ok();
        let found = file.as_ref().and_then(read).unwrap_or_default();
        Self { view, passes, epochs: checks.epochs(total), found, file }
    }

    /// Tests a student that has finished an epoch, if that one is checked.
    ///
    /// # Errors
    /// When it is told to stop, or the file cannot be written.
    pub fn look(&mut self, student: &Student<'_>) -> Result<(), EvalError> {
        let epoch = student.epochs_done();
        if !self.epochs.contains(&epoch) {
            return Ok(());
        }
        self.found.retain(|(known, _)| *known != epoch);
        self.found.push((epoch, accuracy(student.network(), &student.scored(), self.view, self.passes)?));
        if let Some(path) = &self.file {
            let text = serde_json::to_vec(&self.found).unwrap_or_default();
            atomic::write(path, &text).map_err(IoError::at("write", path))?;
        }
        Ok(())
    }

    /// The best of all checks, the earliest of equals; none where one is missing.
    pub fn best(&self) -> Option<BestOnTest> {
        let of = |epoch: &usize| self.found.iter().find(|(known, _)| known == epoch).map(|(_, accuracy)| *accuracy);
        let all: Vec<Accuracy> = self.epochs.iter().map(of).collect::<Option<_>>()?;
        let better = |best: usize, i: usize| if all[i] > all[best] { i } else { best };
        let best = (1..all.len()).fold(0, better);
        Some(BestOnTest { accuracy: *all.get(best)?, epoch: self.epochs[best], checks: all.len() })
    }
}
