//! Accuracy over images per class, from records.

use std::{borrow::Borrow, collections::BTreeMap};

use super::{
    super::{
        ReportError,
        chart::{IpcPoint, IpcSeries, IpcValues},
    },
    compare::{Aspect, alone, distilled, measured, names, origin, same},
};
use compdd_core::record::{Record, Store};

/// Reads a series for each method from records of one subset, network, protocol, resolution and budget. The record of the full data set gives
/// the reference.
///
/// # Errors
/// When the records differ in one of these, or a method has two records at one number of images.
pub fn accuracy_over_ipc(records: &[impl Borrow<Record>]) -> Result<IpcValues, ReportError> {
    let shown = distilled(records)?;
    same(&shown, &[Aspect::Subset, Aspect::Protocol, Aspect::Resolution, Aspect::Budget, Aspect::Network])?;
    let mut series: BTreeMap<String, BTreeMap<usize, Vec<&Record>>> = BTreeMap::new();
    for (record, name) in shown.iter().zip(names(&shown, &[Aspect::Ipc])) {
        series.entry(name).or_default().entry(record.cell.ipc).or_default().push(record);
    }
    let mut read = Vec::new();
    for (name, points) in series {
        let mut own = Vec::new();
        let mut baseline = false;
        for (ipc, records) in points {
            alone(&format!("{name} at IPC {ipc}"), &records)?;
            for record in records {
                baseline |= record.cell.method == "random";
                let published = record.published.iter().map(|value| value.mean).collect();
                own.push(IpcPoint { ipc, measured: measured(record), published });
            }
        }
        read.push(IpcSeries { name, baseline, points: own });
    }
    read.sort_by_key(|series| series.baseline);
    let reference = shown.first().and_then(|record| Store::reference_among(records, &record.cell));
    let origin = origin(&shown).with(reference.map(|record| record.id.clone()));
    Ok(IpcValues { series: read, full: reference.map(measured), origin })
}
