//! What papers print for a cell: `benchmarks/published.csv`, compiled in. Never mixed with what was measured.

use serde::Deserialize;

use super::{Cell, Published, RecordError};
use crate::subset::Subset;

const TABLE: &str = include_str!("../../benchmarks/published.csv");

/// One row; accuracies in percent, `ipc` 0 for the full training set.
#[derive(Deserialize)]
struct Row {
    method: String,
    subset: String,
    ipc: usize,
    network: String,
    mean: f64,
    std: Option<f64>,
    source: String,
}

/// The published values of a cell, in the order of the table. They hold for the subset's usual resolution and `no-kd` only.
pub(super) fn of(cell: &Cell, subset: &Subset) -> Result<Vec<Published>, RecordError> {
    if cell.resolution != subset.default_resolution() || !cell.protocol.starts_with("no-kd@") {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for row in csv::Reader::from_reader(TABLE.as_bytes()).deserialize() {
        let row: Row = row.map_err(|error| RecordError::Csv(error.to_string()))?;
        let same = row.method == cell.method && row.subset == subset.slug && row.network == cell.network;
        if same && row.ipc == cell.ipc {
            let fraction = |percent: f64| percent / 100.0;
            found.push(Published { source: row.source, mean: fraction(row.mean), std: row.std.map(fraction) });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_published_baselines_of_cifar10_are_found() {
        let subset = Subset::find("cifar10").unwrap();
        let cell = super::super::cell::example();
        let means: Vec<f64> = of(&cell, &subset).unwrap().iter().map(|published| published.mean).collect();
        assert_eq!(means, [0.26, 0.31]);
        assert!(of(&Cell { resolution: 64, ..cell.clone() }, &subset).unwrap().is_empty());
        assert!(of(&Cell { network: "mlp".into(), ..cell }, &subset).unwrap().is_empty());
    }
}
