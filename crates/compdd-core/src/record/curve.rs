//! Accuracy over the iterations of a distillation, as a table beside the record.

use super::{Cell, RecordError, Store, StudentRecord, Summary};
use crate::files::IoError;
use crate::files::atomic;
use serde::Serialize;
use std::path::PathBuf;

/// A row: accuracies in percent with two decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CurvePoint {
    /// Iterations that were made before the images were scored.
    pub iteration: usize,
    /// Mean accuracy.
    pub mean: String,
    /// Sample standard deviation (divisor n - 1); empty for a single student.
    pub std: String,
    /// Number of students.
    pub students: usize,
}

impl CurvePoint {
    /// The point of some students; none without any.
    pub fn of(iteration: usize, students: &[StudentRecord]) -> Option<Self> {
        let summary = Summary::of_students(students)?;
        let percent = |fraction: f64| format!("{:.2}", fraction * 100.0);
        let std = summary.std.map(percent).unwrap_or_default();
        Some(Self { iteration, mean: percent(summary.mean), std, students: students.len() })
    }

    /// Writes the curve of a cell, whole or not at all, and says where.
    pub fn write(store: &Store, cell: &Cell, points: &[Self]) -> Result<PathBuf, RecordError> {
        let fail = |e: &dyn std::fmt::Display| RecordError::Csv(e.to_string());
        let mut writer = csv::Writer::from_writer(Vec::new());
        for point in points {
            writer.serialize(point).map_err(|e| fail(&e))?;
        }
        let bytes = writer.into_inner().map_err(|e| fail(&e))?;
        let path = store.curve_path(cell);
        atomic::write(&path, &bytes).map_err(IoError::at("write", &path))?;
        Ok(path)
    }
}
