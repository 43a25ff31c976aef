//! Boards made of synthetic records.

mod divisions;
mod gains;
mod ranks;
mod refusals;
mod tables;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Board, Filter};
use crate::{
    protocol::{Protocol, Scoring},
    record::{
        Accuracy, Budget, Bundle, BundleRef, Cell, Distilled, Labels, PixelSpaceRecord, Provenance, Record, Store,
        StudentRecord, Timing, example, value_of,
    },
    subset::Subset,
};

/// A cell that follows every rule of the closed division.
pub fn cell(method: &str) -> Cell {
    Cell { method: method.into(), recipe_hash: String::new(), students: 0, ..example::cell() }
}

pub fn recipe() -> Value {
    json!({"learning_rate": 0.01})
}

/// The record of a cell whose students reached these accuracies; it names a bundle that is kept nowhere.
pub fn scored(cell: Cell, scores: &[f64]) -> Record {
    let seeds = Scoring::seeds(cell.seed, scores.len());
    let student = |(index, score): (usize, &f64)| StudentRecord {
        seed: seeds[index],
        draw: 0,
        accuracy: Accuracy::new(*score).unwrap(),
        train_loss: 0.01,
        epochs: 1001,
        steps: 1001,
    };
    let students = scores.iter().enumerate().map(student).collect();
    let subset = Subset::find(&cell.subset).unwrap();
    let settings = Protocol::find(&cell.protocol).map(|protocol| value_of(&protocol.scoring(cell.budget)));
    let mut record = Record::new(cell, &subset, students, recipe(), json!({"kind": "image-folder"})).unwrap();
    record.protocol = settings.unwrap_or_default();
    if record.cell.method != "full" {
        let path = format!("bundles/{}.bundle", record.cell.bundle_name());
        record.bundles.push(BundleRef { path, data_hash: "cd".repeat(32) });
    }
    record
}

/// A record of the closed division.
pub fn record(method: &str, scores: &[f64]) -> Record {
    scored(cell(method), scores)
}

/// Five scores around a mean, with a spread.
pub fn around(mean: f64, spread: f64) -> [f64; 5] {
    [-2.0, -1.0, 0.0, 1.0, 2.0].map(|step| mean + step * spread)
}

/// A set for a cell, of as many images as there are labels.
pub fn set(cell: &Cell, labels: Labels) -> Distilled {
    let subset = Subset::find(&cell.subset).unwrap();
    let (id, classes, notes) = Distilled::describe_subset(&subset);
    let (mean, std) = subset.normalisation();
    let side = cell.resolution;
    Distilled {
        images: (0..labels.len() * 3 * side * side).map(|value| (value as f32).sin()).collect(),
        shape: [labels.len(), 3, side, side],
        labels,
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
    pub store: Store,
}

impl Results {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        Self { folder, store }
    }

    pub fn with(records: &[Record]) -> Self {
        let results = Self::new();
        for record in records {
            results.save(record);
        }
        results
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn save(&self, record: &Record) -> PathBuf {
        self.store.save(record, None).unwrap()
    }

    /// Saves a record with its timing and its set.
    pub fn keep(&self, mut record: Record, labels: Labels) -> (Record, PathBuf) {
        let path = self.store.root().join(&record.bundles[0].path);
        Bundle::write(&path, &set(&record.cell, labels), true).unwrap();
        record.bundles = vec![BundleRef::to(&path, &self.store).unwrap()];
        let mut timing = Timing::new(&record.id, "cpu");
        timing.distill_seconds = Some(5400.0);
        timing.eval_seconds = vec![36.0];
        timing.peak_memory_bytes = Some(512 << 20);
        let file = self.store.save(&record, Some(&timing)).unwrap();
        (record, file)
    }

    pub fn submission(&self, text: &str) {
        std::fs::write(self.path().join("submission.toml"), text).unwrap();
    }

    pub fn board(&self) -> Board {
        open(&[self], &Filter::default())
    }
}

pub fn open(results: &[&Results], filter: &Filter) -> Board {
    Board::open(&stores(results), filter).unwrap()
}

pub fn stores(results: &[&Results]) -> Vec<Store> {
    results.iter().map(|results| results.store.clone()).collect()
}

/// Hard labels of one image a class.
pub fn hard() -> Labels {
    Labels::Hard((0..10).collect())
}
