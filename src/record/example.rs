//! Records for tests, made of a cell and scores.

use serde_json::json;

use super::{Accuracy, Cell, Record, StudentRecord, cell};
use crate::subset::Subset;

/// Random CIFAR-10 images, ten a class, at the paper's budget.
pub fn cell() -> Cell {
    cell::example()
}

/// The record of a cell with one student for every accuracy (fractions).
pub fn record(cell: Cell, scores: &[f64]) -> Record {
    let student = |(seed, score): (usize, &f64)| StudentRecord {
        seed: seed as u64,
        accuracy: Accuracy::new(*score).unwrap(),
        draw: 0,
        train_loss: 0.01,
        epochs: 1001,
        steps: 1001,
    };
    let subset = Subset::find(&cell.subset).unwrap();
    let students = scores.iter().enumerate().map(student).collect();
    Record::new(cell, &subset, students, json!({"draws": 1}), json!({"kind": "image-folder"})).unwrap()
}
