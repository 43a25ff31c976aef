//! Records, sets and results folders for the tests of this crate and of those above it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{
    Accuracy, Budget, Bundle, BundleRef, Cell, Distilled, Fidelity, Labels, PixelSpaceRecord, Provenance, Record,
    Store, StudentRecord, Timing, hash, value_of,
};
use crate::{
    protocol::{Fit, Protocol, Scoring},
    subset::Subset,
};

/// Random CIFAR-10 images, ten a class, at the paper's budget.
pub fn cell() -> Cell {
    Cell {
        method: "random".into(),
        subset: "cifar10@1".into(),
        ipc: 10,
        protocol: "no-kd@1".into(),
        network: "convnet-d3".into(),
        source: "convnet-d3".into(),
        resolution: 32,
        budget: Budget::Paper,
        fidelity: Fidelity::Paper,
        recipe_hash: hash::value(&serde_json::json!({"draws": 1})),
        data_hash: "ab".repeat(32),
        seed: 0,
        students: 3,
        teacher: None,
        pruning: None,
    }
}

/// The record of a cell with one student for every accuracy (fractions).
pub fn record(cell: Cell, scores: &[f64]) -> Record {
    made(cell, 0..scores.len() as u64, scores, json!({"draws": 1}))
}

fn made(cell: Cell, seeds: impl IntoIterator<Item = u64>, scores: &[f64], recipe: Value) -> Record {
    let student = |(seed, score): (u64, &f64)| StudentRecord {
        seed,
        accuracy: Accuracy::new(*score).expect("a fraction"),
        draw: 0,
        train_loss: 0.01,
        epochs: 1001,
        steps: 1001,
        best_on_test: None,
    };
    let subset = Subset::find(&cell.subset).expect("a built-in subset");
    let students = seeds.into_iter().zip(scores).map(student).collect();
    Record::new(cell, &subset, students, recipe, json!({"kind": "image-folder"})).expect("a valid record")
}

/// A cell that follows every rule of the closed division.
pub fn cell_of(method: &str) -> Cell {
    Cell { method: method.into(), recipe_hash: String::new(), students: 0, ..cell() }
}

/// The recipe of these cells, which is the one of `random` that ships.
pub fn recipe() -> Value {
    json!({"learning_rate": 0.01, "redraw": true})
}

/// The record of a cell whose students reached these accuracies; it names a bundle that is kept nowhere.
pub fn scored(cell: Cell, scores: &[f64]) -> Record {
    let seeds = Scoring::seeds(cell.seed, scores.len());
    let mut record = made(cell, seeds, scores, recipe());
    let fitted = |protocol: &Protocol| protocol.fitted(record.cell.budget, &Fit::of(&record)).ok();
    if let Some(settings) = Protocol::find(&record.cell.protocol).and_then(fitted) {
        record.protocol = value_of(&settings);
        let epochs = settings.total_epochs();
        record.students.iter_mut().for_each(|student| (student.epochs, student.steps) = (epochs, epochs));
    }
    if !record.cell.is_reference() {
        let Cell { method, subset, .. } = &record.cell;
        let path = format!("bundles/{method}/{subset}/{}.bundle", record.cell.bundle_name());
        record.bundles.push(BundleRef { path, data_hash: "cd".repeat(32) });
    }
    record
}

/// A record of the closed division.
pub fn record_of(method: &str, scores: &[f64]) -> Record {
    scored(cell_of(method), scores)
}

/// Five scores around a mean, with a spread.
pub fn around(mean: f64, spread: f64) -> [f64; 5] {
    [-2.0, -1.0, 0.0, 1.0, 2.0].map(|step| mean + step * spread)
}

/// A set for a cell, of as many images as there are labels.
pub fn set(cell: &Cell, labels: Labels) -> Distilled {
    let subset = Subset::find(&cell.subset).expect("a built-in subset");
    let (id, classes, notes) = Distilled::describe_subset(&subset);
    let (mean, std) = subset.normalisation();
    let side = cell.resolution;
    Distilled {
        images: (0..labels.len() * 3 * side * side).map(|value| (value as f32).sin()).collect(),
        shape: [labels.len(), 3, side, side],
        labels,
        weights: None,
        learning_rate: 0.01,
        space: PixelSpaceRecord::Normalised { mean, std },
        subset: id,
        classes,
        notes,
        method: cell.method.clone(),
        ipc: cell.ipc,
        formation: 1,
        recipe: recipe(),
        provenance: Provenance::of_run(0, cell.budget, cell.fidelity, cell.data_hash.as_str()),
    }
}

/// A results folder that goes when the test ends.
pub struct Results {
    folder: tempfile::TempDir,
    /// Where its records and bundles are.
    pub store: Store,
}

impl Default for Results {
    fn default() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path());
        Self { folder, store }
    }
}

impl Results {
    /// One with these records.
    pub fn with(records: &[Record]) -> Self {
        let results = Self::default();
        for record in records {
            results.save(record);
        }
        results
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Saves a record without its set.
    pub fn save(&self, record: &Record) -> PathBuf {
        self.store.save(record, None).expect("a record on disk")
    }

    /// Saves a record with its timing and its set.
    pub fn keep(&self, mut record: Record, labels: Labels) -> (Record, PathBuf) {
        let path = self.store.root().join(&record.bundles[0].path);
        Bundle::write(&path, &set(&record.cell, labels), true).expect("a bundle on disk");
        record.bundles = vec![BundleRef::to(&path, &self.store).expect("its reference")];
        let mut timing = Timing::new(&record.id, "cpu");
        timing.distill_seconds = Some(5400.0);
        timing.eval_seconds = vec![36.0];
        timing.peak_memory_bytes = Some(512 << 20);
        let file = self.store.save(&record, Some(&timing)).expect("a record on disk");
        (record, file)
    }

    /// Writes `submission.toml`.
    pub fn submission(&self, text: &str) {
        std::fs::write(self.path().join("submission.toml"), text).expect("a submission on disk");
    }
}

/// Hard labels of one image a class.
pub fn hard() -> Labels {
    Labels::Hard((0..10).collect())
}
