//! What papers print for a cell: `benchmarks/published.csv`, compiled in. Never mixed with what was measured.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Cell, Published, RecordError};
use crate::subset::Subset;

const TABLE: &str = include_str!("../../../../benchmarks/published.csv");

/// One row of the published values.
#[derive(Debug, Deserialize)]
pub struct PublishedRow {
    /// Slug of the method.
    pub method: String,
    /// Slug of the subset, without version.
    pub subset: String,
    /// Images per class; 0 for the full training set.
    pub ipc: usize,
    /// Slug of the network.
    pub network: String,
    /// Mean accuracy in percent.
    pub mean: f64,
    /// Standard deviation in percent.
    pub std: Option<f64>,
    /// Paper and table.
    pub source: String,
    /// Slug of the protocol; none: measured as `no-kd` does.
    pub protocol: Option<String>,
}

impl PublishedRow {
    /// Every row of the table, read once: a board asks for those of every record.
    ///
    /// # Errors
    /// When the table that is compiled in cannot be read.
    pub fn all() -> Result<&'static [Self], RecordError> {
        static ROWS: LazyLock<Result<Vec<PublishedRow>, String>> = LazyLock::new(|| {
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(TABLE.as_bytes());
            reader.deserialize().collect::<Result<_, _>>().map_err(|error| error.to_string())
        });
        ROWS.as_deref().map_err(|error| RecordError::Csv(error.clone()))
    }
}

/// The published values of a cell, in the order of the table: those that were measured with the cell's protocol, whatever
/// its version, at the subset's usual resolution, on all training images, with a set of the network that scores. A set that was
/// scored as it is does not say which network made it.
pub(super) fn of(cell: &Cell, subset: &Subset) -> Result<Vec<Published>, RecordError> {
    let across = cell.source != cell.network && !cell.source.starts_with("bundle:");
    if cell.resolution != subset.default_resolution() || cell.pruning.is_some() || across {
        return Ok(Vec::new());
    }
    let protocol = cell.protocol.split_once('@').map_or(cell.protocol.as_str(), |(slug, _)| slug);
    let mut found = Vec::new();
    for row in PublishedRow::all()? {
        let same = row.method == cell.method && row.subset == subset.slug && row.network == cell.network;
        if same && row.ipc == cell.ipc && row.protocol.as_deref().unwrap_or("no-kd") == protocol {
            let fraction = |percent: f64| percent / 100.0;
            found.push(Published { source: row.source.clone(), mean: fraction(row.mean), std: row.std.map(fraction) });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pruning::Pruning;

    #[test]
    fn both_published_baselines_of_cifar10_are_found() {
        let subset = Subset::find("cifar10").unwrap();
        let cell = crate::record::example::cell();
        let means: Vec<f64> = of(&cell, &subset).unwrap().iter().map(|published| published.mean).collect();
        assert_eq!(means, [0.26, 0.31]);
        assert!(of(&Cell { resolution: 64, ..cell.clone() }, &subset).unwrap().is_empty());
        assert!(of(&Cell { network: "mlp".into(), ..cell.clone() }, &subset).unwrap().is_empty());
        assert!(of(&Cell { source: "mlp".into(), ..cell.clone() }, &subset).unwrap().is_empty());
        assert_eq!(of(&Cell { source: "bundle:ab12".into(), ..cell.clone() }, &subset).unwrap().len(), 2);
        let pruning = Some(Pruning::new("random:0.5".parse().unwrap(), &[0]));
        assert!(of(&Cell { pruning, ..cell }, &subset).unwrap().is_empty());
    }

    #[test]
    fn published_values_belong_to_their_protocol() {
        let subset = Subset::find("cifar10").unwrap();
        let permille = |protocol: &str| -> Vec<i64> {
            let cell = Cell { method: "cafe".into(), protocol: protocol.into(), ..crate::record::example::cell() };
            of(&cell, &subset).unwrap().iter().map(|published| (published.mean * 1000.0).round() as i64).collect()
        };
        assert_eq!(
            (permille("no-kd-cafe@1"), permille("no-kd@1"), permille("no-kd-idc@1")),
            (vec![463], vec![509], vec![])
        );
    }

    #[test]
    fn every_row_is_an_accuracy_of_a_known_subset() {
        for row in PublishedRow::all().unwrap() {
            let name = format!("{} {} {}", row.method, row.subset, row.ipc);
            assert!(Subset::find(&row.subset).is_ok(), "{name}");
            assert!((0.0..=100.0).contains(&row.mean) && !row.source.is_empty(), "{name}");
        }
    }
}
